// What comes out of activations, and the gradients that come back: shares and histograms over time.

import * as Plot from "@observablehq/plot";

import { brief, extent } from "./charts.js";
import { colourScale } from "./report_curves.js";
import {
  chart,
  chartWidth,
  curveMarks,
  epochAxis,
  figure,
  keyLine,
  make,
  nothing,
  percent,
  rowsOf,
  tip,
} from "./report_figures.js";

const MOST_LAYERS = 6,
  MOST_NAMED = 16;

const nameOf = (layer) => `${layer.name} ${layer.kind}`.trim();

/** The share of dead or of saturated units of each layer over time, for the kinds that can have them. */
export function shares(run) {
  const { at, named } = run.layers;
  const saturates = ({ kind }) => /sigmoid|tanh/i.test(kind);
  // Others have neither trouble.
  const dies = (layer) => /^relu$/i.test(layer.kind) || (!saturates(layer) && layer.dead.some((share) => share > 0));
  const figures = [];
  if (named.some(dies)) {
    figures.push(
      sharesFigure(at, named.filter(dies), {
        member: "dead",
        title: "Dead units",
        caption: "Share of units whose output was 0 for every sample looked at in the epoch.",
      }),
    );
  }
  if (named.some(saturates)) {
    figures.push(
      sharesFigure(at, named.filter(saturates), {
        member: "saturated",
        title: "Saturated outputs",
        caption: "Share of outputs where the slope is below 4 % of its largest.",
      }),
    );
  }
  if (figures.length === 0) {
    return nothing(
      named.length === 0 ? "No activations were observed." : "None of the activations can die or saturate.",
    );
  }
  return make("div", { class: "figures" }, ...figures);
}

function sharesFigure(at, layers, { member, title, caption }) {
  const colours = colourScale(layers.length);
  const curves = layers.map((layer, index) => ({
    layer,
    colour: colours(index),
    rows: rowsOf(at, layer[member], (x, y) => `${nameOf(layer)}\nepoch ${x}: ${percent(y)} ${member}`),
  }));
  const [, high] = extent(curves.flatMap(({ rows }) => rows.map(({ y }) => y ?? 0)));
  const key =
    layers.length <= MOST_NAMED
      ? curves.map(({ layer, colour }) => keyLine(nameOf(layer), { colour }))
      : [
          keyLine(`first of ${layers.length} (${nameOf(layers[0])})`, { colour: colours(0) }),
          keyLine(`last (${nameOf(layers.at(-1))})`, { colour: colours(layers.length - 1) }),
        ];
  return figure(title, {
    name: member,
    caption,
    key,
    chart: chart({
      width: chartWidth(),
      height: 240,
      x: epochAxis(at.at(-1) ?? 1),
      y: {
        label: `${member} (%)`,
        percent: true,
        domain: [0, Math.min(100, Math.max(10, 110 * high))],
        ticks: 5,
        tickFormat: (share) => brief(share),
      },
      marks: [
        ...curves.flatMap(({ rows, colour }) =>
          curveMarks(rows, { colour, width: layers.length > MOST_NAMED ? 1 : 1.8 }),
        ),
        tip(curves.flatMap(({ rows }) => rows.filter(({ y }) => y !== null))),
      ],
    }),
  });
}

// Shares of numbers per interval are told apart over three powers of ten.
const SHADES = { type: "log", domain: [0.1, 100], range: ["#eef4fb", "#08306b"], interpolate: "hcl", clamp: true };

/** The histograms of each layer, side by side: activations and gradients. */
export function histograms(run) {
  const layers = run.layers.named;
  if (layers.length === 0) return nothing("No activations were observed.");
  const holder = make("div");
  const state = (run.layerState ??= { all: layers.length <= MOST_LAYERS });
  const draw = () => {
    const seen = state.all ? layers : layers.slice(0, MOST_LAYERS);
    const rest = layers.length - seen.length;
    holder.replaceChildren(
      shadesKey(run),
      make(
        "div",
        { class: "figures" },
        ...seen.flatMap((layer) => [
          histogramFigure(`${nameOf(layer)}: activations`, layer.activations, "activations", layer),
          histogramFigure(`${nameOf(layer)}: gradients`, layer.gradients, "gradients", layer),
        ]),
      ),
      ...(rest > 0
        ? [
            make(
              "p",
              {},
              make(
                "button",
                {
                  id: "all-layers",
                  click: () => {
                    state.all = true;
                    draw();
                  },
                },
                `Show the other ${rest} layers`,
              ),
            ),
          ]
        : []),
    );
  };
  draw();
  return holder;
}

