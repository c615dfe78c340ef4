// The second tool: who signed a block payload, a message or a hash.
import {
  payloadHash,
  payloadSigningHash,
  personalMessageHash,
  personalMessageSigner,
  recoverSigner,
  recoverSigningHash,
  verifyPayload,
} from "../js/index.js";
import {
  FieldError,
  about,
  bytesField,
  choose,
  chosen,
  hexBytes,
  hexIn,
  numberIn,
  onSubmit,
  textIn,
} from "./form.js";
import samples from "./dist/samples.json";
import { blockSigning, messageSigning } from "./signing.js";
import { code, hexOf, sentence, verdict } from "./view.js";

export function signatureTool(panel) {
  const form = panel.querySelector("form");
  const result = panel.querySelector(".result");
  const field = (name) => form.querySelector(`#signature-${name}`);
  const payload = bytesField(form.querySelector("[data-bytes]"));

  const arrange = () => {
    for (const name of ["kind", "form"]) {
      const choice = chosen(form, name);
      for (const block of form.querySelectorAll(`[data-${name}]`)) {
        block.hidden = !block.dataset[name].split(" ").includes(choice);
      }
    }
  };
  form.addEventListener("change", arrange);
  arrange();

  form.querySelector(".sample").addEventListener("click", () => {
    const { message } = samples;
    choose(form, "kind", "message");
    choose(form, "form", "whole");
    choose(form, "rules", "strict");
    field("message").value = message.text;
    field("whole").value = message.signature;
    field("address").value = message.address;
    form.requestSubmit();
  });

  // 65 bytes; a wallet's 27 or 28 is kept, for a message may have it and a block may not.
  function signatureIn() {
    if (chosen(form, "form") === "whole") {
      const bytes = hexIn(field("whole"));
      if (bytes.length === 65) return bytes;
      throw new FieldError(
        field("whole"),
        `A signature has 65 bytes, and here are ${bytes.length}.`,
      );
    }
    const bytes = new Uint8Array(65);
    for (const [name, at] of [
      ["r", 0],
      ["s", 32],
    ]) {
      const digits = textIn(field(name)).replace(/^0x/i, "");
      if (digits.length > 64)
        throw new FieldError(field(name), `${name} has more than 64 hex digits.`);
      if (digits === "") throw new FieldError(field(name), `${name} is missing.`);
      bytes.set(
        about(field(name), () => hexBytes(digits.padStart(64, "0"))),
        at,
      );
    }
    const v = numberIn(field("v"));
    if (v === undefined) throw new FieldError(field("v"), "v is missing.");
    if (v > 255n) throw new FieldError(field("v"), "v has one byte here: 255 at most.");
    bytes[64] = Number(v);
    return bytes;
  }

  // What recovers the signer, and how the hash was made.
  function signedIn(kind) {
    const rules = chosen(form, "rules");
    if (kind === "message") {
      const message = field("message").value;
      const length = new TextEncoder().encode(message).length;
      const hash = about(field("message"), () => hexOf(personalMessageHash(message)));
      return {
        recover: (signature) => personalMessageSigner({ message, signature, rules }),
        explain: () => messageSigning(length, hash),
      };
    }
    if (kind === "hash") {
      const signingHash = hexIn(field("hash"));
      if (signingHash.length !== 32) {
        throw new FieldError(
          field("hash"),
          `A hash has 32 bytes, and here are ${signingHash.length}.`,
        );
      }
      return { recover: (signature) => recoverSigningHash({ signingHash, signature, rules }) };
    }
    const chainId = textIn(field("chain-id"));
    let hash, length;
    if (kind === "payload") {
      const bytes = payload.read();
      length = bytes.length;
      hash = payloadHash(bytes);
    } else {
      hash = hexIn(field("payload-hash"));
      if (hash.length !== 32) {
        throw new FieldError(
          field("payload-hash"),
          `A hash has 32 bytes, and here are ${hash.length}.`,
        );
      }
    }
    about(field("chain-id"), () => payloadSigningHash(chainId, hash));
    return {
      recover: (signature) => recoverSigner({ payloadHash: hash, chainId, signature, rules }),
      explain: () => blockSigning(chainId, hexOf(hash), length),
    };
  }

  onSubmit(form, () => {
    result.replaceChildren();
    const signed = signedIn(chosen(form, "kind"));
    const signature = signatureIn();
    const expected = textIn(field("address"));
    if (expected !== "") about(field("address"), () => checkAddress(expected));
    let headline;
    try {
      const signer = signed.recover(signature);
      if (expected === "") {
        headline = verdict(
          "good",
          "The signer",
          code(signer),
          "Any sound signature leads to some address: compare it with the one that you expect.",
        );
      } else if (signer.toLowerCase() === expected.toLowerCase()) {
        headline = verdict("good", "The expected signer", code(signer));
      } else {
        headline = verdict(
          "bad",
          "Somebody else",
          code(signer),
          "Or it belongs to other bytes, or to another chain, which looks the same.",
        );
      }
    } catch (error) {
      headline = verdict("bad", "No sound signature", sentence(error));
    }
    result.replaceChildren(headline, ...(signed.explain ? [signed.explain()] : []));
    headline.focus();
  });
}

// A signature that anybody knows, only to have the address read.
function checkAddress(address) {
  const { chain_id: chainId, payload_hash: hash, signature } = samples.payload;
  verifyPayload({ payloadHash: hash, chainId, signature, address });
}
