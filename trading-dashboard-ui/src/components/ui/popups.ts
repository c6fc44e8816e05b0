/** How everything that opens over the page looks. */
export const POPUP =
  "max-h-[min(24rem,var(--available-height))] min-w-[var(--anchor-width)] overflow-y-auto rounded-md border " +
  "border-line-strong bg-raised p-1 text-base text-ink shadow-lg outline-none";
export const ITEM =
  "grid grid-cols-[1rem_1fr] items-start gap-2 rounded px-2 py-1.5 outline-none select-none cursor-default " +
  "data-highlighted:bg-accent data-highlighted:text-on-accent data-highlighted:[&_.text-ink-soft]:text-on-accent " +
  "data-disabled:text-ink-soft data-disabled:line-through";
