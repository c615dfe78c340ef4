// How a signing hash is made, step by step.
import { payloadSigningHash } from "../js/index.js";
import { card, code, count, h, hexOf } from "./view.js";

const DOMAIN = `0x${"00".repeat(32)}`;

export function blockSigning(chainId, payloadHash, payloadLength) {
  const chain = `0x${BigInt(chainId).toString(16).padStart(64, "0")}`;
  const signingHash = hexOf(payloadSigningHash(chainId, payloadHash));
  const covered = payloadLength === undefined ? "" : ` of ${count(payloadLength, "byte")}`;
  const parts = [
    ["Domain", "32 zero bytes, the only one in use", DOMAIN, "one"],
    ["Chain id", `${BigInt(chainId)} as 32 bytes`, chain, "two"],
    ["Payload hash", `Keccak-256 of the payload${covered}`, payloadHash, "three"],
  ];
  return card(
    "How the signing hash is made",
    h(
      "ol",
      { class: "steps" },
      parts.map(([name, how, value, place]) =>
        h("li", {}, h("b", {}, name), " ", h("span", { class: "quiet" }, how), part(value, place)),
      ),
      h(
        "li",
        {},
        h("b", {}, "One after the other"),
        " ",
        h("span", { class: "quiet" }, "96 bytes"),
        h(
          "code",
          {},
          "0x",
          parts.map(([, , value, place]) => h("span", { class: place }, value.slice(2))),
        ),
      ),
      h(
        "li",
        {},
        h("b", {}, "Signing hash"),
        " ",
        h("span", { class: "quiet" }, "Keccak-256 of those"),
        code(signingHash),
      ),
    ),
  );
}

function part(value, place) {
  return h("code", {}, "0x", h("span", { class: place }, value.slice(2)));
}

export function messageSigning(length, signingHash) {
  const prefix = "\\x19Ethereum Signed Message:\\n";
  return card(
    "How the signing hash is made",
    h(
      "ol",
      { class: "steps" },
      h("li", {}, h("b", {}, "Prefix"), code(prefix)),
      h(
        "li",
        {},
        h("b", {}, "Length"),
        " ",
        h("span", { class: "quiet" }, "of the text in UTF-8, in decimal digits"),
        code(String(length)),
      ),
      h(
        "li",
        {},
        h("b", {}, "The text"),
        " ",
        h("span", { class: "quiet" }, count(length, "byte")),
      ),
      h(
        "li",
        {},
        h("b", {}, "Signing hash"),
        " ",
        h("span", { class: "quiet" }, "Keccak-256 of the three, one after the other (EIP-191)"),
        code(signingHash),
      ),
    ),
  );
}
