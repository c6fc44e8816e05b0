import { Toggle } from "@base-ui/react/toggle";
import { ToggleGroup } from "@base-ui/react/toggle-group";
import type { ReactNode } from "react";

export interface Chip<T extends string> {
  value: T;
  label: ReactNode;
}

interface FilterChipsProps<T extends string> {
  /** Read out: what is chosen here. */
  label: string;
  chips: readonly Chip<T>[];
  value: T;
  onChange: (value: T) => void;
}

/** One of a few, all visible at once: filters, and settings of few values. */
export function FilterChips<T extends string>({ label, chips, value, onChange }: FilterChipsProps<T>) {
  return (
    <ToggleGroup
      aria-label={label}
      value={[value]}
      onValueChange={([next]) => {
        const chosen = chips.find((chip) => chip.value === next);
        if (chosen !== undefined) onChange(chosen.value);
      }}
      className="flex flex-wrap gap-1"
    >
      {chips.map((chip) => (
        <Toggle
          key={chip.value}
          value={chip.value}
          className="min-h-7 rounded-full border border-line-strong bg-surface px-3 text-sm hover:bg-sunken data-pressed:border-accent data-pressed:bg-accent data-pressed:font-medium data-pressed:text-on-accent"
        >
          {chip.label}
        </Toggle>
      ))}
    </ToggleGroup>
  );
}
