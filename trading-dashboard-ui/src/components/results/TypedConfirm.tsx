import { Field, TextInput } from "@/components/ui";

interface TypedConfirmProps {
  /** What must be typed, exactly; blanks and letter case do not count. */
  expected: string;
  label: string;
  value: string;
  onChange: (value: string) => void;
}

export function isTyped(value: string, expected: string): boolean {
  return bare(value) !== "" && bare(value) === bare(expected);
}

/** Friction that grows with the risk: the total, or the symbol, typed by hand. */
export function TypedConfirm({ expected, label, value, onChange }: TypedConfirmProps) {
  return (
    <Field
      label={label}
      hint={
        <>
          Type <strong className="select-none">{expected}</strong>
        </>
      }
    >
      <TextInput
        value={value}
        onValueChange={onChange}
        onPaste={(event) => event.preventDefault()}
        spellCheck={false}
        className="max-w-60"
      />
    </Field>
  );
}

function bare(text: string): string {
  return text.replace(/[\s,]/g, "").toUpperCase();
}
