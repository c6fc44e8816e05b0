import { Field } from "@base-ui/react/field";
import { Select as Base } from "@base-ui/react/select";
import clsx from "clsx";
import { Check, ChevronDown } from "lucide-react";
import { INPUT } from "./Field";
import { ITEM, POPUP } from "./popups";
import type { SelectProps } from "./Select";

/** Open from the start: it takes the place of the button that asked for it. */
export function OpenedSelect<T extends string>({
  label,
  hideLabel = false,
  value,
  options,
  onChange,
  disabled = false,
  className,
}: SelectProps<T>) {
  return (
    <Field.Root className={clsx("flex flex-col gap-1", className)}>
      <Field.Label nativeLabel={false} render={<div />} className={clsx("text-sm font-medium", hideLabel && "sr-only")}>
        {label}
      </Field.Label>
      <Base.Root
        items={options}
        value={value}
        onValueChange={(next) => next !== null && onChange(next)}
        disabled={disabled}
        modal={false}
        defaultOpen
      >
        <Base.Trigger
          className={clsx(INPUT, "flex items-center justify-between gap-2 text-left data-disabled:bg-neutral-soft")}
        >
          <Base.Value />
          <Base.Icon>
            <ChevronDown aria-hidden size={14} />
          </Base.Icon>
        </Base.Trigger>
        <Base.Portal>
          <Base.Positioner sideOffset={4} alignItemWithTrigger={false} className="outline-none">
            <Base.Popup className={POPUP}>
              {options.map((option) => (
                <Base.Item key={option.value} value={option.value} disabled={option.disabled ?? false} className={ITEM}>
                  <Base.ItemIndicator className="col-start-1">
                    <Check aria-hidden size={14} />
                  </Base.ItemIndicator>
                  <span className="col-start-2">
                    <Base.ItemText>{option.label}</Base.ItemText>
                    {option.hint ? <span className="block text-xs text-ink-soft">{option.hint}</span> : null}
                  </span>
                </Base.Item>
              ))}
            </Base.Popup>
          </Base.Positioner>
        </Base.Portal>
      </Base.Root>
    </Field.Root>
  );
}
