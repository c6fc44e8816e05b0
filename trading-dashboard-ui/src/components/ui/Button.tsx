import { Button as Base } from "@base-ui/react/button";
import clsx from "clsx";
import type { ComponentProps } from "react";

export type ButtonTone = "plain" | "primary" | "danger" | "buy" | "sell" | "ghost";
export type ButtonSize = "small" | "medium" | "large";

const TONES: Record<ButtonTone, string> = {
  plain: "border-line-strong bg-surface text-ink hover:not-data-disabled:bg-sunken",
  primary: "border-accent bg-accent text-on-accent hover:not-data-disabled:bg-accent-strong",
  danger: "border-bad bg-bad text-on-bad hover:not-data-disabled:bg-bad-strong",
  buy: "border-buy bg-buy text-on-side hover:not-data-disabled:brightness-110",
  sell: "border-sell bg-sell text-on-side hover:not-data-disabled:brightness-110",
  ghost: "border-transparent bg-transparent text-ink hover:not-data-disabled:bg-neutral-soft",
};
const SIZES: Record<ButtonSize, string> = {
  small: "min-h-7 px-2 text-sm",
  medium: "min-h-8 px-3 text-sm",
  large: "min-h-10 px-4 text-base font-semibold",
};

export interface ButtonProps extends Omit<ComponentProps<typeof Base>, "className"> {
  tone?: ButtonTone;
  size?: ButtonSize;
  className?: string;
}

/** Acts when the pointer is released over it, so that a slip can be taken back by sliding off. */
export function Button({ tone = "plain", size = "medium", className, ...rest }: ButtonProps) {
  return (
    <Base
      type="button"
      className={clsx(
        "inline-flex min-w-7 shrink-0 select-none items-center justify-center gap-1.5 rounded border font-medium whitespace-nowrap",
        "data-disabled:cursor-not-allowed data-disabled:border-line data-disabled:bg-neutral-soft data-disabled:text-ink-soft",
        TONES[tone],
        SIZES[size],
        className,
      )}
      {...rest}
    />
  );
}
