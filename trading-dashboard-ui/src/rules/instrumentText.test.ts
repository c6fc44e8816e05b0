import { instrumentIdOf } from "./instrumentText";

describe("what is typed for an instrument", () => {
  it("is an id by exchange and number, and nothing else", () => {
    expect(["NSE:1660", " bsefo:842 ", "RELIANCE", "NSE:", "NSE:RELIANCE", ""].map(instrumentIdOf)).toEqual([
      "NSE:1660",
      "BSEFO:842",
      null,
      null,
      null,
      null,
    ]);
  });
});
