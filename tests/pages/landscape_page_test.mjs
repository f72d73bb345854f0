// The page of a loss landscape (MISSION R14, O9).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { isImage, withPage } from "./browser.mjs";

const picture = (page) => page.locator("#picture > svg");
const texts = (page, selector) => page.locator(selector).allTextContents();

/** The corners of a polyline, in pixels. */
async function corners(locator) {
  const path = await locator.getAttribute("d");
  return path.slice(1).split("L").map((point) => point.split(",").map(Number));
}

/** Where the frame of a chart is, in pixels of the page. */
const frameOf = (page) => page.locator("#picture > svg > [aria-label=frame]").last().boundingBox();

test("one axis: the loss is a line with the hinge's bend in its place", () =>
  withPage("hinge", async (page) => {
    assert.equal(await page.title(), "hinge");
    assert.equal(await page.locator("h1").textContent(), "hinge");
    const labels = await texts(page, "#picture text");
    assert.ok(labels.includes("weight[0]") && labels.includes("loss"), labels.join());
    const line = await corners(page.locator("#picture g.curve path"));
    assert.equal(line.length, 41);
    // From (-1, 2) down to (1, 0), on to (3, 0): 20 steps each.
    const [first, bend, last] = [line[0], line[20], line[40]];
    assert.ok(Math.abs(bend[0] - (first[0] + last[0]) / 2) < 0.1);
    assert.ok(Math.abs(bend[1] - last[1]) < 0.1 && first[1] < bend[1] - 100);
    line.forEach(([x, y], index) => {
      const expected = index < 20 ? first[1] + ((bend[1] - first[1]) * index) / 20 : last[1];
      assert.ok(Math.abs(y - expected) < 0.1, `point ${index}: ${x}, ${y}`);
    });
    assert.equal(await page.locator("#scale").isDisabled(), true);
  }));

test("a path has a line, a start, an end and its losses over its steps", () =>
  withPage("hinge", async (page) => {
    assert.equal(await page.locator("#picture g.path path").count(), 1);
    assert.equal(await page.locator("#picture g.start circle").count(), 1);
    assert.equal(await page.locator("#picture g.end circle").count(), 1);
    const [[startX], , [endX, endY]] = await corners(page.locator("#picture g.path path"));
    assert.ok(startX < endX);
    const end = await page.locator("#picture g.end circle").boundingBox();
    const chart = await picture(page).boundingBox();
    assert.ok(Math.abs(end.x + end.width / 2 - chart.x - endX) < 1.5);
    assert.ok(Math.abs(end.y + end.height / 2 - chart.y - endY) < 1.5);
    assert.ok((await texts(page, "#picture .key text")).includes("loss 0.25, 2 steps"));
    assert.equal((await corners(page.locator("#steps g.path path"))).length, 3);
    assert.ok((await texts(page, "#steps text")).includes("step"));
  }));

test("two axes: contours get darker with the loss, and the key says how much", () =>
  withPage("bowl", async (page) => {
    const bands = page.locator("#picture [aria-label=contour] path");
    assert.equal(await bands.count(), 20);
    const rgb = (text) => text.match(/\d+/g).map(Number).reduce((a, b) => a + b);
    const colours = await bands.evaluateAll((all) => all.map((path) => path.getAttribute("fill")));
    colours.map(rgb).reduce((lighter, darker) => (assert.ok(darker < lighter), darker));
    const key = await page.locator("#picture .key rect").evaluateAll((all) =>
      all.map((rect) => rect.getAttribute("fill")).filter((fill) => fill.startsWith("rgb")));
    assert.deepEqual(key, colours);
    const labels = await texts(page, "#picture text");
    for (const label of ["width", "depth", "loss", "5"]) assert.ok(labels.includes(label), label);
  }));

test("the scale is switched between logarithmic and linear", () =>
  withPage("bowl", async (page) => {
    const keyTexts = () => texts(page, "#picture .key text");
    assert.equal(await page.inputValue("#scale"), "log");
    assert.ok((await keyTexts()).some((text) => text.startsWith("≤ ")));
    await page.selectOption("#scale", "linear");
    const labels = await keyTexts();
    assert.ok(labels.includes("0") && labels.includes("1") && labels.includes("4"), labels.join());
    assert.ok(!labels.some((text) => text.startsWith("≤ ")));
  }));

test("paths have colours of their own, and stay in the frame when they leave", () =>
  withPage("bowl", async (page) => {
    const lines = page.locator("#picture g.path");
    const colours = await lines.evaluateAll((all) => all.map((line) => line.getAttribute("stroke")));
    assert.equal(new Set(colours).size, 2);
    for (const line of await lines.all()) {
      const clip = await line.evaluate((mark) => mark.closest("[clip-path]")?.getAttribute("clip-path"));
      assert.match(clip, /url/);
    }
    assert.equal(await page.locator("#picture g.mark path").count(), 1);
    // Of the path that left, what is beyond all numbers is not drawn.
    assert.equal((await corners(lines.nth(1).locator("path"))).length, 2);
  }));

test("a path that diverges does not spoil the chart of losses", () =>
  withPage("bowl", async (page) => {
    await page.selectOption("#scale", "linear");
    const ticks = (await texts(page, "#steps text")).map(Number).filter((number) => number > 3);
    assert.ok(Math.max(...ticks) <= 10, ticks.join());
  }));

test("numbers that are nearly the same are told apart", () =>
  withPage("shallow", async (page) => {
    const ticks = (await texts(page, "#picture text")).filter((text) => text.startsWith("2.3"));
    assert.ok(ticks.length >= 3 && new Set(ticks).size === ticks.length, ticks.join());
  }));

