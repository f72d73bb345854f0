// The page of a choice of k (MISSION K2).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { isImage, withPage } from "./browser.mjs";

const texts = (page, selector) => page.locator(selector).allTextContents();

test("every fold is a dot, means are lines with bars, the best is marked", () =>
  withPage("k_choice", async (page) => {
    assert.equal(await page.locator("h1").textContent(), "k </script><b>of</b> two metrics");
    assert.equal(await page.locator("b").count(), 0);
    assert.equal(await page.locator("#picture g.fold circle").count(), 8 * 3 + 3 * 3);
    assert.equal(await page.locator("#picture g.deviation path:not(marker path)").count(), 8 + 3);
    assert.equal(await page.locator("#picture g.mean path").count(), 2);
    const words = await texts(page, "#picture text");
    for (const word of ["L1 distance", "best 41 % at k = 100", "best 25 % at k = 1", "○ best: L1, k = 100",
      "dots: 3 folds", "k, how many neighbours vote", "accuracy on the validation fold"]) {
      assert.ok(words.includes(word), `${word} in ${words.join()}`);
    }
    // The mean of 0.3, 0.31, 0.32 plus k/1000 goes straight up; the mark is at its end.
    const mark = await page.locator("#picture g.best circle").boundingBox();
    const line = await page.locator("#picture g.mean path").first().boundingBox();
    assert.ok(Math.abs(mark.x + mark.width / 2 - (line.x + line.width)) < 2);
    assert.ok(Math.abs(mark.y + mark.height / 2 - line.y) < 2);
  }));

test("each k that has room is labelled, on both scales", () =>
  withPage("k_choice", async (page) => {
    for (const scale of ["log", "linear"]) {
      await page.selectOption("#scale", scale);
      const words = await texts(page, "#picture [aria-label='x-axis tick label'] text");
      assert.equal(words[0], "1");
      assert.equal(words.at(-1), "100");
      assert.equal(words.includes("8"), true, `${scale}: ${words.join()}`);
      const boxes = await page.locator("#picture [aria-label='x-axis tick label'] text").evaluateAll((all) =>
        all.map((text) => text.getBoundingClientRect()).map(({ left, right }) => ({ left, right })));
      boxes.slice(1).forEach(({ left }, index) => assert.ok(left > boxes[index].right, scale));
    }
  }));

test("pressing a metric hides it and shows it again", () =>
  withPage("k_choice", async (page) => {
    const button = page.locator("#picture .key [role=button]").first();
    await button.click();
    assert.equal(await page.locator("#picture g.fold circle").count(), 3 * 3);
    assert.equal(await page.locator("#picture g.best").count(), 0);
    await button.click();
    assert.equal(await page.locator("#picture g.fold circle").count(), 8 * 3 + 3 * 3);
  }));

test("one k on one validation set is a page without complaints", () =>
  withPage("k_choice_one", async (page) => {
    const words = await texts(page, "#picture text");
    assert.ok(words.includes("one validation set") && words.includes("dot product"), words.join());
    assert.equal(await page.locator("#picture g.fold circle").count(), 1);
    assert.equal(await page.locator("#picture g.deviation").count(), 0);
  }));

test("the choice is saved as an image with its key", () =>
  withPage("k_choice", async (page) => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
    const image = readFileSync(await download.path(), "utf8");
    assert.ok(await isImage(page, image));
    assert.ok(image.includes("L2 distance") && !image.includes("role=\"button\""));
  }));
