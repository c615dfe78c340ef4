// Prints samples.json: what the sample buttons show, from the vectors.
import { readFileSync } from "node:fs";

const read = (file) =>
  JSON.parse(readFileSync(new URL(`../../vectors/${file}.json`, import.meta.url), "utf8")).cases;
const find = (file, name) => {
  const found = read(file).find((testCase) => testCase.name === name);
  if (found === undefined) throw new Error(`${file}.json has no ${name}`);
  return found;
};

const { topic, chain_id, address, now, message } = find("gossip", "v4_good_chain_10");
const personal = find("messages", "personal_hello_world");
const text = Buffer.from(personal.message.slice(2), "hex").toString();
const [{ chain_id: id, payload_hash, signature }] = read("payload_signing");
const transaction = find("transactions", "1559_y_parity_0");
console.log(
  JSON.stringify({
    gossip: { topic, chain_id, address, now, message },
    message: { text, signature: personal.signature, address: personal.address },
    payload: { chain_id: id, payload_hash, signature },
    transaction: `0x${transaction.raw_parts.map(({ hex, repeat }) => hex.slice(2).repeat(repeat)).join("")}`,
  }),
);
