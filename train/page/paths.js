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
  const at = (name) => (point) => (isNear(point[x], domains.x) && isNear(point[y], domains.y) ? point[name] : null);
  const places = { x: at(x), y: at(y), clip: true };
  const points = ways.flatMap((path) =>
    path.points.map((point, step) => ({ ...point, text: [`${path.name}, step ${step}`, ...tip(point),
      `loss ${brief(point.loss)}`].join("\n") })));
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
      ? [Plot.tip(points, Plot.pointer({ ...places, title: "text", maxRadius: 14, fontSize: 13 }))]
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

/** The losses of paths over their steps. */
export function stepsChart(paths, { isLog, width, height }) {
  const rows = (path) => path.points.map(({ loss }, step) => ({ step, loss: isLog && loss <= 0 ? null : loss }));
  const losses = paths.flatMap((path) => rows(path).map(({ loss }) => loss));
  const [, longest] = extent(paths.map((path) => path.points.length - 1));
  return chart({
    width,
    height,
    x: { label: "step", domain: [0, longest], tickFormat: (step) => (Number.isInteger(step) ? String(step) : "") },
    y: lossAxis(losses, isLog),
    marks: paths.map((path) =>
      Plot.line(rows(path), { x: "step", y: "loss", stroke: lineColour(path.index), strokeWidth: 1.8,
        className: "path" })),
  });
}
