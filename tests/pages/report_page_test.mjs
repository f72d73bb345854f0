// The page of a report (MISSION T4-T8, T12).

import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { test } from "node:test";

import { withPage } from "./browser.mjs";

const chartOf = (page, name) => page.locator(`[data-chart=${name}]`).first();
const texts = (locator, selector) => locator.locator(selector).allTextContents();
const headings = (page) => page.locator("h2").allTextContents();
const PAGES = process.env.PAGES;

/** The corners of a polyline, in pixels. */
async function corners(locator) {
  const path = await locator.getAttribute("d");
  return path
    .slice(1)
    .split(/[LM]/)
    .map((point) => point.split(",").map(Number));
}

/** The frame of a chart: where it begins and ends, in its own pixels. */
const frameOf = (chart) =>
  chart.locator("[aria-label=frame]").evaluate((frame) => {
    const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => Number(frame.getAttribute(name)));
    return { left: x, right: x + width, top: y, bottom: y + height };
  });

test("a report shows every run in one picture, and each by itself", () =>
  withPage("report_runs", async (page) => {
    assert.equal(await page.title(), "report_runs");
    assert.deepEqual(await headings(page), [
      "Diagnosis",
      "Loss",
      "Accuracy and learning rate",
      "Update ratios of steady",
      "Dead and saturated units of steady",
      "Activations and gradients of steady",
      "Filters of the first layer of steady",
      "Confusion matrix of steady",
      "Settings",
    ]);
    const curves = chartOf(page, "batches").locator("g.curve");
    assert.equal(await curves.count(), 2);
    const colours = await curves.evaluateAll((all) => all.map((curve) => curve.getAttribute("stroke")));
    assert.equal(new Set(colours).size, 2);
    assert.ok((await texts(chartOf(page, "loss"), ".key > *")).includes("lost </script>"));
    // Training of both, validation of the first alone.
    assert.equal(await chartOf(page, "accuracy").locator("g.training path").count(), 2);
    assert.equal(await chartOf(page, "accuracy").locator("g.validation path").count(), 1);
  }));

test("the losses stand where they belong, on both axes", () =>
  withPage("report_runs", async (page) => {
    // From ln 10 down by a fifth per epoch: a straight line on a logarithmic axis.
    const middle = async () => {
      const line = await corners(chartOf(page, "batches").locator("g.curve path").first());
      const [first, last] = [line[0], line.at(-1)];
      const between = line[Math.floor(line.length / 2)];
      const share = (between[0] - first[0]) / (last[0] - first[0]);
      return between[1] - (first[1] + share * (last[1] - first[1]));
    };
    assert.ok((await middle()) > 20, `linear: ${await middle()}`);
    await page.selectOption("#scale", "log");
    assert.ok(Math.abs(await middle()) < 1, `logarithmic: ${await middle()}`);
  }));

test("losses that are not finite are marked and counted", () =>
  withPage("report_runs", async (page) => {
    const chart = chartOf(page, "batches");
    assert.match((await texts(chart, ".key .error")).join(), /lost <\/script>: 50 from epoch 3\.5/);
    const marks = await chart.locator("g.lost path").count();
    assert.ok(marks >= 1 && marks <= 5, `${marks} marks`);
    assert.ok((await texts(page, "#runs .error")).includes("[cross_entropy] needs finite scores"));
    assert.match((await texts(page, "#diagnosis li")).join(), /loss is no number/);
  }));

test("pressing a run hides and shows it in all pictures", () =>
  withPage("report_runs", async (page) => {
    const button = page.locator("#runs .toggle").first();
    const lines = (name) => chartOf(page, name).locator("g.curve, g.training").count();
    await button.click();
    for (const name of ["batches", "loss", "accuracy", "rate"]) assert.equal(await lines(name), 1, name);
    assert.equal(await button.getAttribute("aria-pressed"), "false");
    await page.locator("#runs .toggle").nth(1).click();
    assert.match(await chartOf(page, "batches").textContent(), /No run is shown/);
    await page.keyboard.press("Enter");
    await button.click();
    assert.equal(await lines("batches"), 2);
  }));

test("another run is looked into", () =>
  withPage("report_runs", async (page) => {
    await page.selectOption("#run", { label: "lost </script>" });
    assert.ok((await headings(page)).includes("Confusion matrix of lost </script>"));
    assert.match(await page.locator("#inside").textContent(), /No validation data/);
    assert.match(await page.locator("#inside").textContent(), /does not look at images/);
  }));

