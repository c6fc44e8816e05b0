import type { Browser, Page } from "@playwright/test";

const LONG_MS = 50;

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  dur?: number;
  /** Processor time of the thread, where Chromium tells it. */
  tdur?: number;
  args?: { name?: string; data?: { frames?: { processId?: number; url?: string }[] } };
}

/** Tasks of the page's main thread that took more than 50 ms while `work` ran: by processor time, and by the wall. */
export async function longTasksOf(
  browser: Browser,
  page: Page,
  work: () => Promise<void>,
): Promise<{ byProcessor: number; byWall: number }> {
  await browser.startTracing(page, { categories: ["toplevel", "disabled-by-default-devtools.timeline"] });
  await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const main = new Set(
    traceEvents
      .filter((event) => event.name === "thread_name" && event.args?.name === "CrRendererMain")
      .map((event) => `${event.pid} ${event.tid}`),
  );
  const tasks = traceEvents.filter(
    (event) => event.name === "RunTask" && event.ph === "X" && main.has(`${event.pid} ${event.tid}`),
  );
  if (tasks.length === 0 || tasks.every((task) => task.tdur === undefined)) {
    throw new Error("Chromium's trace tells no tasks with their processor time");
  }
  const isLong = (microseconds: number | undefined) => (microseconds ?? 0) > LONG_MS * 1000;
  return {
    byProcessor: tasks.filter((task) => isLong(task.tdur)).length,
    byWall: tasks.filter((task) => isLong(task.dur)).length,
  };
}
