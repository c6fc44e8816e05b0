import { counted } from "./counted";

describe("a number with its noun", () => {
  it.each([
    [0, "0 orders"],
    [1, "1 order"],
    [2, "2 orders"],
    [100_000, "1,00,000 orders"],
  ])("%i is %s", (number, words) => {
    expect(counted(number, "order")).toBe(words);
  });

  it("takes a plural that does not end in s alone", () => {
    expect(counted(1, "batch", "batches")).toBe("1 batch");
    expect(counted(3, "batch", "batches")).toBe("3 batches");
  });
});