test("pressing a path in the key hides and shows it", () =>
  withPage("bowl", async (page) => {
    const button = page.locator("#picture .key [role=button]").first();
    const lines = () => page.locator("#picture g.path").count();
    assert.equal(await lines(), 2);
    await button.click();
    assert.equal(await lines(), 1);
    assert.equal(await page.locator("#steps g.path").count(), 1);
    assert.equal(await button.getAttribute("aria-pressed"), "false");
    await page.keyboard.press("Enter");
    assert.equal(await lines(), 2);
    assert.equal(await button.getAttribute("aria-pressed"), "true");
  }));

test("a landscape's names are text, whatever is in them", () =>
  withPage("bowl", async (page) => {
    assert.equal(await page.locator("b").count(), 0);
    const names = await texts(page, "#picture .key title");
    assert.ok(names.some((name) => name.startsWith("down </script><b>the</b> hill")), names.join());
  }));

test("the loss under the pointer is told, and a path's steps", () =>
  withPage("bowl", async (page) => {
    const { x, y, width, height } = await frameOf(page);
    await page.mouse.move(x + width * 0.75, y + height * 0.25);
    assert.equal(await page.locator("#readout").textContent(), "x 1, y 0.5: loss 1.25");
    // The path's middle, (-0.5, 0.25).
    await page.mouse.move(x + width * 0.375, y + height * 0.375);
    const tip = await page.locator("#picture [aria-label=tip]").textContent();
    assert.match(tip, /hill, step 1.*x −0\.5.*y 0\.25.*loss 0\.313/s);
    await page.mouse.move(2, 2);
    assert.equal(await page.locator("#readout").textContent(), "");
  }));

test("losses that are not finite leave a hole with an entry in the key", () =>
  withPage("holes", async (page) => {
    assert.ok((await texts(page, "#picture .key text")).includes("loss is not finite"));
    assert.equal(await page.locator("#scale").isDisabled(), true);
    assert.equal(await page.inputValue("#scale"), "linear");
    const { x, y, width, height } = await frameOf(page);
    const covered = (right, up) =>
      page.evaluate(([x, y]) => document.elementFromPoint(x, y).closest("[aria-label=contour]") !== null,
        [x + width * right, y + height * (1 - up)]);
    assert.equal(await covered(0.9, 0.9), false);
    assert.equal(await covered(0.1, 0.9), true);
    await page.mouse.move(x + width * 0.9, y + height * 0.1);
    assert.match(await page.locator("#readout").textContent(), /loss not finite/);
  }));

for (const name of ["plain", "lost", "lost_line"]) {
  test(`nothing to see is a page without complaints: ${name}`, () =>
    withPage(name, async (page) => {
      assert.equal(await picture(page).count(), 1);
      assert.equal(await page.locator("#steps").isVisible(), false);
      const labels = await texts(page, "#picture text");
      assert.equal(labels.includes("2.5"), name === "plain");
      assert.equal(labels.includes("loss is not finite"), name !== "plain");
    }));
}

test("160,000 points stay usable", () =>
  withPage("fine", async (page) => {
    assert.equal(await page.locator("#picture [aria-label=contour] path").count(), 20);
    const start = Date.now();
    await page.selectOption("#scale", "log");
    assert.ok(Date.now() - start < 5000, `the other scale took ${Date.now() - start} ms`);
  }));

/** What each text of a chart reads and where it is, and the chart's own place. */
const textsOf = (page, chart) =>
  // All at once: the chart is drawn anew whenever its size changes.
  page.locator(`${chart} > svg`).evaluate((svg) => {
    const box = (element) => {
      const { left, right, top, bottom } = element.getBoundingClientRect();
      return { left, right, top, bottom, words: element.textContent };
    };
    const boxes = [...svg.querySelectorAll("text")].map(box);
    return { around: box(svg), boxes: boxes.filter(({ left, right }) => left < right) };
  });

for (const name of ["bowl", "shallow", "hinge"]) {
  test(`no text is cut off or lies on another: ${name}`, () =>
    withPage(name, async (page) => {
      for (const width of [1400, 700]) {
        await page.setViewportSize({ width, height: 900 });
        await page.waitForFunction(
          (width) => Math.abs(document.querySelector("#picture > svg").clientWidth - width) < 30, width);
        for (const chart of name === "shallow" ? ["#picture"] : ["#picture", "#steps"]) {
          const { around, boxes } = await textsOf(page, chart);
          boxes.forEach((a, index) => {
            assert.ok(a.left >= around.left && a.right <= around.right, `'${a.words}' is cut off`);
            assert.ok(a.top >= around.top - 1 && a.bottom <= around.bottom + 1, `'${a.words}' is cut off`);
            for (const b of boxes.slice(index + 1)) {
              const isBeside = a.right <= b.left + 1 || b.right <= a.left + 1;
              const isApart = isBeside || a.bottom <= b.top + 3 || b.bottom <= a.top + 3;
              assert.ok(isApart, `'${a.words}' lies on '${b.words}' at a width of ${width}`);
            }
          });
        }
      }
    }));
}

test("the landscape is saved as an image with its key", () =>
  withPage("bowl", async (page) => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
    assert.equal(download.suggestedFilename(), "bowl.svg");
    const image = readFileSync(await download.path(), "utf8");
    assert.ok(await isImage(page, image));
    assert.ok(image.includes("minimum") && image.includes("viewBox") && !image.includes("role=\"button\""));
  }));
