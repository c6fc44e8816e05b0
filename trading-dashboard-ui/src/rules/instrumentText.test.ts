import { calledOf, instrumentIdOf, nothingCalled } from "./instrumentText";

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

it("calls a contract by its expiry, kind and strike, which its symbol alone does not tell", () => {
  const put = { symbol: "NIFTY", name: "NIFTY 24-Nov-2026 PE 24500", expiry: "2026-11-24" };
  expect(calledOf(put)).toBe("NIFTY 24-Nov-2026 PE 24500");
  expect(calledOf({ symbol: "RELIANCE", name: "RELIANCE EQ", expiry: null })).toBe("RELIANCE");
});

it("says on which other markets something is called so, each once", () => {
  const found = ["NSE · F&O", "NSE · F&O", "BSE · F&O"];
  expect(nothingCalled(" nifty fut ", found)).toBe(
    "Nothing here is called “nifty fut”. There is on NSE · F&O, BSE · F&O: change the market.",
  );
  expect(nothingCalled("qqq", [])).toBe("Nothing here is called “qqq”.");
});
