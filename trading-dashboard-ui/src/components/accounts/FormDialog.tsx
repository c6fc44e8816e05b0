import { type FormEvent, type ReactNode, useId } from "react";
import { Button, Dialog } from "@/components/ui";

interface FormDialogProps {
  title: string;
  description?: string | undefined;
  width?: "wide";
  /** Buttons before "Cancel", and between it and "Save". */
  before?: ReactNode;
  between?: ReactNode;
  closeLabel?: string;
  /** A dialog over this one. */
  over?: ReactNode;
  isSaving: boolean;
  canSave: boolean;
  onSave: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** A form in a dialog: Enter saves, once, and only what can be saved. */
export function FormDialog(props: FormDialogProps) {
  const { title, description, width, before, between, closeLabel = "Cancel", over, children } = props;
  const { isSaving, canSave, onSave, onClose } = props;
  const formId = useId();
  return (
    <Dialog
      open
      onClose={onClose}
      {...(width === undefined ? {} : { width })}
      title={title}
      description={description}
      actions={
        <>
          {before}
          <Button onClick={onClose}>{closeLabel}</Button>
          {between}
          <Button type="submit" form={formId} tone="primary" disabled={!canSave} focusableWhenDisabled>
            {isSaving ? "Saving…" : "Save"}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        autoComplete="off"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          if (canSave) onSave();
        }}
        className="flex flex-col gap-3"
      >
        {children}
      </form>
      {over}
    </Dialog>
  );
}
