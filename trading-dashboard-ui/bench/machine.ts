/** How much longer work takes here than the processor time it needs: 1 on a machine that does nothing else. */

const LOOP_MS = 40;
const LOOPS = 4;
const PAUSE_MS = 50;
/** Above this the wall's clock tells more of the machine's other work than of the dashboard. */
export const BUSY_ABOVE = 1.25;

export async function slowdown(): Promise<number> {
  let wallMs = 0;
  let processorMs = 0;
  for (let loop = 0; loop < LOOPS; loop++) {
    const startedAt = performance.now();
    const before = process.cpuUsage();
    let used = 0;
    while (used < LOOP_MS) {
      const { user, system } = process.cpuUsage(before);
      used = (user + system) / 1000;
    }
    wallMs += performance.now() - startedAt;
    processorMs += used;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return wallMs / processorMs;
}
