// The page of a choice of k: for each metric the accuracy of every fold, their mean and its spread.

import * as Plot from "@observablehq/plot";

import { saveImage } from "../../autograd/page/save_image.js";
import { brief, chart, entry, extent, heading, imageOf, lineColour, space } from "./charts.js";

const element = (id) => document.getElementById(id);

const { title, scores } = JSON.parse(element("data").textContent);
const metrics = [...new Set(scores.map(({ metric }) => metric))];
const folds = scores[0].accuracies.length;
const best = scores.reduce((a, b) => (b.mean > a.mean ? b : a));
// Blue and orange first: told apart by all kinds of eyes, and of different brightness.
const COLOURS = ["#0757c9", "#c25700", "#1a7f37"];
const colourOf = (metric) => COLOURS[metrics.indexOf(metric)] ?? lineColour(metrics.indexOf(metric));
const percent = (share) => `${brief(100 * share, 3)} %`;
const hidden = new Set();
const select = element("scale");

function draw() {
  const width = Math.max(640, element("picture").clientWidth);
  const isLog = select.value === "log";
  const ks = [...new Set(scores.map(({ k }) => k))].sort((a, b) => a - b);
  // Logarithms by hand: Plot leaves some labels of a logarithmic axis out.
  const at = isLog ? Math.log10 : (k) => k;
  const place = ({ k }) => at(k);
  const [start, end] = extent(ks.map(at));
  const ticks = spaced(ks.map(at), ((end - start) * 28) / (width - 370));
  const shown = scores.filter(({ metric }) => !hidden.has(metric));
  const lines = metrics.map((metric) => shown.filter((score) => score.metric === metric));
  const dots = shown.flatMap(({ accuracies, ...score }) =>
    accuracies.map((accuracy, fold) => ({ ...score, accuracy, fold })));
  const [low, high] = extent(scores.flatMap((score) =>
    [...score.accuracies, score.mean - score.deviation, score.mean + score.deviation]));
  const room = 0.05 * (high - low) || 0.01;
  // The bars of two metrics at one k stand side by side.
  const shift = (metric) => (metrics.indexOf(metric) - (metrics.length - 1) / 2) * 5;
  const tips = dots.map((dot) => ({ ...dot,
    text: `${dot.metric}, k = ${dot.k}, fold ${dot.fold + 1}\n${percent(dot.accuracy)}\n` +
      `mean ${percent(dot.mean)} ± ${percent(dot.deviation)}` }));
  const marks = lines.filter((line) => line.length > 0).flatMap((line) => {
    const { metric } = line[0];
    const all = { x: place, stroke: colourOf(metric), dx: shift(metric), clip: true };
    return [
      Plot.dot(dots.filter((dot) => dot.metric === metric),
        { ...all, y: "accuracy", r: 3, fill: colourOf(metric), fillOpacity: 0.35, strokeOpacity: 0.6,
          strokeWidth: 0.7, className: "fold" }),
      ...(folds > 1
        ? [Plot.link(line, { ...all, y: undefined, x: undefined, x1: place, x2: place, y1: (s) => s.mean - s.deviation,
            y2: (s) => s.mean + s.deviation, strokeWidth: 1.5, className: "deviation",
            markerStart: cap, markerEnd: cap })]
        : []),
      Plot.line([...line].sort((a, b) => a.k - b.k),
        { ...all, y: "mean", strokeWidth: 2, className: "mean" }),
    ];
  });
  const picture = chart({
    width,
    height: Math.min(Math.round(width * 0.5), 600),
    x: { label: "k, how many neighbours vote", domain: start < end ? [start, end] : [start - 1, end + 1], inset: 14,
      ticks, tickFormat: (tick) => String(isLog ? Math.round(10 ** tick) : tick), grid: true },
    y: { label: "accuracy on the validation fold", domain: [Math.max(0, low - room), Math.min(1, high + room)],
      grid: true, tickFormat: percent, ticks: 7 },
    marks: [
      ...marks,
      ...(shown.includes(best)
        ? [Plot.dot([best], { x: place, y: "mean", r: 8, stroke: "#111111", strokeWidth: 2, dx: shift(best.metric),
            className: "best" })]
        : []),
      Plot.tip(tips, Plot.pointer({ x: place, y: "accuracy", title: "text", maxRadius: 14, fontSize: 13 })),
    ],
    key: [
      heading(folds > 1 ? `dots: ${folds} folds` : "one validation set"),
      ...(folds > 1 ? [heading("lines: mean ± deviation")] : []),
      space(8),
      ...metrics.map((metric) => entry({
        symbol: "line",
        colour: colourOf(metric),
        name: metric === "dot" ? "dot product" : `${metric} distance`,
        detail: bestOf(metric),
        isOff: hidden.has(metric),
        press: () => {
          if (!hidden.delete(metric)) hidden.add(metric);
          draw();
          element("picture").querySelectorAll(".key [role=button]")[metrics.indexOf(metric)].focus();
        },
      })),
      space(8),
      heading(`○ best: ${best.metric}, k = ${best.k}`),
    ],
  });
  element("picture").replaceChildren(picture);
}

function bestOf(metric) {
  const top = scores.filter((score) => score.metric === metric).reduce((a, b) => (b.mean > a.mean ? b : a));
  return `best ${percent(top.mean)} at k = ${top.k}`;
}

/** Those of the sorted places that are at least `apart`, so that their labels can be read. */
function spaced(places, apart) {
  const kept = [];
  for (const place of places) if (kept.length === 0 || place - kept.at(-1) >= apart) kept.push(place);
  return kept;
}

/** The end of an error bar: a short line across. */
function cap(colour, context) {
  const svg = (name, attributes) => {
    const made = context.document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const marker = svg("marker", { viewBox: "-5 -5 10 10", markerWidth: 8, markerHeight: 8, orient: "auto" });
  marker.append(svg("path", { d: "M0,-4V4", stroke: colour, "stroke-width": 1.5 }));
  return marker;
}

element("title").textContent = title;
document.title = title;
const [least, most] = extent(scores.map(({ k }) => k));
select.value = most / least > 20 ? "log" : "linear";
select.addEventListener("change", draw);
element("save").addEventListener("click", () => saveImage(imageOf(element("picture").firstElementChild), title));
addEventListener("resize", draw);
draw();
