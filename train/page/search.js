// The page of a search: where its trials lie, which were good, and all of them as a table.

import * as Plot from "@observablehq/plot";

import { brief, extent } from "./charts.js";

const element = (id) => document.getElementById(id);

const search = JSON.parse(element("data").textContent);
const INK = "#1f2328", DIVERGED = "#d1242f";
const STYLE = { fontSize: "13px", fontFamily: 'Helvetica, Arial, "Liberation Sans", sans-serif', color: INK };
const stages = [...new Set(search.records.map(({ stage }) => stage))].sort((a, b) => a - b);

/** What Plot takes for the axis of a parameter: its whole range, so that an edge is seen as one. */
const axisOf = ({ name, low, high, logarithmic }) => ({
  label: name,
  labelAnchor: "center",
  labelArrow: "none",
  type: logarithmic ? "log" : "linear",
  domain: [low, high],
  grid: true,
  ticks: 5,
  tickFormat: (number) => brief(number),
});

const words = (record) => [
  `trial ${record.trial}, ${record.epochs} epoch${record.epochs === 1 ? "" : "s"}`,
  record.score === null ? record.error || "no score" : `score ${brief(record.score, 5)}`,
  ...Object.entries(record.parameters).map(([name, value]) => `${name} ${brief(value)}`),
].join("\n");

const tip = (records, places) =>
  Plot.tip(records, Plot.pointer({ ...places, title: words, maxRadius: 20, fontSize: 13, lineHeight: 1.2 }));

/** From the lowest to the highest score; one alone gets a range, too. */
function rangeOf(records) {
  const [low, high] = extent(records.map(({ score }) => score));
  return low < high ? [low, high] : records.length > 0 ? [low - 1, high] : [0, 1];
}

/** Two parameters against each other, coloured by score; crosses where there is none. */
function pairChart(records, [first, second]) {
  const x = (record) => record.parameters[first.name], y = (record) => record.parameters[second.name];
  const good = records.filter(({ score }) => score !== null);
  const best = good.slice(0, 1);
  return Plot.plot({
    style: STYLE,
    width: Math.max(560, Math.min(900, element("pairs").clientWidth)),
    height: 440,
    marginLeft: 80,
    marginBottom: 52,
    x: { ...axisOf(first), labelOffset: 40 },
    y: axisOf(second),
    color: { scheme: "viridis", legend: true, label: "score", domain: rangeOf(good) },
    marks: [
      Plot.frame({ stroke: "#afb8c1" }),
      Plot.dot(records.filter(({ score }) => score === null),
        { x, y, symbol: "times", stroke: DIVERGED, r: 5, className: "diverged" }),
      // From the worst to the best, which lies on top.
      Plot.dot([...good].reverse(), { x, y, fill: "score", stroke: "white", r: 7, className: "trial" }),
      Plot.dot(best, { x, y, stroke: INK, strokeWidth: 2, r: 10, className: "best" }),
      tip(records, { x, y }),
    ],
  });
}

/** The score over one parameter, a series of dots. */
function singleChart(records, range) {
  const good = records.filter(({ score }) => score !== null);
  const x = (record) => record.parameters[range.name];
  return Plot.plot({
    style: STYLE,
    width: 380,
    height: 260,
    marginLeft: 60,
    marginBottom: 52,
    x: { ...axisOf(range), labelOffset: 40 },
    // Inset, so that the best mark is whole.
    y: { label: "score", grid: true, inset: 10, tickFormat: (number) => brief(number) },
    marks: [
      Plot.frame({ stroke: "#afb8c1" }),
      Plot.ruleX(records.filter(({ score }) => score === null),
        { x, stroke: DIVERGED, strokeOpacity: 0.5, className: "diverged" }),
      Plot.dot(good, { x, y: "score", fill: "#0757c9", fillOpacity: 0.7, r: 4, className: "trial" }),
      Plot.dot(good.slice(0, 1), { x, y: "score", stroke: INK, strokeWidth: 2, r: 7, className: "best" }),
      tip(good, { x, y: "score" }),
    ],
  });
}

function tableOf(records) {
  const table = document.createElement("table");
  const names = search.ranges.map(({ name }) => name);
  const addRow = (tag, cells) => {
    const row = table.insertRow();
    for (const cell of cells) row.append(Object.assign(document.createElement(tag), { textContent: cell }));
  };
  addRow("th", ["trial", "epochs", "score", ...names]);
  for (const record of records) {
    const score = record.score === null ? "diverged" : brief(record.score, 5);
    addRow("td", [record.trial, record.epochs, score, ...names.map((name) => brief(record.parameters[name]))]);
  }
  return table;
}

function draw() {
  const stage = Number(element("stage").value);
  // The best first, as they come.
  const records = search.records.filter((record) => record.stage === stage);
  element("pairs").replaceChildren(...(search.ranges.length > 1 ? [pairChart(records, search.ranges)] : []));
  element("singles").replaceChildren(...search.ranges.map((range) => singleChart(records, range)));
  element("table").replaceChildren(tableOf(records));
}

document.title = search.title;
element("title").textContent = search.title;
for (const warning of search.warnings) {
  element("warnings").append(Object.assign(document.createElement("li"), { textContent: warning }));
}
for (const stage of stages) {
  const { epochs } = search.records.find((record) => record.stage === stage);
  const count = search.records.filter((record) => record.stage === stage).length;
  const label = `stage ${stage}: ${count} trials, ${epochs} epoch${epochs === 1 ? "" : "s"}`;
  element("stage").append(new Option(label, stage));
}
element("stage").addEventListener("change", draw);
addEventListener("resize", draw);
draw();
