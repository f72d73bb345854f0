// The page of a circuit under real clicks (MISSION C10, B6).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { isImage, withPage } from "./browser.mjs";

const gateBy = (page, symbol) => page.locator("g.item.gate").filter({ hasText: symbol }).first();
const countOf = (page) => page.locator("g.item").count();
const heading = (page) => page.locator("#panel h2").textContent();
const cells = (page, table) => page.locator(`#panel table.${table} td`).allTextContents();
const toggleOf = (page, name) =>
  page.locator("g.open, g.closed").filter({ hasText: name }).last().locator("g.toggle");
const transform = (page) => page.locator("g.circuit").getAttribute("transform");

test("values stand above the wires and gradients below, in two colours", () =>
  withPage("neuron", async (page) => {
    const gate = gateBy(page, "sigmoid");
    const value = gate.locator("text.value"), gradient = gate.locator("text.gradient");
    assert.equal(await value.textContent(), "0.006693");
    assert.equal(await gradient.textContent(), "-1");
    assert.ok((await value.boundingBox()).y < (await gradient.boundingBox()).y);
    assert.notEqual(await value.getAttribute("fill"), await gradient.getAttribute("fill"));
  }));

test("a click on a gate shows operands, local gradients and its line", () =>
  withPage("neuron", async (page) => {
    await gateBy(page, "sigmoid").click();
    assert.equal(await heading(page), "%5 sigmoid");
    assert.match(await page.locator("#panel .place").textContent(), /^drawings\.cpp:\d+$/);
    const [operand, value, local, sent] = await cells(page, "operands");
    assert.equal(operand, "%4 add");
    assert.equal(value, "-5");
    assert.equal(local, "0.00664806");
    assert.equal(sent, "-0.00664806");
    await page.locator("#panel table.operands a").click();
    assert.equal(await heading(page), "%4 add");
    await page.locator("#scene").click({ position: { x: 5, y: 5 } });
    assert.equal(await heading(page), "7 gates");
  }));

test("the ledger tells which consumers sent how much and what cancelled", () =>
  withPage("neuron", async (page) => {
    await gateBy(page, /^x/).click();
    assert.equal(await heading(page), "%1 x (variable)");
    const ledger = await cells(page, "ledger");
    assert.equal(ledger.length, 6);
    assert.equal(ledger[0], "%3 mul");
    assert.equal(ledger[1], "1");
    assert.equal(ledger[2], "-0.0132961");
    assert.equal(ledger[3], "%6 </script><b>f</b> (mul)");
    assert.equal(ledger[5], "0.00669285");
    assert.match(await page.locator("#panel").textContent(), /67 % of it cancelled/);
  }));

test("names are text, whatever is in them", () =>
  withPage("neuron", async (page) => {
    assert.equal(await page.locator("b").count(), 0);
    assert.equal(await gateBy(page, "</script><b>f</b>").count(), 1);
  }));

test("modules close into boxes and open again", () =>
  withPage("network", async (page) => {
    const all = await countOf(page);
    assert.equal(await page.locator("g.open").count(), 4);
    assert.ok((await gateBy(page, "weight").count()) > 0);
    await toggleOf(page, "0: Linear").click();
    assert.equal(await countOf(page), all - 3 + 1);
    assert.match(await page.locator("g.closed").textContent(), /0: Linear3 gates\(12, 5\) rms/);
    assert.equal(await heading(page), "0: Linear");
    await page.locator("#panel button").click();
    assert.equal(await countOf(page), all);
    await page.click("#close-all");
    assert.equal(await page.locator("g.closed").count(), 1);
    await page.locator("g.closed").dblclick();
    assert.equal(await page.locator("g.closed").count(), 3);
    await page.click("#open-all");
    assert.equal(await countOf(page), all);
  }));

test("frames hold what is in them, and headers are free", () =>
  withPage("network", async (page) => {
    const boxOf = (locator) => locator.boundingBox();
    const outer = page.locator("g.open").filter({ hasText: "Sequential" });
    const inner = page.locator("g.open").filter({ hasText: "0: Linear" });
    const frame = await boxOf(outer.locator("rect").first());
    const within = await boxOf(inner.locator("rect").first());
    const header = await boxOf(outer.locator("text").first());
    assert.ok(within.x >= frame.x && within.y >= header.y + header.height - 1);
    assert.ok(within.x + within.width <= frame.x + frame.width);
  }));

test("the search opens what is closed around a gate and brings it into view", () =>
  withPage("scopes", async (page) => {
    assert.ok((await countOf(page)) <= 120);
    const before = await countOf(page);
    await page.click("#open-all");
    assert.match(await page.locator("[role=alert]").textContent(), /too many/);
    assert.equal(await countOf(page), before);
    await page.fill("#search", "needle");
    assert.equal(await page.locator("#found li").count(), 1);
    await page.press("#search", "Enter");
    assert.equal(await heading(page), "%7400 needle (tanh)");
    assert.equal(await page.locator("#panel .path").textContent(), "in layer 7 › neuron 3 › %7391 … %7400");
    const box = await page.locator("g.chosen").boundingBox();
    assert.ok(box.x > 0 && box.x < 1400 && box.y > 0 && box.y < 800);
    await page.fill("#search", "tanh");
    assert.equal(await page.locator("#found li").last().textContent(), "and 9950 more");
    await page.fill("#search", "no such gate");
    assert.equal(await page.locator("#found").textContent(), "nothing found");
  }));

test("10,000 gates without modules stay usable", () =>
  withPage("flat", async (page) => {
    assert.ok((await countOf(page)) <= 120);
    const start = Date.now();
    await page.locator("g.closed g.toggle").nth(5).click();
    assert.ok(Date.now() - start < 5000, `opening a run took ${Date.now() - start} ms`);
    assert.equal(await countOf(page), 22 - 1 + 22);
    await page.fill("#search", "middle");
    await page.locator("#found li").first().click();
    assert.equal(await heading(page), "%5000 middle (tanh)");
  }));

test("a double click opens a box in an overview, and closing is never refused", () =>
  withPage("flat", async (page) => {
    await page.click("#fit");
    const before = await countOf(page);
    await page.locator("g.closed").nth(3).dblclick();
    assert.equal(await countOf(page), before - 1 + 22);
    await page.locator("#panel button").click();
    assert.equal(await countOf(page), before);
  }));

test("an empty tape is a page without complaints", () =>
  withPage("empty", async (page) => {
    assert.equal(await countOf(page), 0);
    await page.click("#fit");
    await page.click("#open-all");
    assert.equal(await heading(page), "0 gates");
  }));

test("the wheel zooms and dragging moves", () =>
  withPage("neuron", async (page) => {
    const first = await transform(page);
    await page.mouse.move(500, 200);
    await page.mouse.wheel(0, -300);
    const zoomed = await transform(page);
    assert.notEqual(zoomed, first);
    await page.mouse.down();
    await page.mouse.move(600, 260);
    await page.mouse.up();
    const moved = await transform(page);
    const scale = (text) => text.match(/scale\((.*)\)/)[1];
    assert.equal(scale(moved), scale(zoomed));
    assert.notEqual(moved, zoomed);
    await page.click("#fit");
    assert.equal(await transform(page), first);
  }));

test("the drawing is saved as an image", () =>
  withPage("network", async (page) => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
    assert.equal(download.suggestedFilename(), "network.svg");
    const image = readFileSync(await download.path(), "utf8");
    assert.ok((await isImage(page, image)) && image.includes("0: Linear") && image.includes("viewBox"));
  }));
