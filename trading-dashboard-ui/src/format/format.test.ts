import {
  amountOf,
  directionOfMoney,
  directionOfPaise,
  formatAge,
  formatCompactRupees,
  formatDuration,
  formatMoment,
  formatMoney,
  formatMoneyForCell,
  formatPrice,
  formatQuantity,
  formatRupees,
  formatSignedMoney,
  formatSignedPaise,
  formatSignedPercent,
  formatTime,
  formatTimeMs,
  moneyText,
  NOT_KNOWN,
  paiseOf,
  parseQuantity,
  sum,
  times,
  tradingDay,
  unitsWithin,
} from "@/format";

describe("numbers as a person in India reads them", () => {
  it.each([
    [formatSignedMoney("12345678.90"), "+1,23,45,678.90"],
    [formatSignedMoney("-150000"), "-1,50,000.00"],
    [formatSignedMoney("-0.001"), "0.00"],
    [formatSignedPaise(-0.1), "0.00"],
    [formatSignedPaise(1_822_050), "+18,220.50"],
    [formatMoney("1240500"), "12,40,500.00"],
    [formatRupees("-310000.5"), "-₹3,10,000.50"],
    [formatCompactRupees("12345678.90"), "₹1.23Cr"],
    [formatCompactRupees("250000"), "₹2.5L"],
    [formatCompactRupees("9999999.99"), "₹1Cr"],
    [formatCompactRupees("12345678900"), "₹1,234.57Cr"],
    [formatCompactRupees("-123456789000000"), "-₹1,23,45,678.9Cr"],
    [formatMoneyForCell("99999999.99"), "9,99,99,999.99"],
    [formatMoneyForCell("1234567890"), "₹123.46Cr"],
    [formatMoneyForCell(null), "—"],
    [formatCompactRupees("99999.5"), "₹99,999.50"],
    [formatPrice("2947.3"), "2,947.30"],
    [formatPrice("84.2525"), "84.2525"],
    [formatQuantity(100_000), "1,00,000"],
    [formatSignedPercent(0.0545), "+5.45 %"],
  ])("writes %s as %s", (shown, pinned) => {
    expect(shown).toBe(pinned);
  });

  it("keeps every digit of an amount that no floating-point number can hold", () => {
    expect(formatMoney("90071992547409931.25")).toBe("90,07,19,92,54,74,09,931.25");
  });

  it.each([
    formatMoney(null),
    formatRupees(undefined),
    formatSignedMoney(null),
    formatSignedPaise(Number.NaN),
    formatPrice("0.00"),
    formatPrice("0"),
    formatQuantity(null),
    formatTime(null),
    formatMoment("not a time"),
    formatAge(undefined),
  ])("says that a value is not known, never zero", (shown) => {
    expect(shown).toBe(NOT_KNOWN);
  });

  it("points nowhere for what is shown as zero", () => {
    expect([directionOfPaise(0.4), directionOfMoney("-0.001"), directionOfMoney("0.01"), directionOfPaise(-3)]).toEqual(
      ["flat", "flat", "up", "down"],
    );
  });
});

describe("exact amounts", () => {
  it.each(["0.00", "1250.50", "-0.05", "84.2525", "0.001", "99999999999999.99"])("reads and writes %s", (text) => {
    expect(moneyText(amountOf(text))).toBe(text);
  });

  it.each(["", "1,250.50", "1e5", "+3", ".5", "12.34567", "NaN", "₹5"])("refuses %j", (text) => {
    expect(() => amountOf(text)).toThrow(RangeError);
  });

  it("adds tenths without a rest", () => {
    expect(moneyText(sum(Array.from({ length: 10 }, () => amountOf("0.10"))))).toBe("1.00");
  });

  it("multiplies a price by a quantity exactly", () => {
    expect(moneyText(times(amountOf("2947.35"), 12_400))).toBe("36547140.00");
  });

  it("buys whole lots within a budget, and none without a price", () => {
    expect(unitsWithin(amountOf("1000"), amountOf("99.99"), 3)).toBe(9);
    expect(unitsWithin(amountOf("1000"), amountOf("0"), 1)).toBe(0);
    expect(unitsWithin(amountOf("-5"), amountOf("1"), 1)).toBe(0);
  });

  it("takes a live figure to whole paise", () => {
    expect(paiseOf(1.005 * 100)).toBe(10_050);
    expect(paiseOf(-550.75)).toBe(-55_075);
  });
});

describe("times in India", () => {
  it("shows a UTC instant in Kolkata, where the day can be another", () => {
    expect(formatMoment("2026-11-22T19:13:10.221Z")).toBe("23 Nov 2026, 00:43:10 IST");
    expect(formatTimeMs("2026-11-22T05:13:10.221Z")).toBe("10:43:10.221");
    expect(tradingDay("2026-11-22T19:13:10Z")).toBe("2026-11-23");
  });

  it.each([
    [-50, "0.0 s"],
    [300, "0.3 s"],
    [9949, "9.9 s"],
    [9951, "10 s"],
    [61_000, "61 s"],
    [240_000, "4 min"],
    [7_200_000, "2 h"],
    [259_200_000, "3 d"],
  ])("writes an age of %d ms as %s", (ms, shown) => {
    expect(formatAge(ms)).toBe(shown);
  });

  it("writes durations like a stopwatch", () => {
    expect([formatDuration(28_400), formatDuration(727_000), formatDuration(3_753_000)]).toEqual([
      "0:28",
      "12:07",
      "1:02:33",
    ]);
  });
});

describe("quantities as people type them", () => {
  it.each([
    ["1,00,000", 100_000],
    ["100,000", 100_000],
    [" 40 ", 40],
    ["1 000", 1000],
    ["0", 0],
    ["", null],
    ["\t", null],
  ])("reads %j as %j", (text, quantity) => {
    expect(parseQuantity(text)).toEqual({ ok: true, quantity });
  });

  it.each(["-5", "+5", "1.5", "1e3", "ten", "1,0", "10000000000", "½", "0x10"])("refuses %j", (text) => {
    expect(parseQuantity(text).ok).toBe(false);
  });
});
