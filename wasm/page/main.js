// Starts the page: the WebAssembly from its own text, the tabs, the three tools.
import { init, version } from "../js/index.js";
import wasm from "./dist/opsign_bg.wasm";
import chains from "./chains.json";
import { gossipTool } from "./gossip.js";
import { signatureTool } from "./signature.js";
import { transactionTool } from "./transaction.js";
import { sentence } from "./view.js";

const byId = (id) => document.getElementById(id);

function fail(error) {
  byId("broken").textContent =
    `This page cannot work: ${sentence(error)} Reload it, or try another browser.`;
  byId("broken").hidden = false;
}

function tabs(list) {
  const all = [...list.querySelectorAll('[role="tab"]')];
  const select = (chosen) => {
    for (const tab of all) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      byId(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
    }
  };
  list.addEventListener("click", ({ target }) => {
    if (all.includes(target)) select(target);
  });
  list.addEventListener("keydown", (event) => {
    const at = all.indexOf(event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const tab = all[(to + all.length) % all.length];
    select(tab);
    tab.focus();
  });
}

// A file dropped beside a field would otherwise replace the page.
for (const name of ["dragover", "drop"]) {
  addEventListener(name, (event) => event.preventDefault());
}
addEventListener("error", ({ error }) => fail(error));

await init(wasm).catch((error) => {
  fail(error);
  throw error;
});
tabs(document.querySelector('[role="tablist"]'));
gossipTool(byId("gossip"));
signatureTool(byId("signature"));
transactionTool(byId("transaction"));
byId("about").textContent =
  `opsign ${version}. The ${chains.count} chains and their signers are those of the superchain ` +
  `registry, as the crate ${chains.source} of ${chains.date} carries it, with fork times from ` +
  `${chains.forks}. A chain may have changed its signer since.`;
document.documentElement.dataset.ready = "yes";
