// Curves over epochs: losses, accuracies, rates, update ratios.

import * as Plot from "@observablehq/plot";

import { brief, extent, lossAxis } from "./charts.js";
import {
  chart,
  chartWidth,
  curveMarks,
  epochAxis,
  figure,
  keyLine,
  keyToggle,
  make,
  nothing,
  percent,
  rowsOf,
  tip,
} from "./report_figures.js";

const GOOD_RATIO = { low: 10 ** -3.5, middle: 1e-3, high: 10 ** -2.5 };

const last = (runs) =>
  Math.max(1, ...runs.map(({ epochs, batches }) => Math.ceil(Math.max(epochs.at.at(-1) ?? 0, batches.at.at(-1) ?? 0))));
const finite = (numbers) => numbers.filter((number) => number !== null);

/** What a logarithmic axis cannot show is a gap. */
const shown = (losses, isLog) => losses.map((loss) => (loss === null || (isLog && loss <= 0) ? null : loss));

/** Those of ascending numbers that are at least so far from the one before. */
const apart = (numbers, least) =>
  numbers.reduce((kept, number) => (kept.length === 0 || number - kept.at(-1) >= least ? [...kept, number] : kept), []);

/** The range of some numbers; of equal ones, what is around them. */
function around(numbers) {
  const [low, high] = extent(numbers);
  return low < high ? [low, high] : [low - Math.abs(low) / 10, high + (Math.abs(high) / 10 || 1)];
}

const namesOf = (runs) => (runs.length > 1 ? (run) => `${run.name}\n` : () => "");

const keyOfRuns = (runs) => (runs.length > 1 ? runs.map((run) => keyLine(run.name, { colour: run.colour })) : []);

const keyOfSets = (runs, hasValidation) => {
  const colour = runs.length === 1 ? runs[0].colour : undefined;
  return [
    ...keyOfRuns(runs),
    keyLine("training", { colour }),
    ...(hasValidation ? [keyLine("validation", { colour, dashed: true })] : []),
  ];
};

export function batchChart(runs, { isLog }) {
  const named = namesOf(runs);
  const curves = runs.map((run) => {
    const { at, mean, low, high, lost, lostCount, together } = run.batches;
    const bounds = at
      .map((x, index) => ({ x, low: low[index], high: high[index] }))
      .filter(({ low }) => low !== null && (!isLog || low > 0));
    const rows = rowsOf(at, shown(mean, isLog), (x, y) => `${named(run)}epoch ${brief(x)}\nloss ${brief(y, 4)}`);
    return { run, rows, bounds, lost, lostCount, together };
  });
  const means = finite(curves.flatMap(({ rows }) => rows.map(({ y }) => y)));
  const losses = finite(
    curves.flatMap(({ rows, bounds }) => [
      ...rows.map(({ y }) => y),
      ...bounds.flatMap(({ low, high }) => [low, high]),
    ]),
  );
  // A few batches, at the start often the first, may be far above all others.
  const isCut = !isLog && extent(losses)[1] > 2 * extent(means)[1] && extent(means)[1] > extent(losses)[0];
  const together = Math.max(1, ...curves.map((curve) => curve.together));
  const lost = curves.filter(({ lostCount }) => lostCount > 0);
  const caption =
    (together > 1
      ? `Mean of ${together} batches in a row; the band reaches from the smallest to the largest of them.`
      : "Of each batch, before its step.") + (isCut ? ` The largest is ${brief(extent(losses)[1], 4)}.` : "");
  if (losses.length === 0) {
    return figure("Loss per batch", {
      name: "batches",
      chart: nothing(
        lost.length > 0 ? "No loss was a finite number." : runs.length === 0 ? "No run is shown." : "No step was made.",
      ),
    });
  }
  const [low, high] = around(losses);
  const y = lossAxis([low, isCut ? extent(means)[1] : high], isLog);
  const picture = chart({
    width: chartWidth(),
    x: epochAxis(last(runs)),
    y: { ...y, label: "loss" },
    marks: [
      ...(together > 1
        ? curves.map(({ run, bounds }) =>
            Plot.areaY(bounds, { x: "x", y1: "low", y2: "high", fill: run.colour, fillOpacity: 0.18, clip: true }),
          )
        : []),
      ...curves.map(({ run, rows }) =>
        Plot.line(rows, { x: "x", y: "y", stroke: run.colour, strokeWidth: 1.5, clip: true, className: "curve" }),
      ),
      // A curve of one point has no line.
      ...curves.map(({ run, rows }) =>
        Plot.dot(
          rows.filter(
            (row, index) =>
              row.y !== null && (rows[index - 1]?.y ?? null) === null && (rows[index + 1]?.y ?? null) === null,
          ),
          { x: "x", y: "y", r: 2, fill: run.colour },
        ),
      ),
      ...lost.map(({ run, lost }) =>
        Plot.dot(apart(lost, last(runs) / 40), {
          x: (at) => at,
          y: () => y.domain[1],
          symbol: "times",
          r: 5,
          stroke: run.colour,
          strokeWidth: 2,
          className: "lost",
        }),
      ),
      tip(curves.flatMap(({ rows }) => rows.filter(({ y }) => y !== null))),
    ],
  });
  const key = keyOfRuns(runs);
  if (lost.length > 0) {
    const counts = lost.map(
      ({ run, lostCount, lost }) =>
        `${runs.length > 1 ? `${run.name}: ` : ""}${lostCount} from epoch ${brief(lost[0])} on`,
    );
    key.push(make("span", { class: "error" }, `× loss is not finite (${counts.join("; ")})`));
  }
  return figure("Loss per batch", { name: "batches", caption, key, chart: picture });
}

