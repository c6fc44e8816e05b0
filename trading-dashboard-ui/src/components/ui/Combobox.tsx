import { Combobox as Base } from "@base-ui/react/combobox";
import { Field } from "@base-ui/react/field";
import clsx from "clsx";
import { type ReactNode, type Ref, useId } from "react";
import { INPUT } from "./Field";
import { POPUP } from "./popups";

/** What changes the text: a person's keys, the choice of an item, or leaving the box, which brings the chosen one back. */
export type TextChange = "typed" | "chosen" | "left";

interface ComboboxProps<T> {
  label: string;
  hideLabel?: boolean;
  /** What was found for the text, best first. The caller searches; nothing is filtered here. */
  items: readonly T[];
  value: T | null;
  onChange: (value: T | null) => void;
  text: string;
  onTextChange: (text: string, why: TextChange) => void;
  keyOf: (item: T) => string;
  /** What stands in the box when it is chosen. */
  labelOf: (item: T) => string;
  /** A line of the list. */
  children: (item: T) => ReactNode;
  /** Read out and shown while there is nothing to choose: searching, nothing found, what went wrong. */
  status: ReactNode;
  /** What is to be said below the box. */
  note?: ReactNode;
  placeholder?: string;
  disabled?: boolean;
  inputRef?: Ref<HTMLInputElement>;
  className?: string;
}

/** A box to search in. Arrow keys choose, Enter takes, Esc closes; the best match is highlighted at once. */
export function Combobox<T>({
  label,
  hideLabel = false,
  items,
  value,
  onChange,
  text,
  onTextChange,
  keyOf,
  labelOf,
  children,
  status,
  note,
  placeholder,
  disabled = false,
  inputRef,
  className,
}: ComboboxProps<T>) {
  const id = useId();
  return (
    <Field.Root className={clsx("flex flex-col gap-1", className)}>
      <Base.Root
        items={items}
        filter={null}
        value={value}
        onValueChange={onChange}
        inputValue={text}
        onInputValueChange={(next, { reason }) => onTextChange(next, whyOf(reason))}
        itemToStringLabel={labelOf}
        isItemEqualToValue={(left, right) => keyOf(left) === keyOf(right)}
        autoHighlight
        disabled={disabled}
      >
        <Field.Label htmlFor={id} className={clsx("text-sm font-medium", hideLabel && "sr-only")}>
          {label}
        </Field.Label>
        <Base.Input
          id={id}
          {...(inputRef ? { ref: inputRef } : {})}
          {...(placeholder === undefined ? {} : { placeholder })}
          spellCheck={false}
          className={INPUT}
        />
        {note}
        <Base.Portal>
          <Base.Positioner sideOffset={4} className="outline-none">
            <Base.Popup className={POPUP}>
              <Base.Status className="px-2 text-sm text-ink-soft not-empty:py-1.5">{status}</Base.Status>
              <Base.List>
                {(item: T) => (
                  <Base.Item
                    key={keyOf(item)}
                    value={item}
                    className="cursor-default rounded px-2 py-1.5 select-none data-highlighted:bg-accent data-highlighted:text-on-accent data-highlighted:[&_.text-ink-soft]:text-on-accent"
                  >
                    {children(item)}
                  </Base.Item>
                )}
              </Base.List>
            </Base.Popup>
          </Base.Positioner>
        </Base.Portal>
      </Base.Root>
    </Field.Root>
  );
}

function whyOf(reason: string): TextChange {
  if (reason === "input-change") return "typed";
  return reason === "item-press" ? "chosen" : "left";
}
