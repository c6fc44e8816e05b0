import type { Holder } from "@/services/exits";
import { aHolder, leg } from "@/test/holders";
import { holderColumns } from "./holderColumns";

const REM_OF_A_CHARACTER = 0.45; // as Chromium drew them

function widthOf(key: string, rows: readonly Holder[]): number {
  const columns = holderColumns({
    tradeType: null,
    rows,
    selected: new Set(),
    working: new Map(),
    onSelect: null,
    onExit: () => undefined,
    before: new Set(),
  });
  return Number.parseFloat(columns.find((column) => column.key === key)?.width ?? "0");
}

describe("the holders' columns", () => {
  const usual = [aHolder()];
  const large = [
    ...usual,
    aHolder({ net_quantity: 125000, products: [leg("NORMAL", 125000)], pl: "-9999999999.99" }),
    aHolder({ net_quantity: 75000, products: [leg("NORMAL", 100000), leg("VALUEPLUS", -25000)] }),
  ];

  it.each([
    ["held", "Carry-forward +1,00,000, Intraday -25,000"],
    ["exit", "SELL 1,00,000, BUY 25,000…"],
    ["pl", "▼ -9,99,99,99,999.99"],
  ])("are wide enough in %s for %s", (key, words) => {
    expect(widthOf(key, large)).toBeGreaterThan(words.length * REM_OF_A_CHARACTER + 1);
    expect(widthOf(key, usual)).toBeLessThan(widthOf(key, large));
  });
});
