// The third tool: a signed transaction; and the transactions of a block.
import { decodeTransaction, errors } from "../js/index.js";
import { about, bytesField, onSubmit } from "./form.js";
import samples from "./dist/samples.json";
import { bytes, card, code, count, grouped, h, sentence, table, verdict, wei } from "./view.js";

const types = {
  0: "Legacy",
  1: "Access list (EIP-2930)",
  2: "Dynamic fee (EIP-1559)",
  3: "Blob (EIP-4844)",
  4: "Set code (EIP-7702)",
  126: "Deposit (OP Stack)",
};

export function transactionTool(panel) {
  const form = panel.querySelector("form");
  const result = panel.querySelector(".result");
  const raw = bytesField(form.querySelector("[data-bytes]"));

  form.querySelector(".sample").addEventListener("click", () => {
    raw.write(samples.transaction);
    form.requestSubmit();
  });

  onSubmit(form, () => {
    result.replaceChildren();
    const given = raw.read();
    const decoded = about(raw.area, () => decodeTransaction(given));
    const from = decoded.type === 126 ? "L1 vouches for the sender" : "Signed";
    const headline =
      decoded.sender === null
        ? verdict("bad", "Nobody sent this", sentence(whyNoSender(decoded.senderError)))
        : verdict("good", from, code(decoded.sender));
    result.replaceChildren(headline, card(types[decoded.type], ...body(decoded)));
    headline.focus();
  });
}

// A line that opens to all that a transaction of a block says.
export function transactionDetails(raw, index) {
  const summary = h("summary", {}, h("span", { class: "index" }, String(index)));
  const details = h("details", {}, summary);
  try {
    const decoded = decodeTransaction(raw);
    summary.append(types[decoded.type], " ", h("code", {}, `${decoded.hash.slice(0, 18)}…`));
    details.addEventListener("toggle", () => details.append(...body(decoded)), { once: true });
  } catch (error) {
    summary.append("No transaction ", h("span", { class: "quiet" }, sentence(error)));
    details.addEventListener("toggle", () => details.append(bytes(raw)), { once: true });
  }
  return details;
}

function body(tx) {
  return [table(rows(tx)), ...lists(tx)];
}

function rows(tx) {
  const perGas = (value) => value !== undefined && `${wei(value)} per gas`;
  return [
    ["Hash", code(tx.hash)],
    [
      "Sender",
      tx.sender === null
        ? h("span", { class: "quiet" }, sentence(whyNoSender(tx.senderError)))
        : code(tx.sender),
    ],
    [
      "Receiver",
      tx.to === null ? h("span", { class: "quiet" }, "none: it makes a contract") : code(tx.to),
    ],
    ["Value", wei(tx.value)],
    tx.type === 126 && ["Minted", wei(tx.mint)],
    tx.type === 126 && ["Source hash", code(tx.sourceHash)],
    tx.type === 126 && ["System transaction", tx.isSystem ? "yes" : "no"],
    tx.type !== 126 && [
      "Chain id",
      tx.chainId === null
        ? h("span", { class: "quiet" }, "none: good on every chain")
        : grouped(tx.chainId),
    ],
    tx.type !== 126 && ["Nonce", grouped(tx.nonce)],
    ["Gas limit", grouped(tx.gas)],
    tx.gasPrice !== undefined && ["Gas price", perGas(tx.gasPrice)],
    tx.maxFeePerGas !== undefined && ["Highest fee", perGas(tx.maxFeePerGas)],
    tx.maxPriorityFeePerGas !== undefined && [
      "Highest priority fee",
      perGas(tx.maxPriorityFeePerGas),
    ],
    tx.maxFeePerBlobGas !== undefined && [
      "Highest blob fee",
      `${wei(tx.maxFeePerBlobGas)} per blob gas`,
    ],
    [`Input, ${count(tx.input.length, "byte")}`, bytes(tx.input)],
    tx.signingHash !== undefined && ["Signing hash", code(tx.signingHash)],
    tx.r !== undefined && ["r", code(tx.r)],
    tx.s !== undefined && ["s", code(tx.s)],
    tx.v !== undefined && ["v", code(String(tx.v))],
  ];
}

function lists(tx) {
  const found = [];
  if (tx.accessList?.length > 0) {
    const items = tx.accessList.map(({ address, storageKeys }) =>
      h(
        "li",
        {},
        code(address),
        h(
          "ul",
          {},
          storageKeys.map((key) => h("li", {}, code(key))),
        ),
      ),
    );
    found.push(h("h4", {}, "Access list"), h("ul", { class: "tree" }, items));
  }
  if (tx.blobVersionedHashes !== undefined) {
    const items = tx.blobVersionedHashes.map((hash) => h("li", {}, code(hash)));
    found.push(h("h4", {}, "Versioned hashes of its blobs"), h("ul", { class: "tree" }, items));
    const { sidecar } = tx;
    const text = sidecar === null ? "The blobs do not travel with it." : sidecarText(sidecar);
    found.push(h("h4", {}, "Sidecar"), h("p", {}, text));
  }
  if (tx.authorizationList !== undefined) {
    found.push(h("h4", {}, "Authorizations"));
    for (const item of tx.authorizationList) {
      const who =
        item.authority === null ? sentence(whyNoSender(item.authorityError)) : code(item.authority);
      found.push(
        table([
          ["Account", who],
          ["Lets act for it", code(item.address)],
          ["Chain id", item.chainId === 0n ? "0: every chain" : grouped(item.chainId)],
          ["Nonce", grouped(item.nonce)],
          ["r", code(item.r)],
          ["s", code(item.s)],
          ["y parity", code(String(item.yParity))],
        ]),
      );
    }
  }
  return found;
}

function sidecarText({ version, blobs, commitments, proofs }) {
  const parts = [
    count(blobs.length, "blob"),
    count(commitments.length, "commitment"),
    count(proofs.length, version === 1 ? "cell proof" : "proof"),
  ];
  return `${parts.join(", ")} (version ${version}). That the proofs hold is not checked.`;
}

function whyNoSender(name) {
  return errors.find(({ code: known }) => known === name).message;
}
