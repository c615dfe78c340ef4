// The first tool: a gossip message, judged and taken apart.
import { GossipValidator, decodeGossip, payloadSigningHash } from "../js/index.js";
import { about, bytesField, choose, chosen, numberIn, onSubmit, textIn } from "./form.js";
import chains from "./chains.json";
import { phases, satisfied } from "./rules.js";
import samples from "./dist/samples.json";
import { blockSigning } from "./signing.js";
import { transactionDetails } from "./transaction.js";
import {
  bytes,
  card,
  code,
  count,
  grouped,
  h,
  mark,
  sentence,
  table,
  time,
  verdict,
  wei,
} from "./view.js";

const OTHER = "other";
// A block with more is shown in parts.
const TRANSACTIONS = 50;

export function gossipTool(panel) {
  const form = panel.querySelector("form");
  const result = panel.querySelector(".result");
  const field = (name) => form.querySelector(`#gossip-${name}`);
  const message = bytesField(form.querySelector("[data-bytes]"));
  const [chain, chainId, signer, jovian] = ["chain", "chain-id", "signer", "jovian"].map(field);

  const known = chains.networks.flatMap((network) => network.chains);
  chain.append(
    ...chains.networks.map(({ name, chains: list }) =>
      h(
        "optgroup",
        { label: name },
        list.map(({ name: chainName, chain_id: id }) =>
          h("option", { value: id }, `${chainName} (${id})`),
        ),
      ),
    ),
    h("option", { value: OTHER }, "Another chain"),
  );
  chain.addEventListener("change", () => {
    const found = known.find(({ chain_id: id }) => String(id) === chain.value);
    chainId.value = found?.chain_id ?? "";
    signer.value = found?.signer ?? "";
    jovian.value = found?.jovian_time ?? "";
    if (found === undefined) chainId.focus();
  });
  chain.dispatchEvent(new Event("change"));
  for (const typed of [chainId, signer]) {
    typed.addEventListener("input", () => (chain.value = OTHER));
  }

  field("block-time").addEventListener("click", () => {
    clearTime();
    try {
      const { block } = decodeGossip({ topic: chosen(form, "topic"), message: message.read() });
      if (block === null) throw new Error("The block’s layout is broken, so it has no time.");
      field("now").value = block.timestamp;
    } catch (error) {
      field("now").value = "";
      field("now-hint").textContent = sentence(error);
    }
  });
  const hint = field("now-hint").textContent;
  const clearTime = () => (field("now-hint").textContent = hint);
  field("now").addEventListener("input", clearTime);

  form.querySelector(".sample").addEventListener("click", () => {
    const { gossip } = samples;
    message.write(gossip.message);
    choose(form, "topic", gossip.topic);
    chain.value = OTHER;
    chainId.value = gossip.chain_id;
    signer.value = gossip.address;
    jovian.value = "";
    field("previous").value = "";
    field("age").value = "60";
    field("now").value = gossip.now;
    form.requestSubmit();
  });

  onSubmit(form, () => {
    result.replaceChildren();
    const raw = message.read();
    const topic = chosen(form, "topic");
    const id = textIn(chainId);
    about(chainId, () => payloadSigningHash(id, new Uint8Array(32)));
    const given = textIn(signer);
    const config = {
      topic,
      chainId: id,
      maxAge: numberIn(field("age")),
      jovianTime: numberIn(jovian),
    };
    const validator = new GossipValidator(config);
    try {
      about(signer, () => validator.setSigner(given === "" ? null : given));
      const previous = textIn(field("previous"));
      about(field("previous"), () =>
        validator.setPreviousSigner(previous === "" ? null : previous),
      );
      const now = numberIn(field("now")) ?? BigInt(Math.floor(Date.now() / 1000));
      const judgement = about(message.area, () => validator.validate(now, raw));
      result.replaceChildren(...answer(judgement, raw, { ...config, now, signer: given }));
    } finally {
      validator.free();
    }
    result.querySelector(".verdict").focus();
  });
}

const headlines = {
  accept: ["good", "Accepted"],
  ignore: ["quiet", "Ignored"],
  reject: ["bad", "Rejected"],
};
const meanings = {
  accept: "op-node delivers this block and forwards it.",
  ignore: "op-node drops this block.",
  reject: "op-node drops this block and thinks less of whoever sent it.",
};

function answer(judgement, raw, config) {
  const [kind, headline] = headlines[judgement.verdict];
  const { name, number, message } = judgement.reason;
  const parts = [
    verdict(
      kind,
      headline,
      [message, " ", h("span", { class: "quiet" }, `${name}, ${number}`)],
      meanings[judgement.verdict],
    ),
  ];
  let found;
  try {
    found = decodeGossip({ topic: config.topic, message: raw });
  } catch {
    // It does not decompress, as the verdict says.
  }
  if (found !== undefined) {
    parts.push(signatureCard(found, judgement, config));
    if (found.block !== null) parts.push(blockCard(found.block, config));
  }
  parts.push(rulesCard(judgement.rules, judgement.verdict, found?.block, config));
  if (found !== undefined) {
    parts.push(blockSigning(config.chainId, found.payloadHash, found.payload.length));
    if (found.block !== null) parts.push(transactionsCard(found.block));
  }
  return parts;
}

