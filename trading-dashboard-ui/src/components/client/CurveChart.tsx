import { useEffect, useRef } from "react";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatCompactRupees, formatTime } from "@/format";
import type { ProfitPoint } from "@/rules/profitCurve";
import { usePreferences } from "@/store/preferencesStore";

const HEIGHT_PX = 180;
const SECOND_MS = 1000;

interface CurveChartProps {
  points: readonly ProfitPoint[];
  /** Read out instead of the picture. */
  label: string;
}

/** A line over time, with the zero that tells profit from loss. */
export default function CurveChart({ points, label }: CurveChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot | null>(null);
  const latest = useRef(points);
  latest.current = points;
  const theme = usePreferences((kept) => `${kept.theme} ${kept.palette}`);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme means other colours, which the canvas must be drawn anew with
  useEffect(() => {
    const around = place.current;
    if (around === null) return;
    const draw = () => {
      chart.current?.destroy();
      chart.current = new UPlot(optionsOf(around), dataOf(latest.current), around);
    };
    draw();
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const drawSoon = () => requestAnimationFrame(draw); // once the document has changed its colours
    dark.addEventListener("change", drawSoon);
    const resized = new ResizeObserver(() => chart.current?.setSize({ width: around.clientWidth, height: HEIGHT_PX }));
    resized.observe(around);
    return () => {
      dark.removeEventListener("change", drawSoon);
      resized.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
  }, [theme]);

  useEffect(() => chart.current?.setData(dataOf(points)), [points]);

  return <div ref={place} role="img" aria-label={label} className="min-w-0" style={{ height: HEIGHT_PX }} />;
}

function dataOf(points: readonly ProfitPoint[]): UPlot.AlignedData {
  return [
    points.map(({ at }) => at / SECOND_MS),
    points.map(({ paise }) => (paise === null ? null : paise / 100)),
    points.map(() => 0),
  ];
}

function optionsOf(around: HTMLElement): UPlot.Options {
  const style = getComputedStyle(around);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--ink-soft"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { stroke: colour("--line"), width: 1 },
    font: "11px system-ui, sans-serif",
  };
  return {
    width: around.clientWidth,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: true } },
    axes: [
      { ...axis, space: 70, values: (_chart, ticks) => ticks.map((tick) => formatTime(tick * SECOND_MS)) },
      { ...axis, size: 84, values: (_chart, ticks) => ticks.map((tick) => formatCompactRupees(tick.toFixed(2))) },
    ],
    series: [
      {},
      { stroke: colour("--accent"), width: 2, points: { show: false } },
      { stroke: colour("--line-strong"), width: 1, dash: [4, 4], points: { show: false } },
    ],
  };
}
