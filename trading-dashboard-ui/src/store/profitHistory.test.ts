import { act, renderHook } from "@testing-library/react";
import { heardServerTime } from "@/services/serverClock";
import { sampleClient } from "@/test/samples";
import { portfolioStore, showNow } from "./portfolioStore";
import { useProfitHistory, watchProfit } from "./profitHistory";

const at = (second: number) => heardServerTime(new Date(Date.UTC(2026, 10, 23, 4, 30, second)).toISOString());

it("begins when a client is first opened, with what is shown then, and keeps on", () => {
  const client = sampleClient();
  portfolioStore.setState({
    clients: [client],
    indexOf: new Map([[client.id, 0]]),
    plPaise: Float64Array.of(500),
    plAt: Float64Array.of(0),
  });
  const { result } = renderHook(() => useProfitHistory(client.id));
  expect(result.current).toEqual([]);
  at(0);
  act(() => watchProfit(client.id));
  at(5);
  act(() => {
    portfolioStore.getState().takeProfits([[client.id, 7.25]], 0);
    showNow();
  });
  at(10);
  act(() => {
    portfolioStore.getState().takeProfits([[client.id, null]], 0);
    showNow();
  });
  act(() => watchProfit(client.id)); // opened again: it goes on, nothing is lost
  expect(result.current.map(({ paise }) => paise)).toEqual([500, 725, null]);
});
