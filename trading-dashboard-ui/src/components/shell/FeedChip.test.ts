import { chipOf } from "@/components/shell/FeedChip";
import type { ConnectionStore } from "@/store/connectionStore";

const NOW = Date.parse("2026-11-22T05:13:10Z");
const base: ConnectionStore = { isOpen: true, tries: 0, lastMessageAt: NOW, downSince: null, feed: null, resyncs: 0 };
const live = { status: "live", reason: null, lastTickAt: "2026-11-22T05:13:09Z" } as const;

it.each<[string, Partial<ConnectionStore>, boolean, string]>([
  ["before the first word", { lastMessageAt: null }, true, "Desk connecting"],
  ["a moment after a message", { lastMessageAt: NOW - 300, feed: live }, true, "Feed live 0.3 s"],
  ["an open line that is silent", { lastMessageAt: NOW - 2000, feed: live }, true, "Desk silent 2.0 s"],
  ["an open line silent for long", { lastMessageAt: NOW - 6000, feed: live }, true, "Desk not heard since 10:43:04"],
  ["a line lost just now", { isOpen: false, tries: 3, lastMessageAt: NOW - 4000 }, true, "Desk reconnecting (3)"],
  ["a line away for long", { isOpen: false, lastMessageAt: NOW - 6000 }, true, "Desk not heard since 10:43:04"],
  ["no network", { isOpen: false, lastMessageAt: NOW - 500 }, false, "Desk not heard since 10:43:09"],
  [
    "a desk that never answered",
    { isOpen: false, lastMessageAt: null, downSince: NOW - 6000 },
    true,
    "Desk not heard since 10:43:04",
  ],
  ["still prices", { feed: { ...live, status: "delayed" } }, true, "Feed prices delayed, last price 10:43:09"],
  ["no prices", { feed: { ...live, status: "down", lastTickAt: null } }, true, "Feed prices down, no price yet"],
])("says of %s what is true", (_what, facts, isOnline, words) => {
  const { about, text } = chipOf({ ...base, ...facts }, NOW, isOnline);
  expect(`${about} ${text}`).toBe(words);
});

it("is calm only where messages come and prices move", () => {
  expect(chipOf({ ...base, feed: live }, NOW, true).look.tone).toBe("good");
  expect(chipOf({ ...base, feed: { ...live, status: "down" } }, NOW, true).look.tone).toBe("bad");
});
