/** Starts `desk demo` on free ports with a throw-away state before the first test, and ends it after the last one. */
import { Demo, freePort, tokenOf } from "./demo.ts";

export default async function startDesk(): Promise<() => Promise<void>> {
  const demo = new Demo({
    PORT: String(await freePort()),
    SIMULATOR_PORT: String(await freePort()),
    CLIENTS: process.env["CLIENTS"] ?? "25",
  });
  try {
    await demo.start();
    // Workers are started with this process's environment.
    process.env["DESK_ACCESS"] = JSON.stringify(demo.access);
    process.env["DESK_TOKEN"] = await tokenOf(demo.access);
  } catch (error) {
    await demo.remove();
    throw error;
  }
  return () => demo.remove();
}
