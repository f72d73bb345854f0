// The page of a circuit: the drawing, the panel with what is known of the chosen gate, the search.

import { Circuit } from "./model.js";
import { Panel } from "./panel.js";
import { saveImage } from "./save_image.js";
import { Scene } from "./scene.js";
import { Search } from "./search.js";

// A drawing of more than this is neither readable nor laid out in a few seconds.
const MOST_EFFORT = 1200;

const element = (id) => document.getElementById(id);

const circuit = new Circuit(JSON.parse(element("data").textContent));
const panel = new Panel(element("panel"), circuit, { choose: goTo, toggle });
const scene = new Scene(element("scene"), circuit, { choose, toggle });
new Search(element("search"), element("found"), circuit, goTo);

/** Tells what is known of a gate or group, or of the whole circuit. */
function choose(item) {
  scene.choose(item);
  panel.show(item);
}

/** The same for one that may be closed up or out of sight. */
function goTo(item) {
  if (circuit.reveal(item)) {
    if (circuit.effort() > MOST_EFFORT) circuit.closeAllBut(item);
    scene.draw();
  }
  choose(item);
  scene.bringIntoView(item);
}

/** Opens or closes a group. */
function toggle(group) {
  circuit.toggle(group);
  if (circuit.isOpen[group] && circuit.effort() > MOST_EFFORT) {
    circuit.toggle(group);
    panel.say("Opening this too would show too much at once; close other boxes first.");
    return;
  }
  scene.draw({ keep: group });
  choose({ group });
}

element("title").textContent = circuit.title || "Circuit";
document.title = circuit.title || "Circuit";
element("fit").addEventListener("click", () => scene.fit());
element("close-all").addEventListener("click", () => {
  circuit.setAll(false);
  scene.draw();
  scene.begin();
  choose(null);
});
element("open-all").addEventListener("click", () => {
  const before = [...circuit.isOpen];
  circuit.setAll(true);
  if (circuit.effort() > MOST_EFFORT) {
    circuit.isOpen = before;
    panel.say(`${circuit.gates.length} gates are too many to be seen at once; open boxes one by one.`);
  } else if (before.includes(false)) {
    scene.draw();
    scene.fit();
  }
});
element("save").addEventListener("click", () => saveImage(scene.image(), circuit.title || "circuit"));

if (circuit.effort() > MOST_EFFORT) circuit.setAll(false);
scene.draw();
scene.begin();
panel.show(null);
