import { Field as Base } from "@base-ui/react/field";
import clsx from "clsx";
import type { ComponentProps, ReactNode } from "react";

export const INPUT =
  "h-8 w-full rounded border border-line-strong bg-surface px-2 text-base text-ink placeholder:text-ink-soft " +
  "data-invalid:border-bad disabled:bg-neutral-soft disabled:text-ink-soft";

interface FieldProps {
  label: ReactNode;
  /** Shown below; read out with the control. */
  hint?: ReactNode;
  /** What is wrong, in a sentence; marks the control as invalid. */
  error?: ReactNode;
  /** Keeps the label for screen readers alone. */
  hideLabel?: boolean;
  className?: string;
  children: ReactNode;
}

/** Label, control, hint and error, wired to each other. The control is a `TextInput` or one of Base UI's. */
export function Field({ label, hint, error, hideLabel = false, className, children }: FieldProps) {
  return (
    <Base.Root
      invalid={error !== undefined && error !== null && error !== ""}
      className={clsx("flex flex-col gap-1", className)}
    >
      <Base.Label className={clsx("text-sm font-medium", hideLabel && "sr-only")}>{label}</Base.Label>
      {children}
      {hint ? <Base.Description className="text-xs text-ink-soft">{hint}</Base.Description> : null}
      {error ? (
        <Base.Error match className="text-xs font-medium text-bad">
          {error}
        </Base.Error>
      ) : null}
    </Base.Root>
  );
}

export type TextInputProps = Omit<ComponentProps<typeof Base.Control>, "className"> & { className?: string };

/** A text input; inside a `Field` it is labelled by it. */
export function TextInput({ className, ...rest }: TextInputProps) {
  return <Base.Control className={clsx(INPUT, className)} autoComplete="off" {...rest} />;
}

/** Whole quantities: digits as text, so that neither wheel nor arrow keys ever change them. */
export function QuantityInput({ className, ...rest }: TextInputProps) {
  return (
    <TextInput
      type="text"
      inputMode="numeric"
      spellCheck={false}
      className={clsx("text-right tabular-nums", className)}
      {...rest}
    />
  );
}
