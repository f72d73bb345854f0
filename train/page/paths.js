// Paths through a landscape: their lines, starts and ends, their entries in the key, and their losses
// over their steps.

import * as Plot from "@observablehq/plot";

import { brief, chart, entry, extent, heading, lineColour, lossAxis, space } from "./charts.js";

/** Where the loss is not finite. */
export const HOLE = "#f8dcdc";
// With more steps their dots would hide the line.
const MOST_DOTS = 150;

const isMark = (path) => path.points.length === 1;

/** Whether a number is in an axis' domain or so near that a line to it can be drawn. */
const isNear = (number, [low, high]) => number !== null && Math.abs(number - low) < 100 * (high - low);

/**
 * Marks for paths. `x` and `y` name members of their points, `domains` holds the range of each, `tip`
 * gives lines of text for a point.
 */
export function pathMarks(paths, { x, y, domains, tip }) {
  const ways = paths.filter((path) => !isMark(path) && path.points.length > 0);
  const isPlaced = (point) => isNear(point[x], domains.x) && isNear(point[y], domains.y);
  const at = (name) => (point) => (isPlaced(point) ? point[name] : null);
  const places = { x: at(x), y: at(y), clip: true };
  const points = ways.flatMap((path) => path.points.map((point, step) => {
    const lines = [`${path.name}, step ${step}`, ...tip(point), `loss ${brief(point.loss)}`];
    return { ...point, text: lines.join("\n") };
  }));
  return [
    ...ways.map(({ points }) =>
      Plot.line(points, { ...places, stroke: "white", strokeWidth: 4, strokeOpacity: 0.7 })),
    ...ways.flatMap(({ points, index }) => [
      Plot.line(points, { ...places, stroke: lineColour(index), strokeWidth: 1.8, className: "path" }),
      ...(points.length <= MOST_DOTS ? [Plot.dot(points, { ...places, r: 2, fill: lineColour(index) })] : []),
    ]),
    ...ways.map(({ points }) =>
      Plot.dot(points.slice(0, 1), { ...places, r: 6, fill: "white", stroke: "#111111", strokeWidth: 2,
        className: "start" })),
    ...ways.map(({ points, index }) =>
      Plot.dot(points.slice(-1), { ...places, r: 6, fill: lineColour(index), stroke: "white", strokeWidth: 1.5,
        className: "end" })),
    ...paths.filter(isMark).map(({ points, index }) =>
      Plot.dot(points, { ...places, r: 6, symbol: "times", stroke: lineColour(index), strokeWidth: 2.5,
        className: "mark" })),
    ...(points.length > 0
      ? [Plot.tip(points, Plot.pointer({ ...places, title: "text", maxRadius: 14, fontSize: 13, lineHeight: 1.2 }))]
      : []),
  ];
}

/** The parts of a key that name paths; `paths` are those to be seen, pressing one tells which. */
export function pathKey(all, { paths, press, holes = false }) {
  const seen = new Set(paths.map(({ index }) => index));
  const parts = all.map((path, index) => entry({
    symbol: isMark(path) ? "cross" : "line",
    colour: lineColour(index),
    name: path.name,
    detail: detailOf(path),
    isOff: !seen.has(index),
    press: press && (() => press(index)),
  }));
  if (all.some((path) => !isMark(path))) parts.unshift(heading("○ start  ● end"), space(8));
  if (holes) parts.push(entry({ symbol: "area", colour: HOLE, name: "loss is not finite" }));
  return parts;
}

function detailOf({ points }) {
  if (points.length === 0) return "no points";
  const loss = `loss ${brief(points.at(-1).loss)}`;
  const steps = points.length - 1;
  return steps === 0 ? loss : `${loss}, ${steps} step${steps === 1 ? "" : "s"}`;
}

/**
 * The losses of paths over their steps. `range` is that of the landscape: losses far outside of it, of a
 * path that diverges, leave the chart.
 */
export function stepsChart(paths, { isLog, range, width, height }) {
  const isShown = (loss) => loss !== null && (!isLog || loss > 0);
  const rows = (path) => path.points.map(({ loss }, step) => ({ step, loss: isShown(loss) ? loss : null }));
  const losses = paths.flatMap((path) => path.points.map(({ loss }) => loss)).filter(isShown);
  const reach = range[1] - range[0];
  const near = losses.filter((loss) => loss >= range[0] - reach && loss <= range[1] + reach);
  const [, longest] = extent(paths.map((path) => path.points.length - 1));
  return chart({
    width,
    height,
    x: { label: "step", domain: [0, longest], ticks: Math.min(longest, 10), tickFormat: String },
    y: lossAxis(near.length > 0 ? extent(near) : [1, 10], isLog),
    marks: paths.map((path) =>
      Plot.line(rows(path), { x: "step", y: "loss", clip: true, stroke: lineColour(path.index), strokeWidth: 1.8,
        className: "path" })),
  });
}
