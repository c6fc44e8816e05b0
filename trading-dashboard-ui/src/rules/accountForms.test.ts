import type { Account } from "@/services/accounts";
import { sampleAccount } from "@/test/accounts";
import {
  clientChange,
  clientForm,
  dealerChange,
  dealerForm,
  egressChange,
  egressForm,
  groupsOf,
  leadsToLogin,
  NONE,
  newClient,
  newDealer,
} from "./accountForms";
import { NO_SECRETS } from "./secrets";

const CLIENT: Account = sampleAccount({ groups: ["HNI", "FAM"] });

it("a form that nobody touched changes nothing", () => {
  expect(clientChange(clientForm(CLIENT), CLIENT)).toEqual({});
});

it("a secret that was left empty is not sent, and one that was typed is sent as typed", () => {
  const form = { ...clientForm(CLIENT), secrets: { ...NO_SECRETS, password: " with spaces " } };
  expect(clientChange(form, CLIENT)).toEqual({ password: " with spaces " });
  expect(newClient(form)).not.toHaveProperty("api_key");
});

it("only what differs is sent, and a dealer can be taken away", () => {
  const served = sampleAccount({ dealer_id: "d1", egress_id: "e1", groups: [] });
  const form = { ...clientForm(served), name: "B. Iyer", code: "mo10001", dealerId: NONE, groups: "RET, ,RET" };
  expect(clientChange(form, served)).toEqual({ name: "B. Iyer", dealer_id: null, groups: ["RET"] });
});

it("the secrets of a client that its dealer serves are not sent", () => {
  const form = { ...clientForm(CLIENT), dealerId: "d1", secrets: { ...NO_SECRETS, api_key: "typed-before" } };
  expect(clientChange(form, CLIENT)).toEqual({ dealer_id: "d1" });
});

it.each([
  [{ name: "x" }, NONE, false],
  [{ groups: ["x"], is_active: true }, NONE, false],
  [{ password: "x" }, NONE, true],
  [{ egress_id: null }, NONE, true],
  [{ mofsl_client_code: "X1" }, "d1", false],
])("storing %o with the dealer %s logs in anew by itself: %s", (change, dealerId, expected) => {
  expect(leadsToLogin(change, dealerId)).toBe(expected);
});

it("groups are names with commas between them, each once", () => {
  expect(groupsOf(" HNI, Family office ,, HNI")).toEqual(["HNI", "Family office"]);
});

it("a dealer's form sends its secrets, and then only what differs", () => {
  const form = { ...dealerForm(null), name: "D", code: " dlr1 ", secrets: { ...NO_SECRETS, api_key: "k" } };
  expect(newDealer(form)).toEqual({ name: "D", dealer_code: "dlr1", egress_id: null, api_key: "k" });
  const dealer = {
    id: "d1",
    name: "D",
    dealer_code: "DLR1",
    egress_id: null,
    is_active: true,
    updated_at: "2026-11-23T04:30:00Z",
  };
  expect(dealerChange({ ...dealerForm(dealer), isActive: false }, dealer)).toEqual({ is_active: false });
});

it("an egress that becomes direct loses its address", () => {
  const egress = {
    id: "e1",
    name: "Office",
    kind: "proxy" as const,
    value: "http://10.0.0.5:3128",
    registered_address: null,
    verified_at: null,
    verified_address: null,
  };
  expect(egressChange(egressForm(egress), egress)).toEqual({});
  expect(egressChange({ ...egressForm(egress), kind: "direct" }, egress)).toEqual({ kind: "direct", value: null });
});
