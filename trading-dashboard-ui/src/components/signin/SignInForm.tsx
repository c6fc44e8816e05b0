import { type FormEvent, useRef, useState } from "react";
import { ApiError } from "@/services/apiError";
import { signIn } from "@/services/session";
import { CodeStep } from "./CodeStep";
import { DemoFiller } from "./DemoFiller";
import { PasswordStep } from "./PasswordStep";

interface SignInFormProps {
  /** Somebody who only has to prove again who they are. */
  email?: string;
  /** The desk took the sign-in. */
  onSignedIn: () => Promise<void>;
}

type Step = "password" | "code";

/** Email and password, then the code. All three go to the desk together: it never says which one was wrong. */
export default function SignInForm({ email: known, onSignedIn }: SignInFormProps) {
  const [step, setStep] = useState<Step>("password");
  const [email, setEmail] = useState(known ?? "");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [isSending, setIsSending] = useState(false);
  const codeInput = useRef<HTMLInputElement>(null);

  const next = (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    setStep("code");
  };

  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (isSending) return;
    setIsSending(true);
    setError(null);
    try {
      await signIn({ email: email.trim(), password, totp_code: code.replace(/\s/g, "") });
      await onSignedIn();
    } catch (failure) {
      setError(failure);
      setCode("");
      if (!(failure instanceof ApiError && failure.code === "too_many_attempts")) codeInput.current?.focus();
    } finally {
      setIsSending(false);
    }
  };

  const back = () => {
    setError(null);
    setCode("");
    setStep("password");
  };

  return (
    <div className="flex flex-col gap-4">
      {step === "password" ? (
        <PasswordStep
          email={email}
          isKnown={known !== undefined}
          password={password}
          onEmail={setEmail}
          onPassword={setPassword}
          onSubmit={next}
        />
      ) : (
        <CodeStep
          code={code}
          onCode={setCode}
          inputRef={codeInput}
          error={error}
          isSending={isSending}
          onBack={back}
          onSubmit={(event) => void send(event)}
        />
      )}
      <DemoFiller
        onFilled={(filled) => {
          setEmail(filled.email);
          setPassword(filled.password);
          setCode(filled.totp_code);
          setError(null);
          setStep("code");
        }}
      />
    </div>
  );
}
