// The page of decision regions: panels side by side in one image, with a key of the classes above them.

import * as Plot from "@observablehq/plot";

import { saveImage } from "../../autograd/page/save_image.js";
import { brief, element as svg, imageOf, text } from "./charts.js";

const element = (id) => document.getElementById(id);

const { title, class_names: names, colors, strength, panels } = JSON.parse(element("data").textContent);
const SYMBOLS = ["circle", "triangle", "square", "diamond", "star", "cross", "wye"];
const symbolOf = (label) => SYMBOLS[label % SYMBOLS.length];
const MARGIN = { marginTop: 50, marginRight: 12, marginBottom: 34, marginLeft: 46 };
const KEY_HEIGHT = 34, GAP = 12, LEAST = 340;

/** A colour as regions have it: mixed with white. */
const light = (colour) => {
  const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return `rgb(${parts.map((part) => Math.round(255 - strength * (255 - part))).join()})`;
};

/** One panel, `width` pixels wide, as an SVG element. */
function panelOf(panel, width) {
  const { columns, rows, left, bottom, cell, labels, points } = panel;
  const right = left + columns * cell, top = bottom + rows * cell;
  const inner = width - MARGIN.marginLeft - MARGIN.marginRight;
  const height = Math.round((inner * rows) / columns) + MARGIN.marginTop + MARGIN.marginBottom;
  const axis = { label: null, nice: false, ticks: 5, tickFormat: (number) => brief(number) };
  const plot = Plot.plot({
    ...MARGIN,
    width,
    height,
    style: { fontSize: "13px", fontFamily: 'Helvetica, Arial, "Liberation Sans", sans-serif', color: "#1f2328" },
    x: { ...axis, domain: [left, right] },
    y: { ...axis, domain: [bottom, top] },
    color: { type: "identity" },
    marks: [
      Plot.raster(labels, { width: columns, height: rows, x1: left, y1: bottom, x2: right, y2: top,
        fill: (label) => light(colors[label]), imageRendering: "pixelated", className: "regions" }),
      Plot.dot(points, { x: "x", y: "y", r: 3.2, symbol: ({ label }) => symbolOf(label),
        fill: ({ label }) => colors[label], stroke: "white", strokeWidth: 0.8, clip: true, className: "points" }),
      Plot.frame({ stroke: "#57606a" }),
    ],
    symbol: { type: "identity" },
  });
  const numbers = [`accuracy ${brief(100 * panel.accuracy, 3)} %`, `boundary length ${brief(panel.boundary)}`];
  // Not centred, as Plot's own words are.
  const start = { "text-anchor": "start" };
  plot.append(
    text(MARGIN.marginLeft, 14, panel.title, { ...start, "font-weight": "bold", "font-size": 15 }),
    text(MARGIN.marginLeft, 36, points.length > 0 ? numbers.join(", ") : numbers[1], { ...start, fill: "#57606a" }));
  plot.addEventListener("pointermove", (event) => {
    // The panel's own box is that of what is drawn in it, not where it begins.
    const box = plot.ownerSVGElement.getBoundingClientRect();
    const x = plot.scale("x").invert(event.clientX - box.left - plot.getAttribute("x"));
    const y = plot.scale("y").invert(event.clientY - box.top - plot.getAttribute("y"));
    const column = Math.floor((x - left) / cell), row = Math.floor((y - bottom) / cell);
    const isInside = column >= 0 && column < columns && row >= 0 && row < rows;
    element("readout").textContent =
      isInside ? `(${brief(x)}, ${brief(y)}): ${names[labels[row * columns + column]]}` : "";
  });
  return { plot, height };
}

/** The classes: a light field with a symbol on it, and the name. */
function key() {
  const group = svg("g", { class: "key", transform: `translate(${MARGIN.marginLeft}, ${KEY_HEIGHT / 2})` });
  let x = 0;
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = '13px Helvetica, Arial, "Liberation Sans", sans-serif';
  names.forEach((name, label) => {
    const sample = Plot.plot({ width: 28, height: 20, axis: null, margin: 0,
      x: { domain: [-1, 1] }, y: { domain: [-1, 1] },
      marks: [Plot.dot([0], { x: 0, y: 0, r: 4.5, symbol: symbolOf(label), fill: colors[label], stroke: "white" })] });
    sample.setAttribute("x", x);
    sample.setAttribute("y", -10);
    group.append(
      svg("rect", { x, y: -10, width: 28, height: 20, fill: light(colors[label]), stroke: "#afb8c1" }),
      sample, text(x + 36, 0, name));
    x += 36 + pen.measureText(name).width + 24;
  });
  return group;
}

function draw() {
  const width = Math.max(LEAST, element("picture").clientWidth);
  const across = Math.min(panels.length, Math.max(1, Math.floor((width + GAP) / (LEAST + GAP))));
  const each = Math.min(620, Math.floor((width - GAP * (across - 1)) / across));
  const whole = svg("svg", { width, "font-family": 'Helvetica, Arial, "Liberation Sans", sans-serif', "font-size": 13 });
  whole.append(key());
  let y = KEY_HEIGHT, tallest = 0;
  panels.forEach((panel, index) => {
    if (index > 0 && index % across === 0) {
      y += tallest + GAP;
      tallest = 0;
    }
    const { plot, height } = panelOf(panel, each);
    plot.setAttribute("x", (index % across) * (each + GAP));
    plot.setAttribute("y", y);
    whole.append(plot);
    tallest = Math.max(tallest, height);
  });
  whole.setAttribute("height", y + tallest);
  whole.setAttribute("viewBox", `0 0 ${width} ${y + tallest}`);
  whole.addEventListener("pointerleave", () => (element("readout").textContent = ""));
  element("picture").replaceChildren(whole);
}

element("title").textContent = title;
document.title = title;
element("save").addEventListener("click", () => saveImage(imageOf(element("picture").firstElementChild), title));
addEventListener("resize", draw);
draw();
