import { describe, expect, it } from "vitest";
import { Alerts } from "./alerts";

const order = (status: string) => ({ type: "order_update", status }) as const;
const batch = (batch_id: string, status: string) => ({ type: "batch_update", batch_id, status }) as const;

describe("what is worth a sound", () => {
  it("is a refusal, once for a burst", () => {
    const alerts = new Alerts();
    expect(alerts.take(order("rejected"), 5_000)).toBe("refused");
    expect(alerts.take(order("rejected"), 6_999)).toBeNull();
    expect(alerts.take(order("rejected"), 7_000)).toBe("refused");
  });

  it("is no fill, and nothing whose fate is not known", () => {
    const alerts = new Alerts();
    for (const status of ["queued", "acknowledged", "unknown", "filled"])
      expect(alerts.take(order(status), 5_000)).toBeNull();
  });

  it("is the end of a batch that was seen to run, once", () => {
    const alerts = new Alerts();
    expect(alerts.take(batch("old", "completed"), 5_000)).toBeNull();
    expect(alerts.take(batch("b", "running"), 5_000)).toBeNull();
    expect(alerts.take(batch("b", "completed"), 6_000)).toBe("finished");
    expect(alerts.take(batch("b", "completed"), 60_000)).toBeNull();
  });
});
