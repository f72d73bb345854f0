// What charts share: their look, colours, how numbers read, and the key to the right of a chart. The key
// is part of the image, so that a saved one can be read by itself.

import * as Plot from "@observablehq/plot";

const INK = "#1f2328", QUIET = "#57606a";
const FONT = { size: 13, family: 'Helvetica, Arial, "Liberation Sans", sans-serif' };
const KEY = { width: 230, gap: 20, row: 22, indent: 28 };
const SVG = "http://www.w3.org/2000/svg";

// Dark enough for lines on white and on the colours of a surface.
const LINE_COLOURS = ["#111111", "#d1242f", "#d4770b", "#1a7f37", "#0757c9", "#8e3bd1", "#b8197f", "#00747f"];
export const lineColour = (index) => LINE_COLOURS[index % LINE_COLOURS.length];

/** A number in few letters: 0.00123, 12.5, 3.2e+7. */
export function brief(number, digits = 3) {
  if (number === null || !Number.isFinite(number)) return "not finite";
  const size = Math.abs(number);
  let words;
  if (size !== 0 && (size >= 1e5 || size < 1e-3)) {
    words = number.toExponential(digits - 1).replace(/\.?0+e/, "e");
  } else {
    words = String(size >= 10 ** digits ? Math.round(number) : Number(number.toPrecision(digits)));
  }
  return words.replaceAll("-", "−");
}

/** Writes numbers from low to high so that those of `count` equal parts of this range differ. */
function reader([low, high], count) {
  const parts = (Math.max(Math.abs(low), Math.abs(high)) / (high - low)) * count;
  const digits = Number.isFinite(parts) ? Math.min(Math.max(3, Math.ceil(Math.log10(parts)) + 1), 12) : 3;
  return (number) => brief(number, digits);
}

/** The smallest and the largest of numbers, however many; (Infinity, -Infinity) of none. */
export const extent = (numbers) =>
  numbers.reduce(([low, high], number) => [Math.min(low, number), Math.max(high, number)], [Infinity, -Infinity]);

/** What Plot takes for an axis of losses from low to high. */
export function lossAxis([low, high], isLog) {
  const range = low < high ? [low, high] : [low, low + (Math.abs(low) || 1)];
  const axis = { label: "loss", grid: true, tickFormat: reader(range, 6) };
  if (!isLog) return { ...axis, domain: range, nice: true, ticks: 6 };
  const ticks = roundNumbers(range);
  // In a narrow range there are none.
  if (ticks.length <= 3) return { ...axis, type: "log", domain: range, ticks: 6 };
  return { ...axis, type: "log", domain: [ticks[0], ticks.at(-1)], ticks };
}

/** Round numbers around a range above 0: about six powers of ten, or 1, 2 and 5 times powers. */
function roundNumbers([low, high]) {
  const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high));
  const step = Math.ceil((last - first) / 6);
  const multiples = last - first > 2 ? [1] : [1, 2, 5];
  const numbers = [];
  for (let power = first; power < last + step; power += step) {
    numbers.push(...multiples.map((multiple) => Number(`${multiple}e${power}`)));
  }
  const start = Math.max(0, numbers.filter((number) => number <= low).length - 1);
  return numbers.slice(start, numbers.findIndex((number) => number >= high) + 1);
}

/**
 * A chart with labelled axes and a key; `x`, `y` and `marks` as Plot.plot takes them. It is at least as
 * high as its key, whose parts are made by `heading`, `space`, `entry` and `ramp`.
 */
export function chart({ x, y, height, marks, key = [], ...options }) {
  const axis = { labelAnchor: "center", labelArrow: "none", nice: false };
  const margin = { marginTop: 16, marginRight: KEY.width + KEY.gap, marginBottom: 52, marginLeft: 96 };
  return Plot.plot({
    ...margin,
    style: { fontSize: `${FONT.size}px`, fontFamily: FONT.family, color: INK, overflow: "hidden" },
    x: { ...axis, labelOffset: 44, ...x },
    y: { ...axis, labelOffset: 86, ...y },
    height: Math.max(height, key.reduce((sum, part) => sum + part.height, margin.marginTop + KEY.row)),
    ...options,
    marks: [...marks, Plot.frame({ stroke: "#afb8c1" }), keyMark(key)],
  });
}

