import { select } from "d3-selection";

import { labelOf } from "./model.js";

const MOST_FOUND = 50;

/** Finds gates by name, kind, %index, line or the names of the boxes around them. */
export class Search {
  constructor(input, list, circuit, choose) {
    this.input = input;
    this.list = select(list);
    this.choose = choose;
    this.circuit = circuit;
    this.texts = circuit.gates.map((gate, index) => {
      const boxes = circuit.groupsAround({ gate: index }).map((group) => circuit.groups[group].name);
      return [labelOf(gate, index), gate.place, ...boxes].join("\n").toLowerCase();
    });
    input.addEventListener("input", () => this.show());
    input.addEventListener("focus", () => this.show());
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && this.found.length > 0) this.take(this.found[0]);
      if (event.key === "Escape") this.hide();
    });
    document.addEventListener("click", (event) => {
      if (!input.parentElement.contains(event.target)) this.hide();
    });
  }

  show() {
    this.found = this.find(this.input.value.trim().toLowerCase());
    const { gates } = this.circuit;
    this.list.attr("hidden", this.input.value.trim() === "" ? "" : null).selectAll("*").remove();
    this.list.selectAll("li").data(this.found.slice(0, MOST_FOUND)).join("li")
      .attr("class", (_, k) => (k === 0 ? "gate first" : "gate"))
      .text((index) => labelOf(gates[index], index))
      .on("click", (event, index) => this.take(index))
      .append("span").attr("class", "place").text((index) => gates[index].place);
    const more = this.found.length - MOST_FOUND;
    if (this.found.length === 0) this.list.append("li").text("nothing found");
    if (more > 0) this.list.append("li").text(`and ${more} more`);
  }

  /** Indices of gates; those whose name or kind is the words themselves come first. */
  find(words) {
    if (words === "") return [];
    const { gates } = this.circuit;
    const isExact = (index) => [gates[index].name, gates[index].kind, `%${index}`]
      .some((text) => text.toLowerCase() === words);
    const found = [...this.texts.keys()].filter((index) => this.texts[index].includes(words));
    return [...found.filter(isExact), ...found.filter((index) => !isExact(index))];
  }

  take(index) {
    this.hide();
    this.choose({ gate: index });
  }

  hide() {
    this.list.attr("hidden", "");
  }
}
