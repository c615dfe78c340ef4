// Prints chains.json: the chains of the superchain registry with the block signers that it names.
// Run by scripts/chains.sh, which says where the arguments come from.
import { readFileSync } from "node:fs";

const [configs, version, date, times, forksVersion] = process.argv.slice(2);
const jovian = new Map(
  readFileSync(times, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split(" ").map(Number)),
);
const networks = JSON.parse(readFileSync(configs, "utf8")).superchains.map((superchain) => ({
  name: superchain.name,
  chains: superchain.chains
    .map(({ Name: name, l2_chain_id: id, Roles: roles }) => ({
      name,
      chain_id: id,
      signer: roles?.UnsafeBlockSigner ?? null,
      jovian_time: jovian.get(id) ?? null,
    }))
    .filter(({ signer }) => signer !== null),
}));
const order = ["mainnet", "sepolia"];
const place = ({ name }) => (order.indexOf(name) + order.length + 1) % (order.length + 1);
networks.sort((one, other) => place(one) - place(other));
const source = `kona-registry ${version}`;
const forks = forksVersion;
const count = networks.reduce((sum, { chains }) => sum + chains.length, 0);
process.stdout.write(`${JSON.stringify({ source, date, forks, count, networks }, null, 1)}\n`);