/** Training and validation figures per epoch in one chart. */
function perEpoch(runs, { title, name, training, validation, isLog = false, y, read, caption, empty }) {
  const named = namesOf(runs);
  const curves = runs.flatMap((run) =>
    [
      [training, false],
      [validation, true],
    ].map(([member, dashed]) => ({
      run,
      dashed,
      rows: rowsOf(
        run.epochs.at,
        shown(run.epochs[member], isLog),
        (x, number) => `${named(run)}epoch ${x}, ${dashed ? "validation" : "training"}\n${read(number)}`,
      ),
    })),
  );
  const numbers = finite(curves.flatMap(({ rows }) => rows.map(({ y }) => y)));
  if (numbers.length === 0)
    return figure(title, { name, chart: nothing(runs.length === 0 ? "No run is shown." : empty) });
  const hasValidation = curves.some(({ dashed, rows }) => dashed && rows.some(({ y }) => y !== null));
  const best = runs.filter((run) => run.bestEpoch !== null && hasValidation);
  const picture = chart({
    width: chartWidth(),
    x: epochAxis(last(runs)),
    y: y(numbers),
    marks: [
      ...best.map((run) =>
        Plot.ruleX([run.bestEpoch], {
          stroke: run.colour,
          strokeOpacity: 0.5,
          strokeDasharray: "1 3",
          className: "best",
        }),
      ),
      ...curves.flatMap(({ run, rows, dashed }) =>
        curveMarks(rows, { colour: run.colour, dashed, name: dashed ? "validation" : "training" }),
      ),
      tip(curves.flatMap(({ rows }) => rows.filter(({ y }) => y !== null))),
    ],
  });
  const said = [caption];
  if (!hasValidation) said.push("No validation data.");
  if (best.length > 0) said.push("The dotted line is the best epoch on the validation set.");
  return figure(title, { name, caption: said.join(" "), key: keyOfSets(runs, hasValidation), chart: picture });
}

export const lossChart = (runs, { isLog }) =>
  perEpoch(runs, {
    title: "Loss per epoch",
    name: "loss",
    training: "loss",
    validation: "validationLoss",
    isLog,
    y: (numbers) => ({ ...lossAxis(around(numbers), isLog), label: "loss" }),
    read: (loss) => `loss ${brief(loss, 4)}`,
    caption: "Training: mean over the epoch, penalty included; validation: after it, without penalty.",
    empty: runs.some((run) => run.epochs.at.length > 0)
      ? "No loss of an epoch is a finite number."
      : "No epoch was recorded.",
  });

export const accuracyChart = (runs) =>
  perEpoch(runs, {
    title: "Accuracy per epoch",
    name: "accuracy",
    training: "accuracy",
    validation: "validationAccuracy",
    y: (numbers) => {
      const [low, high] = extent(numbers);
      const room = Math.max(0.02, (high - low) * 0.08);
      return {
        label: "accuracy (%)",
        percent: true,
        domain: [Math.max(0, low - room), Math.min(1, high + room)].map((a) => 100 * a),
        tickFormat: (share) => brief(share, 4),
        ticks: 6,
      };
    },
    read: (share) => `accuracy ${percent(share, 4)}`,
    caption: "Training: before each step, over the epoch; validation: after it.",
    empty: "No epoch was recorded.",
  });

export function rateChart(runs) {
  const named = namesOf(runs);
  const curves = runs.map((run) => ({
    run,
    rows: rowsOf(
      run.batches.at,
      run.batches.rate,
      (x, y) => `${named(run)}epoch ${brief(x)}\nlearning rate ${brief(y)}`,
    ),
  }));
  const rates = finite(curves.flatMap(({ rows }) => rows.map(({ y }) => y)));
  if (rates.length === 0) {
    return figure("Learning rate", {
      name: "rate",
      chart: nothing(runs.length === 0 ? "No run is shown." : "No step was made."),
    });
  }
  const [, high] = extent(rates);
  const picture = chart({
    width: chartWidth(),
    x: epochAxis(last(runs)),
    y: { label: "learning rate", domain: [0, high * 1.05 || 1], ticks: 6, tickFormat: (rate) => brief(rate) },
    marks: [
      ...curves.map(({ run, rows }) =>
        Plot.line(rows, { x: "x", y: "y", stroke: run.colour, strokeWidth: 1.8, className: "curve" }),
      ),
      tip(curves.flatMap(({ rows }) => rows.filter(({ y }) => y !== null))),
    ],
  });
  return figure("Learning rate", {
    name: "rate",
    caption: "Of the first group of parameters.",
    key: keyOfRuns(runs),
    chart: picture,
  });
}

