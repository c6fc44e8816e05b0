import { ACCOUNT_OLD_AFTER_MS, type HeldReading, heldOldSince } from "./heldAge";

const AT = 1_000_000_000;
const reading = (given: Partial<HeldReading> = {}): HeldReading => ({
  answeredAt: AT,
  hasFailed: false,
  unheardSince: null,
  ...given,
});

describe("how old a held quantity is", () => {
  it("is now while the desk answers and is heard", () => {
    expect(heldOldSince(reading(), AT - 10_000)).toBeNull();
    expect(heldOldSince(reading(), undefined)).toBeNull();
  });

  it("counts from the last answer where the desk does not answer", () => {
    expect(heldOldSince(reading({ hasFailed: true }), AT)).toBe(AT);
  });

  it("counts from the last word where the desk is not heard: fills are not told", () => {
    expect(heldOldSince(reading({ unheardSince: AT - 500 }), AT)).toBe(AT - 500);
    expect(heldOldSince(reading({ unheardSince: AT + 500 }), AT)).toBe(AT);
  });

  it("counts from the account's reading where the broker was not read for long", () => {
    expect(heldOldSince(reading(), AT - ACCOUNT_OLD_AFTER_MS - 1)).toBe(AT - ACCOUNT_OLD_AFTER_MS - 1);
  });
});
