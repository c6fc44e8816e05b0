/** How wide columns must be so that no figure is ever cut, and what the whole table then needs. */

const REM_PER_CHARACTER = 0.53;
const PADDING_REM = 1.1;

/** For figures as they are shown. Never below `leastRem`. */
export function figureWidth(figures: Iterable<string>, leastRem: number): string {
  let longest = 0;
  for (const figure of figures) longest = Math.max(longest, figure.length);
  const wanted = longest * REM_PER_CHARACTER + PADDING_REM;
  return `${Math.max(leastRem, Math.ceil(wanted * 4) / 4)}rem`;
}

/** The width below which a table scrolls: its columns, and `leastRem` for each that takes what is left. */
export function leastTableWidth(columns: readonly { width: string }[], leastRem: number): string {
  const total = columns.reduce((sum, { width }) => sum + (width === "auto" ? leastRem : Number.parseFloat(width)), 0);
  return `${total}rem`;
}
