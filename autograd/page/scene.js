import { Graph, layout } from "@dagrejs/dagre";
import { select } from "d3-selection";
import { curveMonotoneX, line } from "d3-shape";
import { zoom, zoomIdentity, zoomTransform } from "d3-zoom";

import { count } from "./model.js";

const COLOURS = {
  ink: "#1f2328",
  quiet: "#57606a",
  frame: "#afb8c1",
  value: "#1a7f37",
  gradient: "#cf222e",
  gate: "#ffffff",
  leaf: "#ddf4ff",
  closed: "#fff8c5",
  chosen: "#0969da",
};
const FAMILY = 'Helvetica, Arial, "Liberation Sans", sans-serif';
const SYMBOL_SIZE = 14;
const WIRE_SIZE = 11;
const HEIGHT = 32;
const HEADER = 20;
/** Below this scale texts are too small. */
const READABLE = 0.6;

const LONGEST = 40;

const shorten = (text) => {
  const letters = [...text];
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST).join("")}…` : text;
};

const measure = (() => {
  const context = document.createElement("canvas").getContext("2d");
  return (text, size, weight = "normal") => {
    context.font = `${weight} ${size}px ${FAMILY}`;
    return context.measureText(text).width;
  };
})();

const wirePath = line().x((p) => p.x).y((p) => p.y).curve(curveMonotoneX);

/** The drawing: laid out by dagre, zoomed and moved by d3-zoom. */
export class Scene {
  constructor(svg, circuit, { choose, toggle }) {
    this.circuit = circuit;
    this.chooseItem = choose;
    this.toggleGroup = toggle;
    this.chosen = null;
    this.svg = select(svg).attr("font-family", FAMILY);
    this.root = this.svg.append("g").attr("class", "circuit");
    this.zoom = zoom().scaleExtent([0.02, 4]).on("zoom", (event) => {
      this.root.attr("transform", event.transform);
    });
    // A double click opens boxes; it does not zoom.
    this.svg.call(this.zoom).on("dblclick.zoom", null);
    this.svg.on("click", () => choose(null));
  }

  /** Draws what is seen now. `keep` is a group that shall stay where it is on the screen. */
  draw({ keep } = {}) {
    const before = keep === undefined ? null : this.positionOf(keep);
    this.seen = this.circuit.seen();
    for (const item of this.seen.items.values()) {
      Object.assign(item, this.textsOf(item));
      Object.assign(item, this.sizeOf(item));
    }
    this.graph = this.layOut();
    this.root.selectAll("*").remove();
    this.drawOpenGroups();
    this.drawWires();
    this.drawItems();
    this.markChosen();
    const after = before && this.positionOf(keep);
    if (before && after) this.zoom.translateBy(this.svg, before.x - after.x, before.y - after.y);
  }

  /** What stands in an item's box and on its wire. */
  textsOf(item) {
    const wire = item.wire == null ? null : this.circuit.gates[item.wire];
    const carried = wire === null || wire.isNumber ? ["", ""]
      : [`${wire.shape} ${wire.value.brief}`.trim(), wire.gradient.brief];
    if (item.group !== undefined) {
      const { kind, name, lines, first, end } = this.circuit.groups[item.group];
      return { title: shorten(name), subtitle: kind === "run" ? lines : count(end - first), carried };
    }
    const gate = this.circuit.gates[item.gate];
    const isLeaf = gate.operands.length === 0;
    return { title: shorten(gate.symbol), subtitle: isLeaf ? "" : shorten(gate.name), carried };
  }

  sizeOf({ title, subtitle, carried, group }) {
    const weight = group === undefined ? "normal" : "bold";
    const room = group === undefined ? 16 : 40;
    const box = Math.max(28, room + Math.max(measure(title, SYMBOL_SIZE, weight), measure(subtitle, WIRE_SIZE)));
    const stub = Math.max(...carried.map((text) => (text ? measure(text, WIRE_SIZE) + 10 : 0)));
    return { box, width: box + stub, height: subtitle ? HEIGHT + 8 : HEIGHT };
  }

  layOut() {
    const graph = new Graph({ compound: true });
    const [nodesep, edgesep] = this.gaps();
    graph.setGraph({ rankdir: "LR", nodesep, edgesep, ranksep: 26, marginx: 20, marginy: 20 });
    graph.setDefaultEdgeLabel(() => ({}));
    for (const group of this.seen.open) graph.setNode(`group-${group}`, {});
    for (const [id, { width, height }] of this.seen.items) graph.setNode(id, { width, height });
    for (const group of this.seen.open) this.putInto(graph, `group-${group}`, this.circuit.groups[group].parent);
    for (const [id, { around }] of this.seen.items) this.putInto(graph, id, around);
    for (const { from, to } of this.seen.wires) graph.setEdge(from, to);
    layout(graph);
    return graph;
  }

  /**
   * Between items, and between wires. Frames keep the second from each other and about as much from
   * what stands in them, and there are their headers; but many wires side by side have no room for that.
   */
  gaps() {
    if (this.seen.open.length === 0) return [14, 8];
    return [HEADER + 4, Math.max(4, Math.min(HEADER + 2, 2000 / this.seen.wires.length))];
  }

  putInto(graph, id, group) {
    if (group > 0) graph.setParent(id, `group-${group}`);
  }

  drawOpenGroups() {
    // Outer groups come before those within them, and are drawn beneath them.
    const frames = this.root.selectAll("g.open").data(this.seen.open).join("g")
      .attr("class", "open")
      .attr("data-id", (group) => `group-${group}`)
      .attr("transform", (group) => {
        const { x, y, width, height } = this.graph.node(`group-${group}`);
        return `translate(${x - width / 2},${y - height / 2})`;
      });
    frames.append("rect")
      .attr("width", (group) => this.graph.node(`group-${group}`).width)
      .attr("height", (group) => this.graph.node(`group-${group}`).height)
      .attr("rx", 8).attr("fill", "#f6f8fa").attr("fill-opacity", 0.6).attr("stroke", COLOURS.frame);
    frames.append("text").attr("x", 26).attr("y", 15).attr("font-size", 12).attr("font-weight", "bold")
      .attr("fill", COLOURS.quiet).text((group) => shorten(this.circuit.groups[group].name));
    this.addToggle(frames, 5, 3, "−");
    this.onClick(frames, (group) => ({ group }));
  }

  drawWires() {
    // Where wires lie side by side, the chosen ones shall stand out.
    const opacity = this.seen.wires.length > 100 ? 0.4 : 1;
    this.root.append("g").attr("fill", "none").attr("stroke", COLOURS.quiet).attr("stroke-opacity", opacity)
      .selectAll("path").data(this.seen.wires).join("path")
      .attr("class", "wire")
      .attr("d", ({ from, to }) => this.pathOf(from, to));
  }

  /** From the end of one item's wire to the middle of the other's left side. */
  pathOf(from, to) {
    const source = this.graph.node(from), target = this.graph.node(to);
    const start = { x: source.x + source.width / 2, y: source.y };
    const end = { x: target.x - target.width / 2, y: target.y };
    const bends = this.graph.edge(from, to).points.slice(1, -1).filter((p) => p.x > start.x && p.x < end.x);
    return wirePath([start, ...bends, end]);
  }

  drawItems() {
    const items = this.root.selectAll("g.item").data([...this.seen.items]).join("g")
      .attr("class", ([, item]) => (item.group === undefined ? "item gate" : "item closed"))
      .attr("data-id", ([id]) => id)
      .attr("cursor", "pointer")
      .attr("transform", ([id, item]) => {
        const { x, y } = this.graph.node(id);
        return `translate(${x - item.width / 2},${y})`;
      });
    items.append("rect").attr("class", "box")
      .attr("y", ([, item]) => -item.height / 2 + 2)
      .attr("width", ([, item]) => item.box)
      .attr("height", ([, item]) => item.height - 4)
      .attr("rx", ([, item]) => (this.isLeaf(item) ? 4 : 10))
      .attr("fill", ([, item]) => this.fillOf(item))
      .attr("stroke", COLOURS.quiet);
    items.append("text").attr("text-anchor", "middle").attr("font-size", SYMBOL_SIZE)
      .attr("x", ([, item]) => item.box / 2 + (item.group === undefined ? 0 : 10))
      .attr("y", ([, item]) => (item.subtitle ? -1 : 5))
      .attr("font-weight", ([, item]) => (item.group === undefined ? "normal" : "bold"))
      .attr("fill", COLOURS.ink).text(([, item]) => item.title);
    items.append("text").attr("text-anchor", "middle").attr("font-size", WIRE_SIZE)
      .attr("x", ([, item]) => item.box / 2 + (item.group === undefined ? 0 : 10)).attr("y", 13)
      .attr("fill", COLOURS.quiet).text(([, item]) => item.subtitle);
    const carrying = items.filter(([, item]) => item.width > item.box);
    carrying.append("line").attr("x1", ([, item]) => item.box).attr("x2", ([, item]) => item.width)
      .attr("stroke", COLOURS.quiet);
    [["value", -4], ["gradient", 12]].forEach(([what, y], k) => {
      carrying.append("text").attr("class", what).attr("font-size", WIRE_SIZE)
        .attr("x", ([, item]) => item.box + 5).attr("y", y)
        .attr("fill", COLOURS[what]).text(([, item]) => item.carried[k]);
    });
    this.addToggle(items.filter(([, item]) => item.group !== undefined), 6, -7, "+");
    this.onClick(items, ([, item]) => itemOf(item));
    items.on("dblclick", (event, [, item]) => {
      if (item.group !== undefined) this.toggleGroup(item.group);
    });
  }

  isLeaf(item) {
    return item.gate !== undefined && this.circuit.gates[item.gate].operands.length === 0;
  }

  fillOf(item) {
    if (item.group !== undefined) return COLOURS.closed;
    return this.isLeaf(item) ? COLOURS.leaf : COLOURS.gate;
  }

  /** A small button that opens or closes a group. */
  addToggle(parents, x, y, sign) {
    const button = parents.append("g").attr("class", "toggle").attr("role", "button").attr("cursor", "pointer")
      .attr("aria-label", sign === "+" ? "open" : "close")
      .attr("transform", `translate(${x},${y})`);
    button.append("rect").attr("width", 15).attr("height", 15).attr("rx", 3)
      .attr("fill", "#ffffff").attr("stroke", COLOURS.quiet);
    button.append("text").attr("x", 7.5).attr("y", 12).attr("text-anchor", "middle").attr("font-size", 13)
      .attr("fill", COLOURS.ink).text(sign);
    button.on("click", (event, datum) => {
      event.stopPropagation();
      this.toggleGroup(Array.isArray(datum) ? datum[1].group : datum);
    });
  }

  onClick(elements, item) {
    elements.on("click", (event, datum) => {
      event.stopPropagation();
      this.chooseItem(item(datum));
    });
  }

  /** Marks an item with its wires; null marks nothing. */
  choose(item) {
    this.chosen = item;
    this.markChosen();
  }

  markChosen() {
    const id = this.chosen && idOf(this.chosen);
    const colour = (isChosen) => (isChosen ? COLOURS.chosen : null);
    this.root.selectAll("g.item").classed("chosen", ([own]) => own === id)
      .select(".box").attr("stroke", ([own]) => colour(own === id) ?? COLOURS.quiet)
      .attr("stroke-width", ([own]) => (own === id ? 2.5 : 1));
    this.root.selectAll("path.wire")
      .attr("stroke", ({ from, to }) => colour(from === id || to === id))
      .attr("stroke-opacity", ({ from, to }) => (from === id || to === id ? 1 : null))
      .attr("stroke-width", ({ from, to }) => (from === id || to === id ? 2.5 : null));
  }

  /** Moves the window to where an item begins, if it cannot be seen or read. */
  bringIntoView(item) {
    const id = idOf(item);
    if (!this.graph.hasNode(id)) return;
    // Frames can be wider than the window.
    const { x: middle, y, width } = this.graph.node(id);
    const x = middle - width / 2 + 10;
    const transform = zoomTransform(this.svg.node());
    const [left, top] = transform.apply([x, y]);
    const { clientWidth, clientHeight } = this.svg.node();
    const isSeen = left > 0 && top > 0 && left < clientWidth && top < clientHeight;
    const isReadable = transform.k >= READABLE;
    if (!isReadable) this.zoom.scaleTo(this.svg, 1);
    if (!isSeen || !isReadable) this.zoom.translateTo(this.svg, x, y);
  }

  positionOf(group) {
    const node = this.graph?.node(`group-${group}`);
    return node === undefined ? null : { x: node.x - node.width / 2, y: node.y };
  }

  /** The whole drawing in the window, not magnified. */
  fit() {
    this.show(this.scaleToFit());
  }

  /** The same where that can be read; else the drawing's beginning. */
  begin() {
    this.show(Math.max(READABLE, this.scaleToFit()));
  }

  scaleToFit() {
    const { width, height } = this.size();
    const { clientWidth, clientHeight } = this.svg.node();
    return Math.min(1.2, clientWidth / width, clientHeight / height);
  }

  /** That of the drawing; one of nothing has none. */
  size() {
    return this.seen.items.size === 0 ? { width: 1, height: 1 } : this.graph.graph();
  }

  show(scale) {
    const { width, height } = this.size();
    const { clientWidth, clientHeight } = this.svg.node();
    const x = Math.max(0, (clientWidth - width * scale) / 2);
    const y = Math.max(0, (clientHeight - height * scale) / 2);
    this.zoom.scaleExtent([Math.min(0.02, scale), 4]);
    this.svg.call(this.zoom.transform, zoomIdentity.translate(x, y).scale(scale));
  }

  /** What is drawn, as an image file. */
  image() {
    const { width, height } = this.size();
    const copy = this.svg.node().cloneNode(true);
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.setAttribute("viewBox", `0 0 ${width} ${height}`);
    copy.setAttribute("width", width);
    copy.setAttribute("height", height);
    copy.firstElementChild.removeAttribute("transform");
    return new XMLSerializer().serializeToString(copy);
  }
}

const idOf = ({ gate, group }) => (gate === undefined ? `group-${group}` : `gate-${gate}`);
const itemOf = ({ gate, group }) => (gate === undefined ? { group } : { gate });
