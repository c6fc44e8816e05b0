import { samplePlan, samplePlanned } from "@/test/samples";
import { calledClient, clientsOf, largest, leftOut, mustTypeTotal } from "./confirmation";

const limits = { typeToConfirmClients: 2, typeToConfirmRupees: "5000.00" };
const orders = (count: number, quantity = 1) =>
  Array.from({ length: count }, (_one, index) => samplePlanned({ client_id: `c${index}`, quantity }));

describe("what a confirmation asks for", () => {
  it("is more above the limits of clients and of rupees, and where the value is not known", () => {
    expect(mustTypeTotal(samplePlan(orders(2)), limits)).toBe(false);
    expect(mustTypeTotal(samplePlan(orders(3)), limits)).toBe(true);
    expect(mustTypeTotal(samplePlan(orders(1, 50)), limits)).toBe(false);
    expect(mustTypeTotal(samplePlan(orders(1, 51)), limits)).toBe(true);
    const plan = samplePlan(orders(1));
    expect(mustTypeTotal({ ...plan, summary: { ...plan.summary, estimated_value: null } }, limits)).toBe(true);
  });

  it("counts a client once, however many orders its quantity makes", () => {
    const sliced = [...orders(1, 900), ...orders(1, 900), samplePlanned({ client_id: "c9", quantity: 1000 })];
    expect(clientsOf(sliced)).toBe(2);
    expect(largest(sliced).map(({ clientId, quantity }) => `${clientId} ${quantity}`)).toEqual(["c0 1800", "c9 1000"]);
    expect(largest(orders(9))).toHaveLength(5);
  });

  it("names a client by code and name, by what is known of them, or else by its id", () => {
    const codeOf = (id: string) => (id === "c1" ? "MO10001" : "");
    const called = (client_id: string, client_name: string) => calledClient({ client_id, client_name }, codeOf);
    expect([called("c1", "A. Kulkarni"), called("c1", ""), called("c2", "B. Rao"), called("c2", "")]).toEqual([
      "MO10001 A. Kulkarni",
      "MO10001",
      "B. Rao",
      "c2",
    ]);
  });

  it("groups what is left out by reason", () => {
    const blocked = (client_id: string, code: string) =>
      samplePlanned({ client_id, status: "blocked", code, message: `${code}!` });
    const reasons = leftOut([...orders(2), blocked("x", "session"), blocked("y", "funds"), blocked("z", "session")]);
    expect(reasons.map(({ message, orders: rows }) => `${message} ${rows.length}`)).toEqual(["session! 2", "funds! 1"]);
  });
});
