// The runs of a report and their settings, as tables.

import { brief } from "./charts.js";
import { keyToggle, make } from "./report_figures.js";

const number = (words, name = "td") => make(name, { class: "number" }, words);
/** A share for a column of them. */
const percent = (share) => (share === null ? "–" : `${(100 * share).toFixed(2)} %`);
const lastOf = (numbers) => numbers.findLast((each) => each !== null) ?? null;

/** 75 s, 12 min 5 s, 3 h 20 min. */
function duration(seconds) {
  if (seconds === null) return "–";
  if (seconds < 60) return `${brief(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`;
}

/** A row per run; the names are pressed to hide and show what all runs share. */
export function runsTable(runs, { hidden, toggle }) {
  const row = (run) => {
    const { epochs } = run;
    const best = run.bestEpoch === null ? null : (epochs.validationAccuracy[epochs.at.indexOf(run.bestEpoch)] ?? null);
    const words = [
      ...(run.stopped ? ["stopped early"] : []),
      ...(epochs.at.length === 0 ? ["no epoch was recorded"] : []),
    ].join(", ");
    const end = make("td", {}, words);
    if (run.error) end.replaceChildren(make("span", { class: "error" }, run.error));
    else if (!words) end.append("all epochs");
    const loss = lastOf(epochs.loss);
    return make(
      "tr",
      {},
      make(
        "td",
        {},
        keyToggle(run.name, { colour: run.colour, isOff: hidden.has(run.index), press: () => toggle(run.index) }),
      ),
      number(String(epochs.complete)),
      number(loss === null ? "–" : brief(loss, 4)),
      number(percent(lastOf(epochs.accuracy))),
      number(percent(lastOf(epochs.validationAccuracy))),
      number(best === null ? "–" : `${percent(best)} (epoch ${run.bestEpoch})`),
      number(duration(epochs.seconds)),
      end,
    );
  };
  const head = make(
    "tr",
    {},
    make("th", {}, "run"),
    number("epochs", "th"),
    number("loss", "th"),
    number("training accuracy", "th"),
    number("validation accuracy", "th"),
    number("at the best epoch", "th"),
    number("time", "th"),
    make("th", {}, "ended by"),
  );
  return make(
    "div",
    { class: "wide" },
    make("table", {}, make("thead", {}, head), make("tbody", {}, ...runs.map(row))),
  );
}

/** A column per run; what differs is marked. */
export function settingsTable(runs) {
  const given = runs.map(
    (run) =>
      new Map([
        ...run.settings,
        ["training samples", String(run.samples)],
        ["validation samples", String(run.validationSamples)],
        ["classes", String(run.classes)],
      ]),
  );
  const names = [...new Set(given.flatMap((settings) => [...settings.keys()]))];
  const rows = names.map((name) => {
    const values = given.map((settings) => settings.get(name) ?? "–");
    const differs = new Set(values).size > 1;
    return make(
      "tr",
      differs ? { class: "differs" } : {},
      make("th", { scope: "row" }, name),
      ...values.map((value) => make("td", {}, value)),
    );
  });
  const head =
    runs.length > 1
      ? [make("thead", {}, make("tr", {}, make("th", {}, "setting"), ...runs.map((run) => make("th", {}, run.name))))]
      : [];
  return make("div", { class: "wide" }, make("table", {}, ...head, make("tbody", {}, ...rows)));
}
