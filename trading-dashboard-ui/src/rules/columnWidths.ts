/** How wide columns must be so that no figure is ever cut, and what the whole table then needs. */

const REM_PER_CHARACTER = 0.53;
const REM_PER_LETTER = 0.47;
const PADDING_REM = 1.1;

/** For figures as they are shown. Never below `leastRem`. */
export function figureWidth(figures: Iterable<string>, leastRem: number): string {
  return widthFor(figures, REM_PER_CHARACTER, leastRem);
}

/** For words, which are narrower than figures. Never below `leastRem`. */
export function wordWidth(texts: Iterable<string>, leastRem: number): string {
  return widthFor(texts, REM_PER_LETTER, leastRem);
}

function widthFor(texts: Iterable<string>, remPerCharacter: number, leastRem: number): string {
  let longest = 0;
  for (const text of texts) longest = Math.max(longest, text.length);
  const wanted = longest * remPerCharacter + PADDING_REM;
  return `${Math.max(leastRem, Math.ceil(wanted * 4) / 4)}rem`;
}

const WIDE_PAISE = 100_000_000 * 100; // ten crore rupees, which stand with a sign and an arrow
const WIDE_FUNDS = "1000000000.00".length; // a hundred crore rupees

/** Whether any client's money needs more than the usual column. */
export function hasWideAmounts(figures: {
  clients: readonly { available_funds: string | null }[];
  plPaise: ArrayLike<number>;
}): boolean {
  for (let index = 0; index < figures.plPaise.length; index++) {
    if (Math.abs(figures.plPaise[index] ?? 0) >= WIDE_PAISE) return true;
  }
  return figures.clients.some((client) => (client.available_funds?.length ?? 0) >= WIDE_FUNDS);
}

/** The width below which a table scrolls: its columns, and `leastRem` for each that takes what is left. */
export function leastTableWidth(columns: readonly { width: string }[], leastRem: number): string {
  const total = columns.reduce((sum, { width }) => sum + (width === "auto" ? leastRem : Number.parseFloat(width)), 0);
  return `${total}rem`;
}
