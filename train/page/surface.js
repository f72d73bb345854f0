// A landscape with two axes: contours of the loss, filled, with paths over them.

import * as Plot from "@observablehq/plot";

import { brief, chart, extent, heading, ramp, space } from "./charts.js";
import { HOLE, pathKey, pathMarks } from "./paths.js";

// Light, so that the lines of paths stand out.
const COLOURS = ["#ffffff", "#d3deeb", "#9fb4cc", "#6c86a6"];
const LEVELS = 20;

/** Numbers at equal distances, the last one left out. */
const levelsFrom = (low, high) =>
  Array.from({ length: LEVELS }, (_, index) => low + ((high - low) * index) / LEVELS);

/** The drawing; `paths` are those to be seen. */
export function surface(landscape, { isLog, width, height, paths, press }) {
  const { x, y } = landscape;
  // Of logarithms, so that contours between two points of the grid lie where a power law has them. A
  // loss of 0 counts as the smallest other.
  const [least] = extent(landscape.losses.filter((loss) => loss > 0));
  const shown = (loss) => (isLog && loss !== null ? Math.log10(Math.max(loss, least)) : loss);
  const values = landscape.losses.map(shown);
  const finite = values.filter((value) => value !== null).sort((a, b) => a - b);
  const holes = finite.length < values.length;
  // The logarithm of a loss near 0 goes down without end: the lowest hundredth of the plane shares a
  // colour, or a few points would take most of the scale.
  const lowest = finite[0], high = finite.at(-1);
  const hundredth = finite[Math.floor(finite.length / 100)];
  const low = isLog && hundredth < high ? hundredth : lowest;
  const levels = low < high ? levelsFrom(low, high) : [low];
  const meaning = (value) => (isLog ? 10 ** value : value);

  // Plot puts a number in the middle of its cell: the outermost ones reach over the frame.
  const half = (axis) => (axis[1] - axis[0]) / 2;
  const grid = Plot.contour(values.map((value) => value ?? NaN), {
    width: x.length,
    height: y.length,
    x1: x[0] - half(x),
    x2: x.at(-1) + half(x),
    y1: y[0] - half(y),
    y2: y.at(-1) + half(y),
    value: Plot.identity,
    interpolate: null,  // Or what is nearest would fill the holes.
    thresholds: [lowest, ...levels.slice(1)],
    fill: "value",
    stroke: "#ffffff",
    strokeOpacity: 0.6,
    strokeWidth: 0.7,
    clip: true,
  });
  const domains = { x: [x[0], x.at(-1)], y: [y[0], y.at(-1)] };
  const parts = [heading("loss"), space(4), ramp({ levels, top: high, meaning, isOpen: lowest < low })];
  return chart({
    width,
    height,
    x: { label: landscape.x_label, domain: domains.x },
    y: { label: landscape.y_label, domain: domains.y },
    color: { type: "linear", domain: spread(low, high), range: COLOURS, interpolate: "lab", clamp: true },
    marks: [
      ...(holes ? [Plot.frame({ fill: HOLE })] : []),
      ...(finite.length > 0 ? [grid] : []),
      ...pathMarks(paths, { x: "x", y: "y", domains, tip: (p) => [`x ${brief(p.x)}`, `y ${brief(p.y)}`] }),
    ],
    key: [...(finite.length > 0 ? parts : []), ...pathKey(landscape.paths, { paths, press, holes })],
  });
}

/** One number of the domain per colour. */
const spread = (low, high) => COLOURS.map((_, index) => low + ((high - low) * index) / (COLOURS.length - 1));
