import { expect, test } from "./desk.ts";
import { clientsOf, lowestPrice, trade } from "./trading.ts";

const SOUNDED = 14977; // no other journey trades these two
const MOVING = 2475;

test("whoever wants it hears the end of a batch", async ({ person, desk }) => {
  const page = await person("trader", "/settings");
  await page.evaluate(() => {
    const tones: number[] = [];
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (when?: number) {
      tones.push(Math.round(this.frequency.value));
      start.call(this, when);
    };
    (globalThis as { tones?: number[] }).tones = tones;
  });
  const heard = () => page.evaluate(() => (globalThis as { tones?: number[] }).tones ?? []);
  const [client] = (await clientsOf(desk)).slice(14);
  if (client === undefined) throw new Error("the demo has clients");
  const price = await lowestPrice(desk, "NSE", SOUNDED);

  await page.getByRole("switch", { name: /^Sound when/ }).click();
  await trade(desk, SOUNDED, [[client, 1]], { order_type: "LIMIT", price });
  await expect.poll(heard).toEqual(expect.arrayContaining([523, 784]));
});

test("whoever wants it sees figures light up when they change", async ({ person, desk }) => {
  const [client] = (await clientsOf(desk)).slice(14);
  if (client === undefined) throw new Error("the demo has clients");
  await trade(desk, MOVING, [[client, 1]]);
  const page = await person("trader", "/");
  const lit = () =>
    page.evaluate(() =>
      document
        .getAnimations()
        .map((one) => (one.effect as KeyframeEffect).target?.closest("[data-client]")?.getAttribute("data-client")),
    );
  await page.evaluate(() => {
    localStorage.setItem("desk.preferences", JSON.stringify({ state: { flashes: true }, version: 1 }));
  });
  await page.reload();
  await expect.poll(lit, { intervals: [100], timeout: 20_000 }).toContain(client.id);
});
