import { cpus, loadavg } from "node:os";
import type { Reporter, TestCase, TestResult } from "@playwright/test/reporter";
import { ANNOTATION, type Figure, shown, type Verdict, verdictOf } from "./figures.ts";

/** Prints the table, and the verdict as the last line. A goal that is missed fails the run, as does a measurement that broke. */
export default class FigureReporter implements Reporter {
  readonly #figures: Figure[] = [];
  readonly #broken: string[] = [];

  onBegin(): void {
    const load = (loadavg()[0] ?? 0).toFixed(1);
    say(
      `${cpus().length} cores, load ${load} before the start; what else runs on the machine makes every figure worse`,
    );
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    for (const { type, description } of result.annotations) {
      if (type === ANNOTATION && description) this.#figures.push(JSON.parse(description) as Figure);
    }
    if (result.status === "passed") return;
    this.#broken.push(test.title);
    say(`${test.title}: ${result.status}`);
    for (const error of result.errors) say(error.message ?? error.value ?? "");
  }

  onError(error: { message?: string }): void {
    this.#broken.push("start");
    say(error.message ?? "it could not be started");
  }

  async onEnd(): Promise<{ status: "passed" | "failed" }> {
    const rows = [["", "measured", "goal", "unit", "verdict", ""], ...this.#figures.map(rowOf)];
    const widths = rows[0]?.map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
    for (const row of rows)
      say(
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd(),
      );
    const named = (verdict: Verdict) =>
      this.#figures.filter((one) => verdictOf(one) === verdict).map((one) => one.name);
    const missed = named("MISSED");
    const open = named("not judged");
    if (open.length > 0) say(`\nNot judged, since the machine was busy with other work: ${open.join(", ")}`);
    if (this.#broken.length > 0) say(`\n${this.#broken.length} measurements broke: ${this.#broken.join(", ")}`);
    else if (missed.length > 0) say(`\n${missed.length} goals missed: ${missed.join(", ")}`);
    else say(open.length > 0 ? "\nEvery goal that could be judged is met." : "\nEvery goal is met.");
    return { status: missed.length + this.#broken.length > 0 ? "failed" : "passed" };
  }

  printsToStdio(): boolean {
    return true;
  }
}

function rowOf(figure: Figure): string[] {
  const busy =
    figure.slowdown === undefined ? [] : [`work took ${figure.slowdown.toFixed(2)} times its processor time`];
  return [
    figure.name,
    shown(figure.value),
    figure.most === null ? "" : `<= ${figure.most}`,
    figure.unit,
    verdictOf(figure),
    [figure.note ?? [], busy].flat().join("; "),
  ];
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
