import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";

export interface Series { name: string; values: (number | null)[] }

const colours = ["--line-1", "--line-2", "--line-3", "--line-4", "--line-5"];

/** Lines over the time since the page was opened. The figures beside it say the same in words. */
export function Chart(props: { title: string; times: number[]; series: Series[] }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>();
  const names = props.series.map((one) => one.name).join("\n");
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--edge"), width: 1 }, ticks: { stroke: colour("--edge") } };
    const made = new uPlot({
      width: element.clientWidth, height: 150, padding: [8, 8, 0, 0], cursor: { drag: { x: false, y: false } }, legend: { show: false },
      scales: { y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] } },
      axes: [{ ...axis, space: 90, values: (_, ticks) => ticks.map((at) => new Date(at * 1000).toLocaleTimeString(undefined, { hour12: false })) }, { ...axis, size: 52 }],
      series: [{}, ...names.split("\n").map((label, index) => ({ label, stroke: colour(colours[index % colours.length]!), width: 2, points: { show: false } }))],
    }, [[], ...names.split("\n").map(() => [])] as uPlot.AlignedData, element);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: 150 }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
    };
  }, [names]);
  useEffect(() => plot.current?.setData([props.times, ...props.series.map((one) => one.values)] as uPlot.AlignedData), [props.times, props.series]);
  return (
    <figure class="chart">
      <figcaption>{props.title}</figcaption>
      <div ref={place} aria-hidden="true" />
      <ul class="legend">
        {props.series.map((one, index) => (
          <li><span class={`swatch line-${(index % colours.length) + 1}`} aria-hidden="true" /> {one.name}: {Math.round(one.values.at(-1) ?? 0).toLocaleString("en")}</li>
        ))}
      </ul>
    </figure>
  );
}
