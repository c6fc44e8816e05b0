import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { pagePart } from "./pagePart";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a part that cannot be had is asked for until it is there", async () => {
  const answers = [() => Promise.reject(new TypeError("away")), async () => undefined, async () => "part"];
  const load = vi.fn(() => answers[load.mock.calls.length - 1]?.() ?? Promise.resolve("too often"));
  const found = vi.fn();
  void pagePart<string>(load)().then(found);
  await vi.advanceTimersByTimeAsync(600);
  expect(load).toHaveBeenCalledTimes(2);
  expect(found).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(found).toHaveBeenCalledWith("part");
  expect(load).toHaveBeenCalledTimes(3);
});

test("whoever reaches for it meanwhile waits for the same one", async () => {
  const load = vi.fn(() => Promise.reject(new TypeError("away")));
  const part = pagePart(load);
  void part();
  void part();
  await vi.advanceTimersByTimeAsync(100);
  expect(load).toHaveBeenCalledTimes(1);
});
