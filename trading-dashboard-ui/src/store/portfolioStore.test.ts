import { portfolioStore, showNow } from "@/store/portfolioStore";
import { sampleClient } from "@/test/samples";
import { answer, refuse, withServer } from "@/test/server";

withServer();

const row = (id: string, pl: string | null) =>
  sampleClient({ id, mofsl_client_code: id.toUpperCase(), pl, as_of: "2020-01-01T00:00:00Z" });
const store = () => portfolioStore.getState();
const paise = (id: string) => store().plPaise[store().indexOf.get(id) ?? -1];

async function load(...rows: object[]): Promise<void> {
  answer("get", "/api/v1/clients", { items: rows, total: rows.length } as never);
  await store().fetchClients();
}

beforeEach(() => store().forget());

it("reads every client, and keeps what is not known as not known", async () => {
  await load(row("c1", "18220.50"), row("c2", null), row("c3", "-0.005"));
  expect(store().loadingStatus).toBe("ready");
  expect([paise("c1"), paise("c2"), paise("c3")]).toEqual([1_822_050, Number.NaN, -1]);
});

it("replaces the figures once for however many frames came, and not before they are shown", async () => {
  await load(row("c1", "1.00"), row("c2", "2.00"));
  const before = store().plPaise;
  let changes = 0;
  const stop = portfolioStore.subscribe(() => {
    changes += 1;
  });
  for (let n = 1; n <= 20; n++) store().takeProfits([["c1", n]], n);
  expect(store().plPaise).toBe(before);
  showNow();
  stop();
  expect(changes).toBe(1);
  expect([paise("c1"), paise("c2")]).toEqual([2000, 200]);
  expect(before[0]).toBe(100);
});

it("takes a profit that is not known any more for not known", async () => {
  await load(row("c1", "1.00"));
  store().takeProfits([["c1", null]], Date.now());
  showNow();
  expect(paise("c1")).toBeNaN();
});

it("keeps a profit that was told while the rows were on their way, and drops an older one", async () => {
  await load(row("c1", "1.00"), row("c2", "2.00"));
  store().takeProfits([["c2", 7]], Date.now() - 60_000);
  const loading = load(row("c1", "1.00"), row("c2", "2.50"), row("c9", "9.00"));
  store().takeProfits(
    [
      ["c1", 5.25],
      ["c9", 10],
    ],
    Date.now() + 1,
  );
  await loading;
  expect([paise("c1"), paise("c2"), paise("c9")]).toEqual([525, 250, 1000]);
});

it("changes funds and sessions of the clients that it knows, and nobody else", async () => {
  await load(row("c1", "1.00"), row("c2", "1.00"));
  const other = store().clients[1];
  store().takeRows([
    { id: "c1", available_funds: "12.00", as_of: "2026-11-22T05:13:10Z" },
    { id: "gone", available_funds: "1.00" },
  ]);
  expect(store().clients[0]).toMatchObject({ available_funds: "12.00", pl: "1.00" });
  expect(store().clients[1]).toBe(other);
  expect(store().clients).toHaveLength(2);
});

it("says that a load failed, and keeps the rows that it had", async () => {
  await load(row("c1", "1.00"));
  refuse("get", "/api/v1/clients", 503, "store_unavailable");
  await store().fetchClients();
  expect(store().loadingStatus).toBe("failed");
  expect(store().clients).toHaveLength(1);
});

it("shares one request between callers at the same time", async () => {
  answer("get", "/api/v1/clients", { items: [], total: 0 });
  const first = store().fetchClients();
  expect(store().fetchClients()).toBe(first);
  await first;
});

it("shows nothing of what was asked for before it forgot", async () => {
  answer("get", "/api/v1/clients", { items: [row("c1", "1.00")], total: 1 } as never);
  const loading = store().fetchClients();
  store().forget();
  await loading;
  expect(store().clients).toEqual([]);
});

it("remembers the instruments that were picked, the latest first, each once", () => {
  const token = (id: string) => ({ id }) as Parameters<ReturnType<typeof store>["rememberToken"]>[0];
  for (const id of ["NSE:1", "NSE:2", "NSE:1"]) store().rememberToken(token(id));
  expect(store().tokens.map((one) => one.id)).toEqual(["NSE:1", "NSE:2"]);
});
