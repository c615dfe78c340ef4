// A static server on loopback for exactly the files that it is given, and a Chromium to look at
// them.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname } from "node:path";

import { chromium } from "playwright-core";

const types = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

// As strict as a page can be that runs WebAssembly.
const policy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; " +
  "style-src 'self'; img-src 'self'";

// files: path on the server to content, or to the URL of a file.
export async function serve(files) {
  const server = createServer((request, response) => {
    const path = request.url.split("?")[0];
    if (!Object.hasOwn(files, path)) {
      response.writeHead(404).end();
      return;
    }
    const body = files[path] instanceof URL ? readFileSync(files[path]) : files[path];
    response.writeHead(200, {
      "content-type": types[extname(path)] ?? "application/octet-stream",
      "content-security-policy": policy,
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    });
    response.end(body);
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}

// The files that npm would publish, from a folder that holds the package, under /opsign/.
export function packageFiles(folder) {
  const { files } = JSON.parse(readFileSync(new URL("package.json", folder)));
  return Object.fromEntries(files.map((file) => [`/opsign/${file}`, new URL(file, folder)]));
}

// A Chromium that finds nobody but this machine.
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ],
  });
}

// Opens a page of `origin`, and notes all that should not happen there.
export async function open(origin, path, options) {
  const browser = await launch();
  const page = await browser.newPage(options);
  const requests = [];
  const complaints = [];
  page.context().on("request", (request) => {
    requests.push(request.url());
    if (new URL(request.url()).origin !== origin) complaints.push(`asked ${request.url()}`);
  });
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(`${error}`));
  await page.goto(origin + path);
  return { browser, page, requests, complaints };
}
