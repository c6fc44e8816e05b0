import { sampleAccount } from "@/test/accounts";
import { countsOf, type Show, shownAccounts } from "./accountFilters";

const ROWS = [
  sampleAccount({ id: "a", mofsl_client_code: "MO1", name: "A. Kulkarni", groups: ["HNI"] }),
  sampleAccount({ id: "b", mofsl_client_code: "MO2", name: "B. Iyer", has_credentials: false }),
  sampleAccount({ id: "c", mofsl_client_code: "MO3", name: "C. Shah", is_active: false }),
  sampleAccount({ id: "d", mofsl_client_code: "MO4", name: "D. Rao", dealer_id: "d1", has_credentials: false }),
];
const STATES = { a: "ready", b: "refused", c: "refused", d: "unreachable" } as const;
const sessionOf = (id: string) => ({ state: STATES[id as keyof typeof STATES], reason: null });
const idsOf = (given: { words?: string; group?: string; show?: Show }) =>
  shownAccounts(ROWS, { words: "", group: "", show: "all", ...given }, sessionOf)
    .map((row) => row.id)
    .join("");

it.each([
  [{}, "abcd"],
  [{ show: "active" as const }, "abd"],
  [{ show: "inactive" as const }, "c"],
  [{ show: "failing" as const }, "bd"],
  [{ show: "incomplete" as const }, "b"],
  [{ group: "HNI" }, "a"],
  [{ words: "mo2 iyer" }, "b"],
  [{ words: "nobody" }, ""],
])("%o shows %s", (given, ids) => {
  expect(idsOf(given)).toBe(ids);
});

it("the counts are of all rows, and a client that is not active fails nothing", () => {
  expect(countsOf(ROWS, sessionOf)).toEqual({ all: 4, active: 3, inactive: 1, failing: 2, incomplete: 1 });
});
