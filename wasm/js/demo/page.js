// Shows what the package says about the block that the local server has. `outcome` is for the
// program that opened the page.
import * as opsign from "/opsign/index.js";
import { accepted, judge } from "/judge.js";

const show = (id, text, ...classes) => {
  const element = document.getElementById(id);
  element.textContent = text;
  element.classList.add(...classes);
};

globalThis.outcome = run();

async function run() {
  try {
    const [block, payload] = await Promise.all([
      fetch("/block.json").then((response) => response.json()),
      fetch("/payload.bin").then((response) => response.arrayBuffer()),
      opsign.init(),
    ]);
    show("chain-id", block.chainId);
    show("address", block.address);
    show("signature", block.signature);
    show("payload-bytes", `${payload.byteLength.toLocaleString("en")} bytes`);
    show("about", `opsign ${opsign.version}, Rust in WebAssembly. Nothing left this machine.`);

    const judgement = judge(opsign, { ...block, payload: new Uint8Array(payload) });
    showJudgement(judgement);
    return { judgement };
  } catch (error) {
    showVerdict("error", "Nothing to check", error.message);
    for (const empty of document.querySelectorAll("dd:empty")) empty.textContent = "–";
    return { error: error.message };
  }
}

function showJudgement(judgement) {
  show("payload-hash", judgement.payload_hash);
  show("signing-hash", judgement.signing_hash);
  const ours = judgement.verdict === "accept" ? "good" : "bad";
  show("recovered", judgement.recovered ?? "nobody", ours);
  const flipped = { accept: "accepted, which is a bug", reject: "refused, as it must be" };
  show("flipped-bit", flipped[judgement.flipped_bit] ?? "not checked: the payload is empty");
  show("micros", `${judgement.micros.toLocaleString("en")} µs, hash and recovery`);
  if (accepted(judgement)) {
    showVerdict("accept", "Signature valid", "the expected signer signed exactly these bytes for this chain");
  } else {
    showVerdict("reject", "Signature refused", explain(judgement.reason));
  }
}

function explain(reason) {
  if (reason === "wrong_signer") {
    return "it was made by another key, over other bytes, or for another chain";
  }
  return opsign.errors.find(({ code }) => code === reason)?.message ?? "see below";
}

function showVerdict(verdict, headline, explanation) {
  document.getElementById("verdict").className = verdict;
  show("headline", headline);
  show("explanation", `${explanation[0].toUpperCase()}${explanation.slice(1)}.`);
}
