// Puts a page's styles and scripts, with the packages they import, into its one HTML file.
//
//   node bundle_page.mjs FOLDER NAME OUTPUT     (FOLDER/NAME.html, NAME.css and NAME.js)

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, name, output] = process.argv.slice(2);
// The packages lie in the build tree, where this is run, not beside this file.
const packages = join(process.cwd(), "node_modules");
const esbuild = createRequire(join(packages, "x"))("esbuild");

const bundle = (entry, format) =>
  esbuild.buildSync({
    entryPoints: [join(folder, entry)],
    bundle: true,
    minify: true,
    write: false,
    format,
    charset: "utf8",
    legalComments: "eof",
    nodePaths: [packages],
    logLevel: "warning",
  }).outputFiles[0].text;

// What stands for these tags in the text of a script would end it. A replacement function, because
// in a replacement text `$` has a meaning.
const script = bundle(`${name}.js`, "iife").replaceAll("</script", "<\\/script");
const html = readFileSync(join(folder, `${name}.html`), "utf8")
  .replace("<style></style>", () => `<style>${bundle(`${name}.css`)}</style>`)
  .replace("<script></script>", () => `<script>${script}</script>`);
writeFileSync(output, html);
