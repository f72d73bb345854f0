// The page of a report: what is said of all runs together, and of each by itself.

import { accuracyChart, batchChart, lossChart, rateChart, updateRatios } from "./report_curves.js";
import { lineColour } from "./charts.js";
import { confusion } from "./report_confusion.js";
import { make } from "./report_figures.js";
import { filters } from "./report_filters.js";
import { histograms, shares } from "./report_layers.js";
import { runsTable, settingsTable } from "./report_tables.js";

const element = (id) => document.getElementById(id);

const report = JSON.parse(element("data").textContent);
// Colours that differ most come first.
const ORDER = [4, 2, 3, 1, 5, 7, 6, 0];
report.runs.forEach((run, index) => {
  run.name ||= `run ${index + 1}`;
  run.colour = lineColour(ORDER[index % ORDER.length]);
  run.index = index;
});
const hidden = new Set();
const scale = element("scale"),
  picked = element("run");

/** Whether a logarithmic axis would show anything. */
const canBeLog = () =>
  report.runs.some(({ batches, epochs }) =>
    [batches.high, epochs.loss, epochs.validationLoss].flat().some((loss) => loss > 0),
  );

function toggle(index) {
  if (!hidden.delete(index)) hidden.add(index);
  draw();
  element("runs").querySelectorAll(".toggle")[index].focus();
}

/** What is seen of all runs together. */
function drawCurves() {
  const runs = report.runs.filter(({ index }) => !hidden.has(index));
  const isLog = scale.value === "log";
  element("runs").replaceChildren(
    ...(report.runs.length > 0
      ? [runsTable(report.runs, { hidden, toggle })]
      : [make("p", { class: "quiet" }, "This report has no runs.")]),
  );
  element("curves").replaceChildren(
    make("h2", {}, "Loss"),
    make("div", { class: "figures" }, batchChart(runs, { isLog }), lossChart(runs, { isLog })),
    make("h2", {}, "Accuracy and learning rate"),
    make("div", { class: "figures" }, accuracyChart(runs), rateChart(runs)),
  );
}

/** What is seen of one run. */
function drawInside() {
  const run = report.runs[picked.value];
  const of = report.runs.length > 1 ? ` of ${run.name}` : "";
  const section = (title, ...children) => [make("h2", {}, title + of), ...children];
  element("inside").replaceChildren(
    ...section("Update ratios", updateRatios(run)),
    ...section("Dead and saturated units", shares(run)),
    ...section("Activations and gradients", histograms(run)),
    ...section("Filters of the first layer", filters(run)),
    ...section("Confusion matrix", confusion(run)),
  );
}

/** What is to be said of each run. */
function drawDiagnosis() {
  const said = (run) =>
    run.diagnosis.length === 0
      ? make("p", { class: "quiet" }, "Nothing stands out.")
      : make(
          "ul",
          { class: "diagnosis" },
          ...run.diagnosis.map(({ problem, text }) => make("li", {}, make("strong", {}, problem), `: ${text}`)),
        );
  element("diagnosis").replaceChildren(
    make("h2", {}, "Diagnosis"),
    ...report.runs.flatMap((run) => [...(report.runs.length > 1 ? [make("h3", {}, run.name)] : []), said(run)]),
  );
}

function draw() {
  drawCurves();
  if (report.runs.length > 0) drawInside();
}

element("title").textContent = report.title;
document.title = report.title;
scale.disabled = !canBeLog();
scale.addEventListener("change", drawCurves);
element("pick").hidden = report.runs.length < 2;
picked.append(...report.runs.map(({ name, index }) => new Option(name, index)));
picked.addEventListener("change", drawInside);

// Charts are as wide as their place, which knows its width once it is in the page.
let width = 0;
addEventListener("resize", () => {
  if (width === element("curves").clientWidth) return;
  width = element("curves").clientWidth;
  draw();
});
width = element("curves").clientWidth;
draw();
if (report.runs.length > 0) {
  drawDiagnosis();
  element("settings").replaceChildren(make("h2", {}, "Settings"), settingsTable(report.runs));
}
