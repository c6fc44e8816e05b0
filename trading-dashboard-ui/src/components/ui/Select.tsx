import clsx from "clsx";
import { ChevronDown } from "lucide-react";
import { type ComponentType, lazy, Suspense, useId, useState } from "react";
import { pagePart } from "@/services/pagePart";
import { INPUT } from "./Field";

export interface Option<T extends string> {
  value: T;
  label: string;
  hint?: string;
  disabled?: boolean;
}

export interface SelectProps<T extends string> {
  label: string;
  hideLabel?: boolean;
  value: T;
  options: readonly Option<T>[];
  onChange: (value: T) => void;
  disabled?: boolean;
  className?: string;
}

const load = pagePart(() => import("./SelectParts"));
const OpenedSelect = lazy(() => load().then((parts) => ({ default: parts.OpenedSelect as ComponentType<unknown> })));

/**
 * One of a few, known values. For many or searchable ones use `Combobox`. The list's code comes when somebody reaches
 * for it; until then a button shows what is chosen.
 */
export function Select<T extends string>(props: SelectProps<T>) {
  const [isWanted, setIsWanted] = useState(false);
  const plain = <Closed {...props} onWanted={() => setIsWanted(true)} />;
  if (!isWanted) return plain;
  const Opened = OpenedSelect as ComponentType<SelectProps<T>>;
  return (
    <Suspense fallback={plain}>
      <Opened {...props} />
    </Suspense>
  );
}

function Closed<T extends string>({
  label,
  hideLabel = false,
  value,
  options,
  disabled = false,
  className,
  onWanted,
}: SelectProps<T> & { onWanted: () => void }) {
  const id = useId();
  return (
    <div className={clsx("flex flex-col gap-1", className)}>
      <div id={id} className={clsx("text-sm font-medium", hideLabel && "sr-only")}>
        {label}
      </div>
      <button
        type="button"
        role="combobox"
        aria-haspopup="listbox"
        aria-expanded={false}
        aria-labelledby={id}
        disabled={disabled}
        onPointerEnter={load}
        onFocus={load}
        onClick={onWanted}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
          event.preventDefault();
          onWanted();
        }}
        className={clsx(INPUT, "flex items-center justify-between gap-2 text-left")}
      >
        <span className="truncate">{options.find((option) => option.value === value)?.label}</span>
        <ChevronDown aria-hidden size={14} className="shrink-0" />
      </button>
    </div>
  );
}
