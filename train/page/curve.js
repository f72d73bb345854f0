// A landscape with one axis: the loss as a line, with paths on it.

import * as Plot from "@observablehq/plot";

import { brief, chart, extent, lossAxis } from "./charts.js";
import { pathKey, pathMarks } from "./paths.js";

/** The drawing; `paths` are those to be seen. */
export function curve(landscape, { isLog, width, height, paths, press }) {
  const line = landscape.x.map((x, index) => ({ x, loss: landscape.losses[index] }));
  const finite = landscape.losses.filter((loss) => loss !== null);
  const domains = {
    x: [landscape.x[0], landscape.x.at(-1)],
    y: finite.length > 0 ? extent(finite) : [0, 1],
  };
  if (domains.y[0] === domains.y[1]) domains.y[1] += Math.abs(domains.y[0]) || 1;
  const holes = landscape.losses.includes(null);
  return chart({
    width,
    height,
    x: { label: landscape.x_label, domain: domains.x },
    // Inset, so that the lowest point and a mark on it are whole.
    y: { ...lossAxis(landscape.losses, isLog), domain: domains.y, inset: 10 },
    marks: [
      Plot.line(line, { x: "x", y: "loss", stroke: "#57606a", strokeWidth: 2, clip: true, className: "curve" }),
      ...pathMarks(paths, { x: "x", y: "loss", domains, tip: (p) => [`x ${brief(p.x)}`] }),
    ],
    key: pathKey(landscape.paths, { paths, press, holes }),
  });
}
