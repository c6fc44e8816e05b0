import * as v from "valibot";
import { clearDraft, clearDrafts, readDraft, writeDraft } from "@/store/draftStorage";

const ticket = v.object({ side: v.picklist(["BUY", "SELL"]) });

it("keeps what a person typed, with its time, for that person alone", () => {
  writeDraft("u1", "ticket", { side: "BUY" });
  const draft = readDraft("u1", "ticket", ticket);
  expect(draft?.value).toEqual({ side: "BUY" });
  expect(draft?.savedAt).toBeGreaterThan(0);
  expect(readDraft("u2", "ticket", ticket)).toBeNull();
});

it("takes a draft that it cannot read for none", () => {
  writeDraft("u1", "ticket", { side: "HOLD" });
  sessionStorage.setItem("desk.draft.u1.torn", "{");
  expect([readDraft("u1", "ticket", ticket), readDraft("u1", "torn", ticket)]).toEqual([null, null]);
});

it("forgets one, or all of them and nothing else", () => {
  writeDraft("u1", "a", 1);
  writeDraft("u1", "b", 1);
  sessionStorage.setItem("other", "1");
  clearDraft("u1", "a");
  expect(readDraft("u1", "a", v.number())).toBeNull();
  clearDrafts();
  expect(Object.keys(sessionStorage)).toEqual(["other"]);
});
