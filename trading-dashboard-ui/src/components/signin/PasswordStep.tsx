import { Eye, EyeOff } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Button, Field, TextInput } from "@/components/ui";

interface PasswordStepProps {
  email: string;
  isKnown: boolean;
  password: string;
  onEmail: (email: string) => void;
  onPassword: (password: string) => void;
  onSubmit: (event: FormEvent) => void;
}

export function PasswordStep({ email, isKnown, password, onEmail, onPassword, onSubmit }: PasswordStepProps) {
  const [isShown, setIsShown] = useState(false);
  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-3">
      <Field label="Email">
        <TextInput
          type="email"
          autoComplete="username"
          value={email}
          onValueChange={onEmail}
          required
          readOnly={isKnown}
          autoFocus={!isKnown}
        />
      </Field>
      <Field label="Password">
        <div className="flex gap-1">
          <TextInput
            type={isShown ? "text" : "password"}
            autoComplete="current-password"
            value={password}
            onValueChange={onPassword}
            required
            autoFocus={isKnown}
          />
          <Button
            aria-label={isShown ? "Hide the password" : "Show the password"}
            aria-pressed={isShown}
            onClick={() => setIsShown(!isShown)}
          >
            {isShown ? <EyeOff aria-hidden size={16} /> : <Eye aria-hidden size={16} />}
          </Button>
        </div>
      </Field>
      <Button type="submit" tone="primary" size="large">
        Continue
      </Button>
    </form>
  );
}
