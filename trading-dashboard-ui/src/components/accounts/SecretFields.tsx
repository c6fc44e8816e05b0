import { Field, TextInput } from "@/components/ui";
import { SECRET_NAMES, type SecretName, type TypedSecrets } from "@/rules/secrets";

const LABELS: Record<SecretName, { label: string; hint: string }> = {
  api_key: { label: "API key", hint: "Of the broker's interactive API" },
  api_secret: { label: "API secret", hint: "Made with the key" },
  password: { label: "Broker's password", hint: "As typed at the broker" },
  two_fa: { label: "PAN or date of birth", hint: "ABCDE1234F or dd/mm/yyyy" },
  totp_secret: { label: "TOTP secret", hint: "Base32, from setting up the authenticator" },
};

interface SecretFieldsProps {
  /** Whether all five are stored already. */
  areSet: boolean;
  secrets: TypedSecrets;
  onChange: (secrets: TypedSecrets) => void;
  problemOf: (field: string) => string | undefined;
}

/** Fields that are written and never read: the desk seals what is typed, and shows it to nobody again. */
export function SecretFields({ areSet, secrets, onChange, problemOf }: SecretFieldsProps) {
  return (
    <fieldset className="rounded border px-3 pt-1 pb-3">
      <legend className="px-1 text-sm font-semibold">Broker's secrets: {areSet ? "set" : "not set"}</legend>
      <p className="mb-2 text-xs text-ink-soft">
        Sealed as they are stored, and never shown again. {areSet ? "A field left empty keeps what is stored." : ""}
      </p>
      <div className="grid gap-3 sm:grid-cols-2">
        {SECRET_NAMES.map((name) => (
          <Field key={name} label={LABELS[name].label} hint={LABELS[name].hint} error={problemOf(name)}>
            <TextInput
              type="password"
              autoComplete="new-password"
              spellCheck={false}
              maxLength={200}
              placeholder={areSet ? "set · type to replace" : ""}
              value={secrets[name]}
              onValueChange={(text) => onChange({ ...secrets, [name]: text })}
            />
          </Field>
        ))}
      </div>
    </fieldset>
  );
}
