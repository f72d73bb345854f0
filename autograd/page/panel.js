import { select } from "d3-selection";

import { count, labelOf } from "./model.js";

const MOST_CONSUMERS = 50;

/** What is known of the chosen gate or group, or of the whole circuit. */
export class Panel {
  constructor(element, circuit, { choose, toggle }) {
    this.root = select(element);
    this.circuit = circuit;
    this.choose = choose;
    this.toggle = toggle;
  }

  show(item) {
    this.root.selectAll("*").remove();
    if (item === null) {
      this.showCircuit();
    } else if (item.group !== undefined) {
      this.showGroup(item.group);
    } else {
      this.showGate(item.gate);
    }
  }

  /** A word above what is shown; the one before goes. */
  say(text) {
    this.root.selectAll("[role=alert]").remove();
    this.root.insert("p", ":first-child").attr("role", "alert").text(text);
  }

  showCircuit() {
    const { gates, groups, precision } = this.circuit;
    this.root.append("h2").text(count(gates.length));
    this.root.append("p").attr("class", "quiet")
      .text(`${groups.length > 1 ? `${count(groups.length - 1, "group")}, ` : ""}numbers in ${precision}`);
    this.root.append("h3").text("How to read it");
    this.root.append("p").html(
      "Each wire carries its gate's <span class=value>value above</span> and, below, the " +
      "<span class=gradient>gradient</span> of the output in it. Of tensors it shows the shape and the " +
      "root mean square (rms) of the elements.");
    this.root.append("p").text(
      "Drag to move, turn the wheel to zoom. Click a gate for its operands, local gradients, ledger and " +
      "line; + and − open and close a box.");
  }

  showGroup(index) {
    const group = this.circuit.groups[index];
    this.root.append("h2").text(group.name);
    const range = group.kind === "run" ? "" : `, %${group.first} to %${group.end - 1}`;
    this.root.append("p").attr("class", "quiet")
      .text(`${group.kind} of ${count(group.end - group.first)}${range}`);
    this.root.append("p").attr("class", "quiet place").text(group.lines);
    this.showPath({ group: index });
    this.root.append("p").append("button").attr("class", "toggle")
      .text(this.circuit.isOpen[index] ? "Close" : "Open").on("click", () => this.toggle(index));
  }

  showGate(index) {
    const gate = this.circuit.gates[index];
    this.root.append("h2").text(labelOf(gate, index));
    this.root.append("p").attr("class", "quiet place").text(gate.place);
    this.showPath({ gate: index });
    this.showNumbers("Value", "value", gate.value, gate.shape);
    this.showNumbers("Gradient", "gradient", gate.gradient, "");
    this.showOperands(gate);
    this.showLedger(gate);
  }

  /** The boxes around an item, the outermost first. */
  showPath(item) {
    const around = this.circuit.groupsAround(item).reverse();
    if (around.length === 0) return;
    const path = this.root.append("p").attr("class", "path").text("in ");
    around.forEach((group, depth) => {
      if (depth > 0) path.append("span").text(" › ");
      this.link(path, { group }, this.circuit.groups[group].name);
    });
  }

  showNumbers(title, name, text, shape) {
    this.root.append("h3").text(shape ? `${title}, shape ${shape}` : title);
    this.root.append("p").attr("class", name).text(text.elements || "none has arrived");
    if (text.range) this.root.append("p").attr("class", "quiet").text(text.range);
  }

  showOperands(gate) {
    if (gate.operands.length === 0) return;
    this.root.append("h3").text("Operands");
    const rows = this.table("operands", ["", "value", "local gradient", "sent back"]);
    for (const { gate: operand, local, sent } of gate.operands) {
      const row = rows.append("tr");
      const { value, shape } = this.circuit.gates[operand];
      this.link(row.append("td"), { gate: operand }, labelOf(this.circuit.gates[operand], operand));
      row.append("td").attr("class", "value").text(shape ? value.elements : value.brief);
      row.append("td").text(local || "–");
      row.append("td").attr("class", "gradient").text(sent || "–");
    }
  }

  /** Which consumers sent how much. */
  showLedger(gate) {
    if (gate.consumers.length === 0) return;
    this.root.append("h3").text("Ledger: gradient from its consumers");
    const rows = this.table("ledger", ["", "operand", "sent"]);
    for (const { gate: consumer, position, sent } of gate.consumers.slice(0, MOST_CONSUMERS)) {
      const row = rows.append("tr");
      this.link(row.append("td"), { gate: consumer }, labelOf(this.circuit.gates[consumer], consumer));
      row.append("td").text(position);
      row.append("td").attr("class", "gradient").text(sent || "nothing");
    }
    const more = gate.consumers.length - MOST_CONSUMERS;
    if (more > 0) this.root.append("p").attr("class", "quiet").text(`and ${count(more)} more`);
    // Where gradients are not finite there is no share.
    if (gate.consumers.length > 1 && gate.gradient.elements && gate.cancelled !== null) {
      this.root.append("p").attr("class", "quiet").text(`${(100 * gate.cancelled).toFixed(0)} % of it cancelled`);
    }
  }

  table(name, heads) {
    const table = this.root.append("table").attr("class", name);
    table.append("tr").selectAll("th").data(heads).join("th").text((head) => head);
    return table;
  }

  link(parent, item, text) {
    parent.append("a").attr("role", "button").text(text).on("click", () => this.choose(item));
  }
}
