// The weights of the first layer as images.

import { make, nothing } from "./report_figures.js";

/** How many pixels of the page a weight takes: filters are neither dots nor posters. */
const zoomFor = (side) => Math.max(1, Math.min(10, Math.round(60 / side)));

export function filters(run) {
  const images = run.filters;
  if (images === null) return nothing("The first layer does not look at images.");
  const { count, shown, channels, height, width, levels } = images;
  const pixels = channels * height * width;
  const zoom = zoomFor(Math.max(height, width));
  const words = [
    `${shown < count ? `The first ${shown} of ${count}` : count} ${count === 1 ? "filter" : "filters"} of ${width} × ${height}`,
    channels === 3 ? " in colour" : "",
    ", each scaled by its largest weight; mid-grey is 0. Smooth shapes are a good sign, noise that stays is not.",
  ].join("");
  const drawn = Array.from({ length: shown }, (_, index) =>
    drawFilter(levels.slice(2 * index * pixels, 2 * (index + 1) * pixels), { channels, height, width, zoom, index }),
  );
  return make("div", {}, make("p", { class: "quiet" }, words), make("div", { class: "filters" }, ...drawn));
}

function drawFilter(levels, { channels, height, width, zoom, index }) {
  const canvas = make("canvas", {
    width,
    height,
    title: `filter ${index}`,
    role: "img",
    "aria-label": `filter ${index}`,
    style: `width: ${width * zoom}px; height: ${height * zoom}px`,
  });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const level = (channel, place) => parseInt(levels.substr(2 * (channel * width * height + place), 2), 16);
  for (let place = 0; place < width * height; ++place) {
    const colours = Array.from({ length: 3 }, (_, channel) => level(channels === 3 ? channel : 0, place));
    // 0 stands for a weight that is no finite number.
    image.data.set(colours.includes(0) ? [255, 0, 160, 255] : [...colours, 255], 4 * place);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