// Of the parameters of a run: which are shown.
const MOST_NAMED = 16;

/** Update ratios of a run's parameters, coloured from the first to the last. */
export function updateRatios(run) {
  const { at, named } = run.parameters;
  if (named.length === 0 || at.length === 0) return nothing("No update was recorded.");
  const holder = make("div");
  const state = (run.ratioState ??= { hidden: new Set(), others: false });
  const draw = () => holder.replaceChildren(picture());
  const weights = named.filter(({ axes }) => axes > 1);

  function picture() {
    const all = state.others || weights.length === 0 ? named : weights;
    const colours = colourScale(all.length);
    const curves = all.map((parameter, index) => ({
      parameter,
      colour: colours(index),
      rows: rowsOf(
        at,
        shown(parameter.ratio, true),
        (x, y) => `${parameter.name} ${parameter.shape}\nepoch ${x}: ${brief(y)}`,
      ),
    }));
    const seen = curves.filter(({ parameter }) => !state.hidden.has(parameter.name));
    const ratios = finite(seen.flatMap(({ rows }) => rows.map(({ y }) => y)));
    const [low, high] = extent([...ratios, GOOD_RATIO.low / 3, GOOD_RATIO.high * 3]);
    const decades = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); ++power)
      decades.push(Number(`1e${power}`));
    const step = Math.ceil(decades.length / 8);
    const key =
      all.length <= MOST_NAMED
        ? curves.map(({ parameter, colour }) =>
            keyToggle(parameter.name, {
              colour,
              isOff: state.hidden.has(parameter.name),
              press: () => {
                if (!state.hidden.delete(parameter.name)) state.hidden.add(parameter.name);
                draw();
              },
            }),
          )
        : [
            keyLine(`first of ${all.length} (${all[0].name})`, { colour: colours(0) }),
            keyLine(`last (${all.at(-1).name})`, { colour: colours(all.length - 1) }),
          ];
    if (weights.length > 0 && weights.length < named.length) {
      const box = make("input", {
        type: "checkbox",
        change: () => {
          state.others = !state.others;
          draw();
        },
      });
      box.checked = state.others;
      key.push(make("label", {}, box, " biases and others with one axis"));
    }
    const still = all.filter(({ ratio }) => ratio.every((number) => number === 0 || number === null)).length;
    const caption =
      "‖update‖ / ‖weights‖, mean over the steps observed in the epoch. The band is about 10⁻³, a healthy " +
      "pace: far above it the weights are thrown about, far below it hardly anything is learned." +
      (still > 0 ? ` ${still} of ${all.length} cannot be seen: they never moved, were all 0, or not finite.` : "");
    return figure("Update ratio of each parameter", {
      name: "ratios",
      caption,
      key,
      chart: chart({
        width: chartWidth({ alone: true }),
        height: 320,
        x: epochAxis(at.at(-1)),
        y: {
          label: "update ratio",
          type: "log",
          domain: [decades[0], decades.at(-1)],
          ticks: decades.filter((_, index) => index % step === 0),
          tickFormat: powerOfTen,
        },
        marks: [
          Plot.rectY([0], {
            x1: 0,
            x2: Math.max(at.at(-1), 1),
            y1: GOOD_RATIO.low,
            y2: GOOD_RATIO.high,
            fill: "#1a7f37",
            fillOpacity: 0.12,
            className: "band",
          }),
          ...seen.flatMap(({ rows, colour }) => curveMarks(rows, { colour, width: all.length > MOST_NAMED ? 1 : 1.8 })),
          // Over the lines: many hide the band.
          Plot.ruleY([GOOD_RATIO.low, GOOD_RATIO.high], { stroke: "#1a7f37", strokeOpacity: 0.6 }),
          Plot.ruleY([GOOD_RATIO.middle], { stroke: "#1a7f37", strokeDasharray: "2 3" }),
          tip(seen.flatMap(({ rows }) => rows.filter(({ y }) => y !== null))),
        ],
      }),
    });
  }

  draw();
  return holder;
}

/** Colours that tell apart, or with many how far from the first. */
export function colourScale(count) {
  const few = ["#0757c9", "#d4770b", "#1a7f37", "#d1242f", "#8e3bd1", "#00747f", "#b8197f", "#111111"];
  if (count <= few.length) return (index) => few[index];
  const scale = Plot.scale({ color: { type: "linear", scheme: "turbo", domain: [-0.1 * count, count * 1.1] } });
  return (index) => scale.apply(index);
}

const SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** 10⁻³ of 0.001. */
export function powerOfTen(number) {
  const power = Math.round(Math.log10(number));
  const digits = [...String(Math.abs(power))].map((digit) => SUPERSCRIPT[digit]).join("");
  return `10${power < 0 ? "⁻" : ""}${digits}`;
}
