import { figureWidth, leastTableWidth } from "./columnWidths";

describe("the widths of columns", () => {
  it("grow with the longest figure, and never fall below the least", () => {
    expect(figureWidth([], 4)).toBe("4rem");
    expect(figureWidth(["7", "1,000"], 4)).toBe("4rem");
    expect(figureWidth(["7", "99,99,99,999"], 4)).toBe("7.5rem");
  });

  it("leave the column that takes the rest its least width", () => {
    expect(leastTableWidth([{ width: "2.25rem" }, { width: "auto" }, { width: "4rem" }], 12)).toBe("18.25rem");
  });
});
