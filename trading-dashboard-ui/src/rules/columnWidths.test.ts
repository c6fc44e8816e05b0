import { figureWidth, hasWideAmounts, leastTableWidth, wordWidth } from "./columnWidths";

describe("the widths of columns", () => {
  it("grow with the longest figure, and never fall below the least", () => {
    expect(figureWidth([], 4)).toBe("4rem");
    expect(figureWidth(["7", "1,000"], 4)).toBe("4rem");
    expect(figureWidth(["7", "99,99,99,999"], 4)).toBe("7.5rem");
  });

  it("leave the column that takes the rest its least width", () => {
    expect(leastTableWidth([{ width: "2.25rem" }, { width: "auto" }, { width: "4rem" }], 12)).toBe("18.25rem");
  });

  it("give words less room than figures, and enough", () => {
    expect(wordWidth(["NIFTY 24-Nov-2026 PE 24500"], 7)).toBe("13.5rem");
    expect(wordWidth(["ITC EQ"], 7)).toBe("7rem");
  });

  it.each([
    ["99,99,99,999.99 of funds", "999999999.99", 0, false],
    ["100 crore of funds", "1000000000.00", 0, true],
    ["funds and a profit that are not known", null, Number.NaN, false],
    ["a loss of ten crore", "1.00", -10_000_000_000, true],
  ])("are the usual ones for amounts, but for many crores: %s", (_what, available_funds, paise, expected) => {
    expect(hasWideAmounts({ clients: [{ available_funds }], plPaise: [0, paise] })).toBe(expected);
  });
});
