// The page of decision regions (MISSION K1, N3).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { isImage, withPage } from "./browser.mjs";

const texts = (page, selector) => page.locator(selector).allTextContents();
const panels = (page) => page.locator("#picture > svg > svg");

test("each panel has its title, numbers, regions and points; the key names the classes", () =>
  withPage("regions", async (page) => {
    assert.equal(await page.locator("h1").textContent(), "planes");
    assert.equal(await panels(page).count(), 3);
    assert.equal(await page.locator("b, i").count(), 0);
    assert.equal(await page.locator("g.points path").count(), 3 * 4);
    assert.equal(await page.locator(".regions image, image.regions, g.regions image").count(), 3);
    const words = await texts(page, "#picture text");
    for (const word of ["halves <i>and</i>", "whole", "accuracy 75 %, boundary length 1.39",
      "accuracy 75 %, boundary length 0"]) {
      assert.ok(words.includes(word), `${word} in ${words.join()}`);
    }
    assert.deepEqual(await texts(page, "#picture .key text"), ["left", "right <b>one</b>", "other"]);
  }));

test("no words are cut off, in one row or several", () =>
  withPage("regions", async (page) => {
    for (const width of [1400, 500]) {
      await page.setViewportSize({ width, height: 900 });
      await page.waitForFunction(
        (width) => Math.abs(document.querySelector("#picture > svg").clientWidth - width) < 40, width);
      const cut = await page.locator("#picture > svg").evaluate((whole) => {
        const root = whole.getBoundingClientRect();
        // Of a panel, where it begins and ends; its box is that of what is drawn in it.
        const placeOf = (panel) => {
          if (panel === whole) return root;
          const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => Number(panel.getAttribute(name)));
          return { left: root.left + x, right: root.left + x + width, top: root.top + y, bottom: root.top + y + height };
        };
        const inside = (box, around) => box.left >= around.left - 1 && box.right <= around.right + 1 &&
          box.top >= around.top - 1 && box.bottom <= around.bottom + 1;
        return [...whole.querySelectorAll("text")]
          .filter((text) => text.textContent !== "")
          .filter((text) => !inside(text.getBoundingClientRect(), placeOf(text.closest("svg"))))
          .map((text) => text.textContent);
      });
      assert.deepEqual(cut, [], `at a width of ${width}`);
      const tops = await panels(page).evaluateAll((all) => all.map((panel) => panel.getAttribute("y")));
      assert.equal(new Set(tops).size, width === 1400 ? 1 : 3);
    }
  }));

test("regions have the light colour of their class, on its side", () =>
  withPage("regions", async (page) => {
    const colours = await page.locator("#picture image").first().evaluate(async (image) => {
      const picture = new Image();
      picture.src = image.getAttribute("href") ?? image.getAttribute("xlink:href");
      await picture.decode();
      const canvas = document.createElement("canvas");
      Object.assign(canvas, { width: picture.width, height: picture.height });
      const pen = canvas.getContext("2d", { willReadFrequently: true });
      pen.drawImage(picture, 0, 0);
      const at = (share) => [...pen.getImageData(picture.width * share, picture.height / 2, 1, 1).data].slice(0, 3);
      return [at(0.25), at(0.75)];
    });
    const key = await page.locator("#picture .key > rect").evaluateAll((all) =>
      all.map((rect) => rect.getAttribute("fill").match(/\d+/g).map(Number)));
    assert.deepEqual(colours, key.slice(0, 2));
  }));

test("the class under the pointer is told", () =>
  withPage("regions", async (page) => {
    const { x, y, width, height } = await page.locator("#picture image").first().boundingBox();
    await page.mouse.move(x + width * 0.75, y + height * 0.5);
    assert.match(await page.locator("#readout").textContent(), /^\(1\.6\d*, 0\.\d+\): right <b>one<\/b>$/);
    await page.mouse.move(x + width * 0.25, y + height * 0.5);
    assert.match(await page.locator("#readout").textContent(), /: left$/);
  }));

test("all panels are saved as one image", () =>
  withPage("regions", async (page) => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
    const image = readFileSync(await download.path(), "utf8");
    assert.ok(await isImage(page, image));
    assert.ok(image.includes("whole") && image.includes("data:image/png"));
  }));
