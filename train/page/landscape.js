// The page of a loss landscape: its picture, and the losses of its paths over their steps.

import { saveImage } from "../../autograd/page/save_image.js";
import { brief, extent, imageOf } from "./charts.js";
import { curve } from "./curve.js";
import { stepsChart } from "./paths.js";
import { surface } from "./surface.js";

const element = (id) => document.getElementById(id);

const landscape = JSON.parse(element("data").textContent);
landscape.paths.forEach((path, index) => (path.index = index));
const isPlane = landscape.y.length > 0;
const hidden = new Set();
const select = element("scale");

/** What a logarithmic scale asks for; contours have a way to show a loss of 0. */
function canBeLog() {
  const losses = landscape.losses.filter((loss) => loss !== null);
  return losses.some((loss) => loss > 0) && losses.every((loss) => loss > 0 || (isPlane && loss === 0));
}

function draw() {
  const paths = landscape.paths.filter(({ index }) => !hidden.has(index));
  const ways = paths.filter((path) => path.points.length > 1);
  const isLog = select.value === "log";
  const width = Math.max(640, element("picture").clientWidth);
  const height = Math.min(Math.round(width * 0.6), 640);
  const press = (index) => {
    if (!hidden.delete(index)) hidden.add(index);
    draw();
    element("picture").querySelectorAll(".key [role=button]")[index].focus();
  };
  const picture = (isPlane ? surface : curve)(landscape, { isLog, width, height, paths, press });
  element("picture").replaceChildren(picture);
  element("steps").hidden = ways.length === 0;
  const range = extent(landscape.losses.filter((loss) => loss !== null));
  element("steps").replaceChildren(stepsChart(ways, { isLog, range, width, height: 280 }));

  const scales = { x: picture.scale("x"), y: picture.scale("y") };
  picture.addEventListener("pointermove", (event) => readOut(event, picture, scales));
  picture.addEventListener("pointerleave", () => (element("readout").textContent = ""));
}

/** Tells the loss at the point of the grid next to the pointer. */
function readOut(event, picture, { x, y }) {
  const box = picture.getBoundingClientRect();
  const column = nearest(landscape.x, x.invert(event.clientX - box.left));
  const row = isPlane ? nearest(landscape.y, y.invert(event.clientY - box.top)) : 0;
  const isOutside = column === null || row === null;
  const places = [`x ${brief(landscape.x[column])}`, ...(isPlane ? [`y ${brief(landscape.y[row])}`] : [])];
  const loss = landscape.losses[row * landscape.x.length + column];
  element("readout").textContent = isOutside ? "" : `${places.join(", ")}: loss ${brief(loss, 6)}`;
}

/** The position in an axis that is next to a number, or null outside of it. */
function nearest(axis, number) {
  const position = ((number - axis[0]) / (axis.at(-1) - axis[0])) * (axis.length - 1);
  return position >= 0 && position <= axis.length - 1 ? Math.round(position) : null;
}

element("title").textContent = landscape.title;
document.title = landscape.title;
select.disabled = !canBeLog();
select.value = landscape.logarithmic && canBeLog() ? "log" : "linear";
select.addEventListener("change", draw);
element("save").addEventListener("click", () =>
  saveImage(imageOf(element("picture").firstElementChild), landscape.title));
addEventListener("resize", draw);
draw();
