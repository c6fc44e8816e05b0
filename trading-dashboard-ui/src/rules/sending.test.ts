import { isLeaving, whyNothingLeaves } from "./sending";

const SENDING = { is_killed: false, is_armed: true };
const NOW = Date.parse("2026-11-23T04:30:10Z");
const JUST_SENT = [{ sent_at: null }, { sent_at: "2026-11-23T04:30:06Z" }];

describe("whether anything would leave", () => {
  it("is off with its reason while the desk is killed or disarmed, whatever the preview said", () => {
    expect(whyNothingLeaves({ is_killed: true, is_armed: true }, 3)).toBe("the kill switch is on");
    expect(whyNothingLeaves({ is_killed: false, is_armed: false }, 0)).toBe("sending is disarmed");
  });

  it("is off where the preview left nothing, and on otherwise", () => {
    expect(whyNothingLeaves(SENDING, 0)).toBe("the preview left nothing to send");
    expect(whyNothingLeaves(SENDING, 1)).toBeNull();
    expect(whyNothingLeaves(undefined, 1)).toBeNull(); // the desk itself decides
  });
});

describe("whether a batch is leaving", () => {
  it("is so while one left a moment ago", () => {
    expect(isLeaving(JUST_SENT, { gate: SENDING, isDeskHeard: true, now: NOW })).toBe(true);
  });

  it.each([
    ["nothing left for 5 s", { gate: SENDING, isDeskHeard: true, now: NOW + 5_000 }],
    ["the desk is not heard", { gate: SENDING, isDeskHeard: false, now: NOW }],
    ["the desk is killed", { gate: { is_killed: true, is_armed: true }, isDeskHeard: true, now: NOW }],
    ["sending is disarmed", { gate: { is_killed: false, is_armed: false }, isDeskHeard: true, now: NOW }],
  ])("is not so where %s", (_what, facts) => {
    expect(isLeaving(JUST_SENT, facts)).toBe(false);
  });
});
