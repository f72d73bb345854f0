// A landscape with one axis: the loss as a line, with paths on it.

import * as Plot from "@observablehq/plot";

import { brief, chart, extent, lossAxis } from "./charts.js";
import { HOLE, pathKey, pathMarks } from "./paths.js";

/** The drawing; `paths` are those to be seen. */
export function curve(landscape, { isLog, width, height, paths, press }) {
  const line = landscape.x.map((x, index) => ({ x, loss: landscape.losses[index] }));
  const holes = line.filter(({ loss }) => loss === null);
  const half = (line[1].x - line[0].x) / 2;
  const losses = landscape.losses.filter((loss) => loss !== null);
  // Inset, so that the lowest point and a mark on it are whole.
  const y = { ...lossAxis(losses.length > 0 ? extent(losses) : [0, 1], isLog), inset: 10 };
  const domains = { x: [line[0].x, line.at(-1).x], y: y.domain };
  return chart({
    width,
    height,
    x: { label: landscape.x_label, domain: domains.x },
    y,
    marks: [
      Plot.rect(holes, { x1: (hole) => hole.x - half, x2: (hole) => hole.x + half, fill: HOLE, clip: true }),
      Plot.line(line, { x: "x", y: "loss", stroke: "#57606a", strokeWidth: 2, clip: true, className: "curve" }),
      ...pathMarks(paths, { x: "x", y: "loss", domains, tip: (p) => [`x ${brief(p.x)}`] }),
    ],
    key: pathKey(landscape.paths, { paths, press, holes: holes.length > 0 }),
  });
}
