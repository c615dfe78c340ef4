// Puts the page into one file: `node build.mjs BUNDLE OUT`. BUNDLE is main.js with all that it
// imports, as scripts/wasm.sh has esbuild make it. The policy names the hashes of the one script
// and the one style, and allows nothing else: no connection, no other source.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const [bundle, out] = process.argv.slice(2);
const here = (path) => new URL(path, import.meta.url);
// A literal end tag inside the script would end it.
const script = readFileSync(bundle, "utf8").replaceAll("</script", "<\\/script");
const style = readFileSync(here("page.css"), "utf8");
const icon = readFileSync(here("../js/demo/icon.svg"), "base64");

const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
const parts = {
  policy: [
    "default-src 'none'",
    `script-src ${hash(script)} 'wasm-unsafe-eval'`,
    `style-src ${hash(style)}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; "),
  icon: `data:image/svg+xml;base64,${icon}`,
  style,
  script,
};
const template = readFileSync(here("index.html"), "utf8");
writeFileSync(
  out,
  template.replaceAll(/\{\{(\w+)\}\}/g, (_, name) => parts[name]),
);