/** The text of an SVG image of a chart. */
export function imageOf(chart) {
  const copy = chart.cloneNode(true);
  copy.setAttribute("xmlns", SVG);
  // Only a page needs these: what a reader can press, and the tip under the pointer.
  for (const part of copy.querySelectorAll("[role=button]")) part.removeAttribute("role");
  for (const part of copy.querySelectorAll("[aria-label=tip]")) part.remove();
  return new XMLSerializer().serializeToString(copy);
}

/** An SVG element. */
export function element(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Words that begin at (x, y), an SVG element. */
export const text = (x, y, words, attributes = {}) =>
  element("text", { x, y, dy: "0.35em", fill: INK, stroke: "none", ...attributes }, words);

const pen = document.createElement("canvas").getContext("2d");

/** As many of the words' letters as a row of the key has room for. */
function shortened(words) {
  pen.font = `${FONT.size}px ${FONT.family}`;
  const fits = (text) => pen.measureText(text).width <= KEY.width - KEY.indent - 4;
  if (fits(words)) return words;
  let length = words.length;
  while (length > 0 && !fits(`${words.slice(0, length)}…`)) --length;
  return `${words.slice(0, length)}…`;
}

/**
 * A mark: the key. Each of its parts is a function that draws at (0, 0) into a group, knows its height
 * and gets the chart's scales.
 */
function keyMark(parts) {
  return (index, scales, values, { width, marginTop }) => {
    const group = element("g", {
      class: "key",
      "text-anchor": "start",
      transform: `translate(${width - KEY.width}, ${marginTop + FONT.size / 2})`,
    });
    let y = 0;
    for (const { draw, height } of parts) {
      const part = element("g", { transform: `translate(0, ${y})` });
      draw(part, scales);
      group.append(part);
      y += height;
    }
    return group;
  };
}

/** Part of a key: a line of words. */
export const heading = (words) => ({
  height: KEY.row,
  draw: (group) => group.append(text(0, 0, shortened(words), { "font-weight": "bold" })),
});

/** Part of a key: room. */
export const space = (height) => ({ height, draw: () => {} });

const SYMBOLS = {
  line: (colour) => element("line", { x1: 0, x2: 20, y1: 0, y2: 0, stroke: colour, "stroke-width": 3 }),
  cross: (colour) =>
    element("path", { d: "M5,-5L15,5M5,5L15,-5", stroke: colour, "stroke-width": 2.5, fill: "none" }),
  area: (colour) => element("rect", { x: 0, y: -6, width: 20, height: 12, fill: colour, stroke: "#afb8c1" }),
};

/** Part of a key: a line, cross or area with its name and a second text below; pressing it calls `press`. */
export function entry({ symbol, colour, name, detail = "", isOff = false, press }) {
  const draw = (group) => {
    group.append(
      SYMBOLS[symbol](colour),
      text(KEY.indent, 0, shortened(name)),
      text(KEY.indent, 17, detail, { fill: QUIET, "font-size": FONT.size - 1 }));
    group.append(element("title", {}, press ? `${name}: ${isOff ? "show" : "hide"}` : name));
    group.setAttribute("opacity", isOff ? 0.35 : 1);
    if (!press) return;
    // Something to press between the letters too.
    group.prepend(element("rect", { x: -4, y: -11, width: KEY.width, height: 38, fill: "transparent" }));
    group.setAttribute("role", "button");
    group.setAttribute("tabindex", 0);
    group.setAttribute("aria-pressed", !isOff);
    group.addEventListener("click", press);
    group.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      press();
    });
  };
  return { draw, height: 2 * KEY.row };
}

/**
 * Part of a key: bands of colour from `levels` (the lowest first) to `top`, some with the number that
 * `meaning` makes of them. What lies below the lowest has its colour, if `isOpen`.
 */
export function ramp({ levels, top, meaning, isOpen = false }) {
  const band = 11, every = 4;
  const read = reader([meaning(levels[0]), meaning(top)], levels.length);
  const draw = (group, scales) => {
    const y = (index) => (levels.length - index) * band;
    levels.forEach((level, index) => {
      group.append(element("rect",
        { x: 0, y: y(index + 1), width: 20, height: band, fill: scales.color(level), stroke: "none" }));
    });
    group.append(element("rect",
      { x: 0, y: 0, width: 20, height: levels.length * band, fill: "none", stroke: "#afb8c1" }));
    [...levels, top].forEach((level, index) => {
      if (index % every !== 0) return;
      const words = (isOpen && index === 0 ? "≤ " : "") + read(meaning(level));
      group.append(text(KEY.indent, y(index), words, { fill: QUIET }));
    });
  };
  return { draw, height: (levels.length + 2) * band };
}
