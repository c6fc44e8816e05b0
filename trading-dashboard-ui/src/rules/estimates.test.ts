import { moneyText } from "@/format";
import { samplePlanned } from "@/test/samples";
import { valueByClient } from "./estimates";

describe("the value by client", () => {
  it("adds slices up exactly, leaves blocked orders out, and begins with the largest", () => {
    const rows = valueByClient([
      samplePlanned({ client_id: "a", quantity: 3, price: "0.10" }),
      samplePlanned({ client_id: "b", quantity: 2, price: "99999999999999.95" }),
      samplePlanned({ client_id: "a", quantity: 4, price: "0.10" }),
      samplePlanned({ client_id: "c", status: "blocked" }),
    ]);
    expect(rows.map((row) => [row.clientId, row.quantity, row.value === null ? null : moneyText(row.value)])).toEqual([
      ["b", 2, "199999999999999.90"],
      ["a", 7, "0.70"],
    ]);
  });

  it("is not known where one order of the client has no price", () => {
    const rows = valueByClient([
      samplePlanned({ client_id: "a", quantity: 3 }),
      samplePlanned({ client_id: "b", price: null }),
      samplePlanned({ client_id: "b", quantity: 1000 }),
    ]);
    expect(rows.map((row) => [row.clientId, row.value === null])).toEqual([
      ["b", true],
      ["a", false],
    ]);
  });
});
