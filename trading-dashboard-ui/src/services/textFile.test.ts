import { csvOf, tabbedText } from "./textFile";

const one = (cell: string | number | null) => ({ columns: ["a"], rows: [[cell]] });
const cellOf = async (cell: string | number | null) => (await csvOf(one(cell))).replace(/^\ufeffa\r\n/, "");

describe("a table as a file", () => {
  it.each(["=1+1", "+1 up", "-cmd", "@SUM(A1)", "\t=1", "\r=1", "  =1", "=1\nmore", "＝1", "-1+2"])(
    "takes the force out of %j",
    async (cell) => {
      expect(await cellOf(cell)).toMatch(/^"?'/);
    },
  );

  it.each([
    ["-150.25", "-150.25"],
    [-3, "-3"],
    ["A. Kulkarni", "A. Kulkarni"],
    [null, ""],
  ])("leaves %j as it is", async (cell, written) => {
    expect(await cellOf(cell)).toBe(written);
  });

  it("quotes what would break a line, and keeps ₹ for Excel", async () => {
    expect(await csvOf({ columns: ["a", "b"], rows: [['he said "no", twice', "₹5"]] })).toBe(
      '\ufeffa,b\r\n"he said ""no"", twice",₹5',
    );
  });

  it("puts tabs between cells for a sheet", async () => {
    expect(await tabbedText({ columns: ["a", "b"], rows: [["x", 2]] })).toBe("a\tb\r\nx\t2");
  });
});
