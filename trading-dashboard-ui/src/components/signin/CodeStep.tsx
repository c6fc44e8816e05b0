import { type FormEvent, type Ref, useEffect, useState } from "react";
import { Button, ErrorNote, Field, TextInput } from "@/components/ui";
import { formatDuration } from "@/format";
import { useNow } from "@/hooks/useNow";
import { ApiError } from "@/services/apiError";

const STEP_S = 30;

interface CodeStepProps {
  code: string;
  onCode: (code: string) => void;
  inputRef: Ref<HTMLInputElement>;
  error: unknown;
  isSending: boolean;
  onBack: () => void;
  onSubmit: (event: FormEvent) => void;
}

export function CodeStep({ code, onCode, inputRef, error, isSending, onBack, onSubmit }: CodeStepProps) {
  const now = useNow();
  const waits = useLockOut(error);
  const isWhole = /^\s*(\d\s*){6}$/.test(code);
  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-3">
      <Field
        label="6-digit code"
        hint={`From your authenticator app; this one is valid for ${STEP_S - (Math.floor(now / 1000) % STEP_S)}\u00a0s. Each code counts once.`}
      >
        <TextInput
          ref={inputRef}
          inputMode="numeric"
          autoComplete="one-time-code"
          spellCheck={false}
          maxLength={12}
          value={code}
          onValueChange={onCode}
          required
          autoFocus
          className="text-lg tracking-[0.3em]"
        />
      </Field>
      {waits > 0 ? (
        <p role="alert" className="rounded border border-warning bg-warning-soft px-3 py-2 text-sm text-warning">
          Too many tries. Nothing was checked; the desk takes the next one in{" "}
          <strong className="tabular-nums">{formatDuration(waits * 1000)}</strong>.
        </p>
      ) : error === null || isLockOut(error) ? null : (
        <ErrorNote error={isWrong(error) ? WRONG : error} />
      )}
      <div className="flex gap-2">
        <Button onClick={onBack}>Back</Button>
        <Button
          type="submit"
          tone="primary"
          size="large"
          className="grow"
          disabled={!isWhole || isSending || waits > 0}
        >
          {isSending ? "Signing in…" : "Sign in"}
        </Button>
      </div>
    </form>
  );
}

const WRONG = new ApiError({
  kind: "refused",
  message: "Email, password or code is not right, or the code was used before. Wait for the next code",
});

function isWrong(error: unknown): boolean {
  return error instanceof ApiError && error.code === "invalid_credentials";
}

function isLockOut(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === "too_many_attempts";
}

/** Seconds until the desk takes another try; 0 when it does. */
function useLockOut(error: unknown): number {
  const now = useNow();
  const [until, setUntil] = useState(0);
  useEffect(() => {
    if (isLockOut(error)) setUntil(Date.now() + (error.retryAfterS ?? 1) * 1000);
  }, [error]);
  return now === 0 ? 0 : Math.max(0, Math.ceil((until - Date.now()) / 1000));
}
