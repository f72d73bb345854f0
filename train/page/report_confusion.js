// The confusion matrix, and what it says of each class.

import * as Plot from "@observablehq/plot";

import { brief } from "./charts.js";
import { chartWidth, figure, make, nothing, percent } from "./report_figures.js";

// With more classes numbers in the cells could not be read, nor names beside them; of a table the best rows
// would only make it long.
const MOST_NUMBERS = 20,
  MOST_NAMES = 40,
  MOST_ROWS = 30;

export function confusion(run) {
  const { classes } = run;
  if (run.confusion.length === 0) {
    return nothing(
      run.validationSamples > 0 ? "It was not measured: training did not come to its end." : "No validation data.",
    );
  }
  const names = Array.from({ length: classes }, (_, index) => run.classNames[index] || `${index}`);
  const counts = [];
  for (let i = 0; i < run.confusion.length; i += 2) {
    const cell = run.confusion[i];
    counts.push({ label: Math.floor(cell / classes), chosen: cell % classes, count: run.confusion[i + 1] });
  }
  const sums = (member) =>
    counts.reduce((sums, row) => ((sums[row[member]] += row.count), sums), Array(classes).fill(0));
  const support = sums("label"),
    taken = sums("chosen");
  for (const row of counts) {
    row.share = row.count / support[row.label];
    row.text = `${names[row.label]} taken for ${names[row.chosen]}\n${row.count} of ${support[row.label]}: ${percent(row.share)}`;
  }
  const right = counts.filter(({ label, chosen }) => label === chosen);
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  const figures = names.map((name, index) => {
    const hits = right.find(({ label }) => label === index)?.count ?? 0;
    return { name, recall: hits / support[index], precision: hits / taken[index], support: support[index] };
  });
  const accuracy = right.reduce((sum, { count }) => sum + count, 0) / total;
  return make(
    "div",
    { class: "figures" },
    figure(`Accuracy ${percent(accuracy, 4)} of ${total} validation samples`, {
      name: "confusion",
      caption: "Rows: what samples are; columns: what they were taken for. Shade: share of the row.",
      chart: make("div", { class: "wide" }, matrix(counts, names)),
    }),
    figure("Each class", {
      name: "classes",
      caption:
        "Recall: share of its samples taken for it; precision: share of those taken for it that are; F1: their harmonic mean.",
      chart: make("div", { class: "wide" }, classesTable(figures)),
    }),
  );
}

/** Room for the longest of some names. */
const roomFor = (names) => Math.min(160, 14 + 7.2 * Math.max(...names.map(({ length }) => length)));

/** A share for a column of them. */
const rounded = (share) => `${(100 * share).toFixed(1)} %`;

const shortened = (name) => (name.length > 20 ? `${name.slice(0, 19)}…` : name);

function matrix(counts, names) {
  const hasNames = names.length <= MOST_NAMES;
  const places = names.map((_, index) => index);
  const margin = hasNames ? roomFor(names.map(shortened)) : 20;
  const isFlat = hasNames && Math.max(...names.map(({ length }) => length)) <= 3;
  const least = names.length <= MOST_NUMBERS ? 36 : 12,
    most = 80;
  const room = Math.min(Math.max(chartWidth(), margin + 20 + least * names.length), 900);
  // A slanted name leans out over the last column.
  const lean = hasNames && !isFlat ? margin * 0.6 : 4;
  const side = Math.min(room - margin - lean, most * names.length);
  const axis = { domain: places, tickSize: 0, padding: 0, tickFormat: (index) => shortened(names[index]) };
  const top = hasNames ? (isFlat ? 28 : 12 + margin * 0.75) : 8;
  return Plot.plot({
    width: side + margin + lean,
    height: Math.min(side, 0.8 * side + 60) + top + 8,
    marginLeft: margin,
    marginRight: lean,
    marginTop: top,
    marginBottom: 8,
    style: { fontSize: "12px", fontFamily: 'Helvetica, Arial, "Liberation Sans", sans-serif', color: "#1f2328" },
    x: { ...axis, axis: hasNames ? "top" : null, label: null, tickRotate: isFlat ? 0 : -45 },
    y: { ...axis, axis: hasNames ? "left" : null, label: null },
    color: { type: "sqrt", domain: [0, 1], range: ["#f3f6fa", "#08458f"] },
    marks: [
      Plot.cell(counts, {
        x: "chosen",
        y: "label",
        fill: "share",
        inset: names.length > MOST_NAMES ? 0 : 0.5,
        className: "cells",
      }),
      ...(names.length <= MOST_NUMBERS
        ? [
            Plot.text(counts, {
              x: "chosen",
              y: "label",
              text: ({ count }) => String(count),
              fill: ({ share }) => (share > 0.35 ? "white" : "#1f2328"),
              className: "counts",
            }),
          ]
        : []),
      Plot.frame({ stroke: "#afb8c1" }),
      Plot.tip(counts, Plot.pointer({ x: "chosen", y: "label", title: "text", fontSize: 13, lineHeight: 1.25 })),
    ],
  });
}

/** Recall, precision and F1, the worst class first. */
function classesTable(figures) {
  const f1 = ({ recall, precision }) => {
    const sum = recall + precision;
    return sum > 0 ? (2 * recall * precision) / sum : 0;
  };
  // 0/0 counts as 0.
  const rows = figures
    .map((row) => ({ ...row, recall: row.recall || 0, precision: row.precision || 0 }))
    .sort((a, b) => f1(a) - f1(b));
  const number = (words, name = "td") => make(name, { class: "number" }, words);
  const head = make(
    "tr",
    {},
    make("th", {}, "class"),
    ...["recall", "precision", "F1", "samples"].map((name) => number(name, "th")),
  );
  const body = rows
    .slice(0, MOST_ROWS)
    .map((row) =>
      make(
        "tr",
        {},
        make("td", {}, row.name),
        number(rounded(row.recall)),
        number(rounded(row.precision)),
        number(rounded(f1(row))),
        number(brief(row.support, 9)),
      ),
    );
  const rest = rows.length - body.length;
  return make(
    "div",
    {},
    make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)),
    ...(rest > 0 ? [make("p", { class: "quiet" }, `And ${rest} classes that were told better.`)] : []),
  );
}