function signatureCard(found, { signer, rules }, { signer: expected }) {
  const outcome = rules.find(({ name }) => name === "signature_wrong_signer").outcome;
  const notes = {
    passed: [
      "good",
      signer?.toLowerCase() === expected.toLowerCase() ? "the expected one" : "the previous one",
    ],
    failed: ["bad", `not the expected ${expected}`],
  };
  const { signature } = found;
  return card(
    "Signature",
    table([
      [
        "Recovered signer",
        signer === null
          ? h("span", { class: "quiet" }, "none")
          : h("div", {}, code(signer), note(notes[outcome])),
      ],
      ["r", code(signature.slice(0, 66))],
      ["s", code(`0x${signature.slice(66, 130)}`)],
      ["y parity", code(String(Number.parseInt(signature.slice(130), 16)))],
    ]),
  );
}

function note(given) {
  return given && h("p", { class: `note ${given[0]}` }, mark(given[0]), given[1]);
}

function blockCard(block, { now }) {
  const same = block.computedBlockHash === block.blockHash;
  const late = now - block.timestamp;
  const age =
    late === 0n
      ? "at the time of arrival"
      : `${count(late < 0n ? -late : late, "second")} ${late < 0n ? "after" : "before"} arrival`;
  const { l1Info } = block;
  const share =
    block.gasLimit > 0n ? ` (${Number((block.gasUsed * 1000n) / block.gasLimit) / 10} %)` : "";
  return card(
    "Block",
    table([
      ["Number", grouped(block.blockNumber)],
      ["Time", h("div", {}, time(block.timestamp), h("p", { class: "note" }, age))],
      [
        "Block hash",
        h(
          "div",
          {},
          code(block.blockHash),
          note(
            same
              ? ["good", "the hash of these contents"]
              : ["bad", "not the hash of these contents, which is"],
          ),
          same ? null : code(block.computedBlockHash),
        ),
      ],
      ["Parent hash", code(block.parentHash)],
      [
        "L1 origin",
        l1Info === null
          ? h("span", { class: "quiet" }, "The first transaction does not name one.")
          : h(
              "div",
              {},
              grouped(l1Info.number),
              ", ",
              time(l1Info.timestamp),
              h("br"),
              code(l1Info.hash),
              h(
                "p",
                { class: "note" },
                `L2 block ${grouped(l1Info.sequenceNumber)} of this L1 block, counted from 0`,
              ),
            ),
      ],
      ["Transactions", grouped(block.transactions.length)],
      ["Gas used", `${grouped(block.gasUsed)} of ${grouped(block.gasLimit)}${share}`],
      ["Base fee", `${wei(block.baseFeePerGas)} per gas`],
      ["Fees go to", code(block.feeRecipient)],
    ]),
    h(
      "details",
      {},
      h("summary", {}, "All other fields"),
      table([
        ["State root", code(block.stateRoot)],
        ["Receipts root", code(block.receiptsRoot)],
        ["Withdrawals root", block.withdrawalsRoot && code(block.withdrawalsRoot)],
        [
          "Parent beacon block root",
          block.parentBeaconBlockRoot && code(block.parentBeaconBlockRoot),
        ],
        ["Previous RANDAO", code(block.prevRandao)],
        ["Extra data", bytes(block.extraData)],
        ["Blob gas used", block.blobGasUsed !== null ? grouped(block.blobGasUsed) : null],
        ["Excess blob gas", block.excessBlobGas !== null ? grouped(block.excessBlobGas) : null],
        ["Withdrawals", grouped(block.withdrawals.length)],
        ["Logs bloom", bytes(block.logsBloom)],
      ]),
    ),
  );
}

const outcomes = {
  passed: ["good", "passed"],
  failed: ["bad", "failed"],
  not_reached: ["quiet", "not reached"],
  not_applicable: ["quiet", "not on this topic"],
};

function rulesCard(rules, verdictName, block, { now, maxAge }) {
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  const facts = block && {
    timestamp_too_old: `${block.timestamp}, and from ${now - (maxAge ?? 60n)} on is good`,
    timestamp_too_new: `${block.timestamp}, and up to ${now + 5n} is good`,
  };
  const row = (name) => {
    const { outcome, message, number } = byName.get(name);
    const [kind, word] = outcomes[outcome];
    const failed = outcome === "failed";
    return h(
      "li",
      { class: outcome },
      mark(failed && verdictName === "ignore" ? "quiet" : kind),
      h(
        "div",
        {},
        h("span", {}, failed ? message : satisfied[name]),
        h("span", { class: "rule-name" }, `${name}, ${number}`),
        facts?.[name] && outcome !== "not_reached"
          ? h("span", { class: "rule-name" }, facts[name])
          : null,
      ),
      h("span", { class: "outcome" }, failed ? verdictName : word),
    );
  };
  return card(
    "op-node’s rules, in its order",
    h(
      "p",
      { class: "hint" },
      "The first rule that objects decides; those behind it are not reached. This page remembers no blocks, so the last two always hold.",
    ),
    phases.map(([title, names]) => [
      h("h4", {}, title),
      h("ul", { class: "rules" }, names.map(row)),
    ]),
  );
}

function transactionsCard({ transactions }) {
  const list = h("div", { class: "transactions" });
  const more = h("button", { type: "button" });
  let shown = 0;
  const show = () => {
    const next = transactions.slice(shown, shown + TRANSACTIONS);
    list.append(...next.map((raw, at) => transactionDetails(raw, shown + at)));
    shown += next.length;
    more.textContent = `Show more of ${count(transactions.length, "transaction")}`;
    more.hidden = shown === transactions.length;
  };
  more.addEventListener("click", show);
  show();
  const none = h("p", { class: "quiet" }, "There are none.");
  return card("Transactions", transactions.length === 0 ? none : list, more);
}
