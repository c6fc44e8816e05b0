import { act, render, screen } from "@testing-library/react";
import { beforeEach, expect, it } from "vitest";
import { portfolioStore } from "@/store/portfolioStore";
import { sampleClient } from "@/test/samples";
import { FundsCell, ProfitCell } from "./cells";

beforeEach(() => {
  portfolioStore.setState({
    clients: [sampleClient({ available_funds: "100000.00" })],
    indexOf: new Map([["c1", 0]]),
    plPaise: Float64Array.of(12_345),
    plAt: Float64Array.of(0),
    loadedAt: Date.now(),
  });
});

const change = (changes: object) => act(() => portfolioStore.getState().takeRows([{ id: "c1", ...changes }]));

it("shows funds that could not be read again as such, and why, until they are", () => {
  render(<FundsCell clientId="c1" />);
  expect(screen.getByText("1,00,000.00")).not.toHaveClass("italic");
  change({ stale: true, stale_reason: "The last reading failed: no answer." });
  expect(screen.getByText("1,00,000.00")).toHaveClass("italic");
  expect(screen.getByTitle(/^The last reading failed: no answer\. Shown as of/)).toHaveTextContent("not current");
  change({ stale: false, stale_reason: null });
  expect(screen.queryByText("not current")).toBeNull();
});

it("shows one client's doubtful profit as such while the feed is live for the others", () => {
  render(<ProfitCell clientId="c1" />);
  expect(screen.queryByText("not current")).toBeNull();
  change({ pl_stale: true, pl_reason: "A price is old, or missing." });
  expect(screen.getByTitle("A price is old, or missing.")).toHaveTextContent("+123.45 not current");
  change({ pl_stale: false, pl_reason: null });
  expect(screen.queryByText("not current")).toBeNull();
});
