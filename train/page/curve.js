// A landscape with one axis: the loss as a line, with paths on it.

import * as Plot from "@observablehq/plot";

import { brief, chart, key, lossAxis } from "./charts.js";
import { pathKey, pathMarks } from "./paths.js";

/** The drawing; `paths` are those to be seen. */
export function curve(landscape, { isLog, width, height, paths, press }) {
  const line = landscape.x.map((x, index) => ({ x, loss: landscape.losses[index] }));
  const holes = landscape.losses.includes(null);
  return chart({
    width,
    height,
    x: { label: landscape.x_label, domain: [landscape.x[0], landscape.x.at(-1)] },
    y: lossAxis(landscape.losses, isLog),
    marks: [
      Plot.line(line, { x: "x", y: "loss", stroke: "#57606a", strokeWidth: 2, clip: true, className: "curve" }),
      ...pathMarks(paths, { x: "x", y: "loss", tip: (p) => [`x ${brief(p.x)}`] }),
      key(pathKey(landscape.paths, { paths, press, holes })),
    ],
  });
}