test("update ratios lie on a logarithmic axis with a band about 0.001", () =>
  withPage("report_runs", async (page) => {
    const chart = chartOf(page, "ratios");
    const frame = await frameOf(chart);
    const ticks = await texts(chart, "[aria-label='y-axis tick label'] text");
    assert.deepEqual(ticks, ["10⁻⁴", "10⁻³", "10⁻²"]);
    const band = chart.locator("g.band rect");
    const top = Number(await band.getAttribute("y")),
      height = Number(await band.getAttribute("height"));
    // One power of ten, half of it on either side.
    const decade = (frame.bottom - frame.top) / 2;
    assert.ok(Math.abs(height - decade) < 1 && Math.abs(top - (frame.top + decade / 2)) < 1, `${top}, ${height}`);
    const [[, first], [, second]] = await corners(chart.locator("g.curve path").first());
    // 0.001 and half of it.
    assert.ok(Math.abs(first - (frame.top + frame.bottom) / 2) < 1);
    assert.ok(Math.abs(second - first - decade * Math.log10(2)) < 1);
    assert.equal(await chart.locator("g.curve").count(), 3);
    await chart.locator("input[type=checkbox]").check();
    assert.equal(await chart.locator("g.curve").count(), 6);
    await chart.locator(".toggle").first().click();
    assert.equal(await chart.locator("g.curve").count(), 5);
  }));

test("dead and saturated shares belong to the kinds that can have them", () =>
  withPage("report_runs", async (page) => {
    assert.deepEqual(await texts(chartOf(page, "dead"), ".key > span"), ["0 ReLU"]);
    assert.deepEqual(await texts(chartOf(page, "saturated"), ".key > span"), ["1 Tanh"]);
    const frame = await frameOf(chartOf(page, "saturated"));
    const [[, y]] = await corners(chartOf(page, "saturated").locator("g.curve path").first());
    // 50 % where the axis ends at 55 %.
    assert.ok(Math.abs(y - (frame.bottom - (frame.bottom - frame.top) * (50 / 55))) < 1);
  }));

test("histograms have a column per epoch, darkest in the middle of a bell", () =>
  withPage("report_runs", async (page) => {
    const chart = chartOf(page, "activations");
    const cells = await chart
      .locator("g.shades rect")
      .evaluateAll((all) =>
        all.map((cell) => ({
          x: Number(cell.getAttribute("x")),
          y: Number(cell.getAttribute("y")),
          fill: cell.getAttribute("fill"),
        })),
      );
    const columns = new Set(cells.map(({ x }) => Math.round(x)));
    assert.equal(columns.size, 10);
    const first = cells.filter(({ x }) => x === cells[0].x).sort((a, b) => a.y - b.y);
    const light = (fill) =>
      fill
        .match(/\d+/g)
        .map(Number)
        .reduce((a, b) => a + b);
    const darkest = first.reduce((best, cell, index) => (light(cell.fill) < light(first[best].fill) ? index : best), 0);
    assert.ok(Math.abs(darkest - first.length / 2) <= 1.5, `${darkest} of ${first.length}`);
    assert.equal(await page.locator("[data-chart=gradients]").count(), 3);
  }));

test("filters are images with the colours of their weights", () =>
  withPage("report_runs", async (page) => {
    const canvas = page.locator("#inside canvas");
    assert.equal(await canvas.count(), 2);
    const pixels = await canvas
      .first()
      .evaluate((canvas) => [...canvas.getContext("2d").getImageData(0, 0, 2, 1).data]);
    // −1 is black in red; 0.5 is 128 + 63.5, rounded.
    assert.deepEqual(pixels, [1, 192, 192, 255, 192, 192, 192, 255]);
  }));

test("the confusion matrix has its counts, and figures of each class", () =>
  withPage("report_runs", async (page) => {
    const chart = chartOf(page, "confusion");
    assert.deepEqual((await texts(chart, "g.counts text")).map(Number), [18, 2, 5, 14, 1, 20]);
    assert.match(await chart.locator("h3").textContent(), /86\.67 % of 60/);
    // Of 20 dogs 14; taken for dogs: 16. The worst comes first.
    assert.deepEqual(await texts(chartOf(page, "classes"), "tbody tr:first-child td"), [
      "dog </script><b>bone</b>",
      "70.0 %",
      "87.5 %",
      "77.8 %",
      "20",
    ]);
    assert.equal(await page.locator("b").count(), 0);
  }));

test("settings that differ are marked", () =>
  withPage("report_runs", async (page) => {
    assert.deepEqual(await texts(page, "#settings tr.differs th"), ["learning rate", "validation samples"]);
    assert.deepEqual(await texts(page, "#settings tr.differs:nth-child(2) td"), ["0.08", "0.05"]);
  }));

