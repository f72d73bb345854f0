// What the tests of pages share. PAGES names the folder of the pages, PACKAGES that of node_modules, CHROMIUM
// the browser; run.sh sets them.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before } from "node:test";

const { PAGES, PACKAGES, CHROMIUM } = process.env;
const { chromium } = createRequire(`${PACKAGES}/`)("playwright-core");

let browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  });
});
after(() => browser.close());

/** Opens a page, hands it to `use`, and sees to it that nothing was fetched or complained of. */
export async function withPage(name, use) {
  const page = await browser.newPage({ viewport: { width: 1400, height: 800 } });
  const complaints = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (!/^(file|blob|data):/.test(request.url())) complaints.push(`fetches ${request.url()}`);
  });
  await page.goto(`file://${PAGES}/${name}.html`);
  await use(page);
  assert.deepEqual(complaints, []);
  await page.close();
}

/** Whether a text is an SVG image that can be read. */
export const isImage = (page, text) =>
  page.evaluate(
    (text) => !new DOMParser().parseFromString(text, "image/svg+xml").querySelector("parsererror"), text);
