// The page of a search for hyper-parameters (MISSION T9, T10).

import assert from "node:assert/strict";
import { test } from "node:test";

import { withPage } from "./browser.mjs";

const texts = (page, selector) => page.locator(selector).allTextContents();

test("a search: two parameters on their whole ranges, with the trials in their places", () =>
  withPage("found", async (page) => {
    assert.equal(await page.title(), "found </script><b>it</b>");
    assert.equal(await page.inputValue("#stage"), "1");
    const labels = await texts(page, "#pairs text");
    for (const label of ["lr", "lambda", "1e−6", "10"]) assert.ok(labels.includes(label), labels.join());
    const dots = page.locator("#pairs g.trial circle");
    assert.equal(await dots.count(), 4);
    // From the worst to the best: 1e-5, 1e-3, 0.1, 8 are 1, 3, 5, and 6.9 of seven decades.
    const places = await dots.evaluateAll((all) => all.map((dot) => Number(dot.getAttribute("cx"))));
    const decade = (places[2] - places[0]) / 4;
    assert.ok(Math.abs(places[1] - places[0] - 2 * decade) < 0.1, places.join());
    assert.ok(Math.abs(places[3] - places[0] - 5.903 * decade) < 0.1, places.join());
    assert.equal(await page.locator("#pairs g.diverged path").count(), 1);
    assert.equal(await page.locator("#pairs g.best circle").count(), 1);
  }));

test("a search: the score over each parameter, the warnings and a table", () =>
  withPage("found", async (page) => {
    assert.equal(await page.locator("#singles > *").count(), 3);
    assert.equal(await page.locator("#singles g.trial circle").count(), 12);
    assert.equal(await page.locator("#singles g.diverged line").count(), 3);
    const warnings = await texts(page, "#warnings li");
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /the best lr is 8, at the upper edge/);
    const rows = await page.locator("#table tr").evaluateAll((all) =>
      all.map((row) => [...row.cells].map((cell) => cell.textContent).join(" ")));
    assert.deepEqual(rows.slice(0, 2), ["trial epochs score lr lambda dropout", "3 1 0.875 8 0.001 0.4"]);
    assert.match(rows.at(-1), /^4 1 diverged/);
  }));

test("a search: the stages are chosen", () =>
  withPage("found", async (page) => {
    assert.deepEqual(await texts(page, "#stage option"), ["stage 1: 5 trials, 1 epoch", "stage 2: 2 trials, 5 epochs"]);
    await page.selectOption("#stage", "2");
    assert.equal(await page.locator("#pairs g.trial circle").count(), 2);
    assert.equal(await page.locator("#table tr").count(), 3);
  }));

test("a search: one parameter and one trial", () =>
  withPage("single", async (page) => {
    assert.equal(await page.locator("#pairs > *").count(), 0);
    assert.equal(await page.locator("#singles g.trial circle").count(), 1);
  }));
