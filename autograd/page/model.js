/**
 * A recorded circuit and which of its groups are open.
 *
 * A group is a range of consecutive gates (a module's call, a scope, a long run); the first is the
 * whole tape and always open. An item is `{gate}` or `{group}`, each with an index.
 */
export class Circuit {
  constructor({ title, precision, gates, groups }) {
    Object.assign(this, { title, precision, gates, groups });
    this.isOpen = groups.map((group) => group.isOpen);
    for (const gate of gates) gate.consumers = [];
    gates.forEach((gate, index) => {
      gate.operands.forEach((operand, position) => {
        gates[operand.gate].consumers.push({ gate: index, position, sent: operand.sent });
      });
    });
  }

  /**
   * For each group the closed group that stands for it, or null where all around it is open. (The
   * library's dot.cpp knows the same rules, for drawings without a browser.)
   */
  closedAround() {
    const closed = [];
    this.groups.forEach((group, g) => {
      const around = g === 0 ? null : closed[group.parent];
      closed.push(around === null && !this.isOpen[g] ? g : around);
    });
    return closed;
  }

  /**
   * What is to be drawn: `items` (gates and closed groups, each with the open group around it and
   * the gate whose value its wire carries, if it is one), `open` groups and `wires` between items.
   */
  seen() {
    const closed = this.closedAround();
    const items = new Map();
    const idOf = (gate) => {
      const group = closed[this.gates[gate].group];
      return group === null ? `gate-${gate}` : `group-${group}`;
    };
    this.gates.forEach((gate, index) => {
      if (closed[gate.group] === null) {
        items.set(`gate-${index}`, { gate: index, around: gate.group, wire: index });
      }
    });
    this.groups.forEach((group, g) => {
      if (closed[g] === g) items.set(`group-${g}`, { group: g, around: group.parent, leaving: new Set() });
    });
    const open = this.groups.map((_, g) => g).filter((g) => g > 0 && closed[g] === null);

    const wires = new Map();
    this.gates.forEach((gate, index) => {
      const to = idOf(index);
      if (gate.consumers.length === 0) items.get(to).leaving?.add(index);
      for (const operand of gate.operands) {
        const from = idOf(operand.gate);
        if (from === to) continue;
        items.get(from).leaving?.add(operand.gate);
        wires.set(`${from} ${to}`, { from, to });
      }
    });
    for (const item of items.values()) {
      if (item.leaving) item.wire = item.leaving.size === 1 ? [...item.leaving][0] : null;
    }
    return { items, open, wires: [...wires.values()] };
  }

  toggle(group) {
    this.isOpen[group] = !this.isOpen[group];
  }

  setAll(isOpen) {
    this.isOpen = this.groups.map((_, g) => g === 0 || isOpen);
  }

  /** How much it takes to lay out what is seen: its items, wires and, above all, frames. */
  effort() {
    const { items, wires, open } = this.seen();
    return items.size + wires.length + 10 * open.length;
  }

  /** The groups around a gate or group, the innermost first, without the whole tape. */
  groupsAround(item) {
    const around = [];
    let group = item.gate !== undefined ? this.gates[item.gate].group : this.groups[item.group].parent;
    for (; group > 0; group = this.groups[group].parent) around.push(group);
    return around;
  }

  /** Opens what is closed around an item; false if nothing was. */
  reveal(item) {
    const closed = this.groupsAround(item).filter((group) => !this.isOpen[group]);
    for (const group of closed) this.isOpen[group] = true;
    return closed.length > 0;
  }

  /** Closes every group that an item does not lie in. */
  closeAllBut(item) {
    this.setAll(false);
    this.reveal(item);
  }
}

/** `%7 mul`, with the user's name where there is one. */
export function labelOf(gate, index) {
  return gate.name ? `%${index} ${gate.name} (${gate.kind})` : `%${index} ${gate.kind}`;
}

/** `1 gate`, `5 gates`. */
export function count(number, thing = "gate") {
  return number === 1 ? `1 ${thing}` : `${number} ${thing}s`;
}
