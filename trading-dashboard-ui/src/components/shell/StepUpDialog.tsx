import { type FormEvent, useId, useRef, useState } from "react";
import { DemoFiller } from "@/components/signin/DemoFiller";
import { AlertDialog, Button, ErrorNote, Field, TextInput } from "@/components/ui";
import { ApiError } from "@/services/apiError";
import { armDesk, type DeskState, rearmDesk } from "@/services/desk";
import { useMe } from "@/store/sessionStore";
import { deskMode, MODE_LOOK } from "./deskMode";

const ACTS = {
  rearm: { title: "Re-arm the desk?", act: "Re-arm", send: rearmDesk },
  arm: { title: "Arm sending?", act: "Arm", send: armDesk },
} as const;

interface StepUpDialogProps {
  act: keyof typeof ACTS;
  onClose: () => void;
  onDone: (state: DeskState) => void;
}

/** Lets orders leave again: needs a fresh code, one that was not used to sign in. */
export function StepUpDialog({ act, onClose, onDone }: StepUpDialogProps) {
  const { title, act: verb, send } = ACTS[act];
  const [code, setCode] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [isSending, setIsSending] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const formId = useId();
  const me = useMe();
  const fill = (filled: { email: string; totp_code: string }) => {
    const isMine = filled.email === me.email;
    setError(
      isMine ? null : new ApiError({ kind: "refused", message: `The demo knows the codes of ${filled.email} alone` }),
    );
    setCode(isMine ? filled.totp_code : "");
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsSending(true);
    setError(null);
    try {
      onDone(await send(code.replace(/\s/g, "")));
      onClose();
    } catch (failure) {
      setError(failure);
      setCode("");
      setIsSending(false);
      input.current?.focus();
    }
  };
  return (
    <AlertDialog
      open
      onCancel={onClose}
      title={title}
      description={`Orders can leave again. ${MODE_LOOK[deskMode()].meaning}`}
      width="narrow"
      initialFocus={input}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            form={formId}
            tone="primary"
            disabled={isSending || !/^\s*(\d\s*){6}$/.test(code)}
            focusableWhenDisabled
          >
            {isSending ? "Asking…" : verb}
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={(event) => void submit(event)} className="flex flex-col gap-3">
        <Field label="6-digit code" hint="From your authenticator app. A code that was used before is refused.">
          <TextInput
            ref={input}
            inputMode="numeric"
            autoComplete="one-time-code"
            spellCheck={false}
            maxLength={12}
            value={code}
            onValueChange={setCode}
            required
            className="text-lg tracking-[0.3em]"
          />
        </Field>
        {error === null ? null : <ErrorNote error={error} />}
        <DemoFiller what="code" onFilled={fill} />
      </form>
    </AlertDialog>
  );
}
