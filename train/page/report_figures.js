// What the figures of a report are made of: elements, keys, and charts as wide as their place.

import * as Plot from "@observablehq/plot";

import { brief } from "./charts.js";

const STYLE = { fontSize: "13px", fontFamily: 'Helvetica, Arial, "Liberation Sans", sans-serif', overflow: "visible" };

/** An element with attributes, among them functions that listen, and children; texts stay texts. */
export function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** A share as a percentage: 12.3 %. */
export const percent = (share, digits = 3) => (share === null ? "–" : `${brief(100 * share, digits)} %`);

/** How wide a chart is: two stand side by side where each gets 480 pixels, as report.css lays them out. */
export function chartWidth({ alone = false } = {}) {
  const room = document.getElementById("curves").clientWidth;
  const columns = !alone && room >= 2 * 480 + 28 ? 2 : 1;
  return Math.max(260, Math.floor((room - 28 * (columns - 1)) / columns));
}

/** A figure: its title, what has to be said of it, a key, and a chart or what stands in its place. */
export function figure(title, { caption = "", key = [], chart, name = "" }) {
  return make(
    "figure",
    { "data-chart": name },
    make("h3", {}, title),
    make("figcaption", {}, caption),
    ...(key.length > 0 ? [make("div", { class: "key" }, ...key)] : []),
    chart,
  );
}

/** In place of a chart: why there is none. */
export const nothing = (words) => make("p", { class: "quiet" }, words);

/** Part of a key: a line and its name. */
export function keyLine(name, { colour = "#57606a", dashed = false } = {}) {
  const swatch = make("span", { class: dashed ? "swatch dashed" : "swatch", style: `border-color: ${colour}` });
  return make("span", {}, swatch, name);
}

/** Part of a key: a line and its name, to be pressed. */
export function keyToggle(name, { colour, dashed = false, isOff, press }) {
  const button = make("button", {
    class: "toggle",
    "aria-pressed": !isOff,
    title: `${name}: ${isOff ? "show" : "hide"}`,
    click: press,
  });
  button.append(keyLine(name, { colour, dashed }));
  return button;
}

/** An axis of epochs from 0, or from 1 where only their ends are seen. */
export const epochAxis = (last, first = 0) => {
  const end = Math.max(last, first + 1);
  const step = Math.max(1, Math.ceil((end - first) / 10));
  const round = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 1e5, 1e6].find((each) => each >= step);
  const ticks = [];
  for (let epoch = Math.ceil(first / round) * round; epoch <= end; epoch += round) ticks.push(epoch);
  return { label: "epoch", domain: [first, end], ticks, tickFormat: String };
};

/** A chart with its labels at the ends of the axes. */
export function chart({ width, height = 260, x, y, marks, ...options }) {
  return Plot.plot({
    width,
    height,
    marginTop: 26,
    marginRight: 16,
    marginBottom: 42,
    marginLeft: 62,
    style: { ...STYLE, color: "#1f2328", background: "white" },
    x: { labelArrow: "none", labelAnchor: "center", labelOffset: 36, nice: false, ...x },
    y: { labelArrow: "none", grid: true, ...y },
    ...options,
    marks: [Plot.frame({ stroke: "#afb8c1" }), ...marks],
  });
}

/** What is read under the pointer: rows have `x`, `y` and `text`. */
export const tip = (rows) =>
  Plot.tip(rows, Plot.pointer({ x: "x", y: "y", title: "text", maxRadius: 30, fontSize: 13, lineHeight: 1.25 }));

/** Points of a curve as rows; what is null is a gap. */
export const rowsOf = (xs, ys, text) =>
  xs.map((x, index) => ({ x, y: ys[index], text: ys[index] === null ? "" : text(x, ys[index]) }));

/** A curve with dots where its points can be told apart. */
export function curveMarks(rows, { colour, dashed = false, width = 1.8, name = "curve" }) {
  const seen = rows.filter(({ y }) => y !== null);
  return [
    Plot.line(rows, {
      x: "x",
      y: "y",
      stroke: colour,
      strokeWidth: width,
      strokeDasharray: dashed ? "5 4" : "none",
      clip: true,
      className: name,
    }),
    ...(seen.length <= 40
      ? [Plot.dot(seen, { x: "x", y: "y", r: 2.5, fill: dashed ? "white" : colour, stroke: colour, strokeWidth: 1.2 })]
      : []),
  ];
}
