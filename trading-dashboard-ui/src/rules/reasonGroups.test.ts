import { aRow } from "@/test/rows";
import { reasonGroups } from "./reasonGroups";

const refused = (id: string, message: string, code: string | null = "MO1057") =>
  aRow({ order_id: id, client_id: `c-${id}`, status: "rejected", success: false, code, message });

describe("why rows failed", () => {
  it("groups by code and words, numbers aside, in the broker's own words", () => {
    const rows = [
      refused("1", "RMS: margin short by 1,200.50"),
      refused("2", "RMS: margin short by 80"),
      refused("3", "Invalid product type"),
    ];
    const [first, second] = reasonGroups("execute", rows);
    expect(first).toMatchObject({ message: "RMS: margin short by 1,200.50", code: "MO1057", otherWordings: 1 });
    expect(first?.retriable).toEqual(["c-1", "c-2"]);
    expect(second?.rows).toHaveLength(1);
  });

  it("offers no retry of what is not known, and puts it first", () => {
    const lost = aRow({ order_id: "4", status: "unknown", message: "The answer was lost." });
    const [first, second] = reasonGroups("execute", [refused("1", "no"), refused("2", "no"), lost]);
    expect(first).toMatchObject({ status: "unknown", retriable: [] });
    expect(second?.rows).toHaveLength(2);
  });

  it("names a client with several slices once", () => {
    const slices = [
      { ...refused("1", "no"), client_id: "c1" },
      { ...refused("2", "no"), client_id: "c1" },
    ];
    expect(reasonGroups("execute", slices)[0]?.retriable).toEqual(["c1"]);
  });

  it("offers no retry of an exit: it is exited again, from a new reading", () => {
    expect(reasonGroups("exit", [refused("1", "no")])[0]?.retriable).toEqual([]);
  });

  it("has no group of what went well", () => {
    expect(reasonGroups("execute", [aRow({ status: "filled" }), aRow({ status: "open" })])).toEqual([]);
  });
});