/** What the shades mean; bars of a single epoch need none. */
function shadesKey(run) {
  const caption = make(
    "p",
    { class: "quiet" },
    "Outputs of each activation, and the loss's gradients with respect to them, in the last step observed of an epoch.",
  );
  const hasTime = run.layers.named.some(
    ({ activations, gradients }) => Math.max(activations.length, gradients.length) > 1,
  );
  if (!hasTime) return make("div", {}, caption);
  const legend = Plot.legend({
    color: { ...SHADES, label: "share of the numbers in an interval (%)", tickFormat: (share) => brief(share) },
    width: 260,
    ticks: 3,
    style: { fontSize: "12px", color: "#1f2328" },
  });
  caption.append(
    " The line is the mean, dotted lines are one standard deviation away from it; what lies beyond five is left out.",
  );
  return make("div", { class: "shades-key" }, caption, legend);
}

/** What lies within five standard deviations of the mean: long tails would hide it. */
function rangeOf(records) {
  const [low] = extent(records.map(({ low, mean, deviation }) => Math.max(low, mean - 5 * deviation)));
  const [, high] = extent(records.map(({ high, mean, deviation }) => Math.min(high, mean + 5 * deviation)));
  return low < high ? [low, high] : [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
}

/** The intervals of a histogram, those without numbers left out. */
function cells({ low, high, shares }, [x1, x2]) {
  const room = high > low ? 0 : (Math.abs(low) || 1) / 100;
  const width = (high - low + 2 * room) / shares.length;
  return shares
    .map((share, index) => ({
      x1,
      x2,
      y1: low - room + index * width,
      y2: low - room + (index + 1) * width,
      share: share / 10,
    }))
    .filter(({ share }) => share > 0);
}

function histogramFigure(title, records, kind, layer) {
  const finite = records.filter(({ low, high, mean, deviation }) => ![low, high, mean, deviation].includes(null));
  if (finite.length === 0) return figure(title, { name: kind, chart: nothing("No finite numbers.") });
  const last = finite.at(-1);
  const caption =
    `${layer.units} ${layer.units === 1 ? "unit" : "units"}. At the end: mean ${brief(last.mean)}, ` +
    `standard deviation ${brief(last.deviation)}, from ${brief(last.low)} to ${brief(last.high)}.`;
  const picture = finite.length === 1 ? bars(last, kind) : heat(finite, kind);
  return figure(title, { name: kind, caption, chart: picture });
}

const numberAxis = (label, domain) => ({ label, domain, ticks: 5, nice: false, tickFormat: (number) => brief(number) });

/** One epoch: bars. */
function bars(record, kind) {
  const domain = rangeOf([record]);
  const rows = cells(record, [0, 1]).map((cell) => ({
    ...cell,
    x: (cell.y1 + cell.y2) / 2,
    y: cell.share,
    text: `${brief(cell.y1)} … ${brief(cell.y2)}\n${brief(cell.share)} %`,
  }));
  return chart({
    width: chartWidth(),
    height: 220,
    x: numberAxis(kind, domain),
    y: { label: "share (%)", ticks: 5, nice: true },
    marks: [
      Plot.rectY(rows, { x1: "y1", x2: "y2", y: "share", fill: "#4a7ebb", clip: true, className: "bars" }),
      Plot.ruleX([record.mean], { stroke: "#d1242f" }),
      tip(rows),
    ],
  });
}

/** Several: a column of shades for each. */
function heat(records, kind) {
  const domain = rangeOf(records);
  // Columns meet half-way between their epochs, of which some may have been left out.
  const ats = records.map(({ at }) => at);
  const borders = ats.slice(1).map((at, index) => (at + ats[index]) / 2);
  borders.unshift(2 * ats[0] - borders[0]);
  borders.push(2 * ats.at(-1) - borders.at(-1));
  const rows = records
    .flatMap((record, index) =>
      cells(record, borders.slice(index, index + 2)).map((cell) => ({
        ...cell,
        x: record.at,
        y: (cell.y1 + cell.y2) / 2,
        text: `epoch ${record.at}\n${brief(cell.y1)} … ${brief(cell.y2)}\n${brief(cell.share)} % of the numbers`,
      })),
    )
    .filter(({ y1, y2 }) => y2 > domain[0] && y1 < domain[1]);
  const line = (shift, options) =>
    Plot.line(records, {
      x: "at",
      y: ({ mean, deviation }) => mean + shift * deviation,
      stroke: "#d1242f",
      strokeWidth: 1.3,
      clip: true,
      ...options,
    });
  const axis = epochAxis(ats.at(-1), 1);
  return chart({
    width: chartWidth(),
    height: 220,
    x: { ...axis, domain: [borders[0], borders.at(-1)] },
    y: { ...numberAxis(kind, domain), grid: false },
    color: SHADES,
    marks: [
      Plot.rect(rows, { x1: "x1", x2: "x2", y1: "y1", y2: "y2", fill: "share", clip: true, className: "shades" }),
      line(0, { className: "mean" }),
      line(1, { strokeDasharray: "2 3" }),
      line(-1, { strokeDasharray: "2 3" }),
      tip(rows),
    ],
  });
}
