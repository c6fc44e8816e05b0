import { tellLive } from "@/store/liveEvents";
import { aRow } from "@/test/rows";
import { onFills } from "./useHeld";

const tell = (order_id: string, filled_quantity: number) =>
  tellLive({
    ...aRow({ order_id, filled_quantity }),
    type: "order_update",
    batch_id: "b1",
    seq: 1,
    ts: "2026-11-23T04:30:00Z",
  });

describe("reading what is held after fills", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("reads once for a burst, and not for what fills nothing", async () => {
    const read = vi.fn(async () => undefined);
    const stop = onFills(read);
    tell("o1", 0);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(read).not.toHaveBeenCalled();
    tell("o1", 5);
    tell("o2", 5);
    tell("o1", 10);
    await vi.advanceTimersByTimeAsync(300);
    expect(read).toHaveBeenCalledTimes(1);
    tell("o1", 10);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(read).toHaveBeenCalledTimes(1);
    stop();
  });

  it("reads again for what filled during a reading, one reading at a time", async () => {
    let answer = () => {};
    const read = vi.fn(() => new Promise<void>((done) => (answer = done)));
    const stop = onFills(read);
    tell("o1", 5);
    await vi.advanceTimersByTimeAsync(300);
    tell("o1", 10);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(read).toHaveBeenCalledTimes(1);
    answer();
    await vi.advanceTimersByTimeAsync(300);
    expect(read).toHaveBeenCalledTimes(2);
    stop();
  });
});
