// Asks the npm package, in a page in Chromium, about a block signature, and takes a picture of the
// page. See README.md.
import { end, readArguments, report } from "./arguments.js";
import { open, packageFiles, serve } from "./serve.js";

const given = readArguments("chromium.mjs", { screenshot: { type: "string" } });
const { payload, chainId, signature, address } = given;
const here = (path) => new URL(path, import.meta.url);
const server = await serve({
  ...Object.fromEntries(
    ["page.html", "page.css", "page.js", "judge.js", "icon.svg"].map((name) => [
      `/${name}`,
      here(name),
    ]),
  ),
  ...packageFiles(here("../")),
  "/block.json": JSON.stringify({ chainId, signature, address }),
  "/payload.bin": payload,
});
const { browser, page, complaints } = await open(server.origin, "/page.html", {
  viewport: { width: 900, height: 640 },
  deviceScaleFactor: 2,
  colorScheme: process.env.COLOR_SCHEME ?? "light",
});
try {
  const { judgement, error } = await page.evaluate("outcome");
  await page.screenshot({ path: given.screenshot, fullPage: true });
  if (error !== undefined) end(65, error);
  if (complaints.length > 0) throw new Error(complaints.join("\n"));
  report(`opsign in Chromium ${browser.version()}`, judgement);
} finally {
  await browser.close();
  await server.close();
}