test("what is under the pointer is told", () =>
  withPage("report_runs", async (page) => {
    const chart = chartOf(page, "accuracy");
    const point = chart.locator("circle").nth(8);
    await chart.locator("figcaption").scrollIntoViewIfNeeded();
    await point.scrollIntoViewIfNeeded();
    const { x, y, width, height } = await point.boundingBox();
    await page.mouse.move(x + width / 2, y + height / 2);
    assert.match(
      await chart.locator("[aria-label=tip]").textContent(),
      /steady.*epoch 9, training.*accuracy 91\.61 %/s,
    );
  }));

test("a run that was trained is shown with its figures", () =>
  withPage("report_spiral", async (page) => {
    const row = await texts(page, "#runs tbody td");
    assert.equal(row[0], "spiral");
    assert.equal(row[1], "10");
    assert.match(row[3], /^\d+\.\d\d %$/);
    assert.ok((await texts(page, "#settings th")).includes("momentum"));
    assert.equal(await chartOf(page, "activations").locator("svg").count(), 1);
    assert.equal((await chartOf(page, "confusion").locator("g.cells rect").count()) > 2, true);
  }));

test("one epoch is shown as points and bars", () =>
  withPage("report_one_epoch", async (page) => {
    assert.equal(await chartOf(page, "loss").locator("circle").count(), 2);
    // Of 40 intervals the first and the last are empty.
    assert.equal(await chartOf(page, "activations").locator("g.bars rect").count(), 38);
  }));

for (const name of ["report_none", "report_empty", "report_nowhere"]) {
  test(`nothing to see is a page that says so: ${name}`, () =>
    withPage(name, async (page) => {
      const text = await page.locator("main").textContent();
      assert.match(
        text,
        { report_none: /no runs/, report_empty: /No step was made/, report_nowhere: /No loss was a finite/ }[name],
      );
      assert.equal(await page.locator("#scale").isDisabled(), true);
    }));
}

test("four runs of 300 epochs and 100 layers stay below 5 MB and usable", () =>
  withPage("report_large", async (page) => {
    assert.ok(statSync(`${PAGES}/report_large.html`).size < 5e6);
    assert.equal(await page.locator("[data-chart=activations]").count(), 6);
    assert.match((await texts(chartOf(page, "ratios"), ".key > span")).join(), /first of 100/);
    const start = Date.now();
    await page.selectOption("#run", "2");
    await page.click("#all-layers");
    assert.ok(Date.now() - start < 10000, `it took ${Date.now() - start} ms`);
    assert.equal(await page.locator("[data-chart=activations]").count(), 100);
  }));

/** What each text of a chart reads and where it is, and the chart's own place. */
const textsOf = (svg) =>
  svg.evaluate((svg) => {
    const box = (element) => {
      const { left, right, top, bottom } = element.getBoundingClientRect();
      return { left, right, top, bottom, words: element.textContent };
    };
    const isSlanted = (text) => /rotate/.test(text.getAttribute("transform") ?? "");
    const boxes = [...svg.querySelectorAll("text")].filter((text) => !isSlanted(text)).map(box);
    return { around: box(svg), boxes: boxes.filter(({ left, right }) => left < right) };
  });

for (const name of ["report_runs", "report_spiral", "report_one_epoch", "report_large"]) {
  test(`no text is cut off or lies on another, wide or narrow: ${name}`, () =>
    withPage(name, async (page) => {
      for (const width of [1400, 420]) {
        await page.setViewportSize({ width, height: 900 });
        await page.waitForFunction(
          (width) =>
            document.querySelector("[data-chart=ratios] svg").clientWidth > width - 90 &&
            document.querySelector("[data-chart=ratios] svg").clientWidth < width,
          width,
        );
        const page_width = await page.locator("main").evaluate((main) => [main.scrollWidth, main.clientWidth]);
        assert.equal(page_width[0], page_width[1], `the page is wider than its window of ${width}`);
        for (const svg of await page.locator("main figure svg").all()) {
          const { around, boxes } = await textsOf(svg);
          boxes.forEach((a, index) => {
            // A label at the end of an axis may reach out by half of itself.
            assert.ok(
              a.left >= around.left - 12 && a.right <= around.right + 20,
              `'${a.words}' is cut off at ${width}`,
            );
            for (const b of boxes.slice(index + 1)) {
              const isApart =
                a.right <= b.left + 1 || b.right <= a.left + 1 || a.bottom <= b.top + 3 || b.bottom <= a.top + 3;
              assert.ok(isApart, `'${a.words}' lies on '${b.words}' at a width of ${width}`);
            }
          });
        }
      }
    }));
}
