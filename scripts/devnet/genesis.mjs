// The chain's beginnings, as JSON on standard output:
//   genesis.mjs l1 SIGNER OTHER TIME   a dev L1 with two accounts that say who may sign blocks
//   genesis.mjs l2 TIME [FORK [RICH...]]
//                                      an L2 with every fork up to FORK (isthmus), where the addresses
//                                      that follow own coins
//   genesis.mjs rollup L1 L2 TIME N    op-node's configuration; L1 and L2 are hashes of block 0, N
//                                      is 0 for the account of SIGNER and 1 for the one of OTHER
//   genesis.mjs l1-config              the L1's forks, for op-node
const L1_CHAIN = 1337;
const L2_CHAIN = 901;
const SYSTEM_CONFIGS = ['0x0000000000000000000000000000000000005c00', '0x0000000000000000000000000000000000005c01'];
// keccak256("systemconfig.unsafeblocksigner") - 1: where op-node looks for the signer's address.
const SIGNER_SLOT = '0x65a7ed542fb37fe237fdfbdd70b31598523fe5b32879e307bae27a0bd9581c08';

const hex = (number) => `0x${number.toString(16)}`;
const word = (text) => `0x${text.replace(/^0x/, '').toLowerCase().padStart(64, '0')}`;
const forks = Object.fromEntries(
  ['homestead', 'eip150', 'eip155', 'eip158', 'byzantium', 'constantinople', 'petersburg', 'istanbul', 'berlin', 'london']
    .map((fork) => [`${fork}Block`, 0]),
);
const blobSchedule = {
  cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3338477 },
  prague: { target: 6, max: 9, baseFeeUpdateFraction: 5007716 },
};
const l1Config = {
  chainId: L1_CHAIN, ...forks, terminalTotalDifficulty: 0, shanghaiTime: 0, cancunTime: 0, pragueTime: 0, blobSchedule,
};
// Each with what L1 calls the same changes, and with the genesis header's extraData: from Holocene on
// denominator 250 and elasticity 6, from Jovian on the lowest base fee, too.
const upgrades = [
  { times: ['shanghai', 'canyon'], extraData: '0x' },
  { fork: 'ecotone', times: ['cancun', 'ecotone'], extraData: '0x' },
  { fork: 'isthmus', times: ['fjord', 'granite', 'holocene', 'prague', 'isthmus'], extraData: '0x00000000fa00000006' },
  { fork: 'jovian', times: ['jovian'], extraData: '0x01000000fa000000060000000000000000' },
  { fork: 'karst', times: ['osaka', 'karst'], extraData: '0x01000000fa000000060000000000000000' },
];
const upTo = (fork) => upgrades.slice(0, upgrades.findIndex((upgrade) => upgrade.fork === fork) + 1);
const optimism = { eip1559Elasticity: 6, eip1559Denominator: 50, eip1559DenominatorCanyon: 250 };
const block = (time, rest) => ({
  nonce: '0x0', timestamp: hex(Number(time)), gasLimit: hex(60_000_000), difficulty: '0x0', baseFeePerGas: hex(1_000_000_000), ...rest,
});

const documents = {
  l1: (signer, other, time) => block(time, {
    config: l1Config,
    extraData: '0x',
    // Any code, so that an account is no empty one; and the one slot.
    alloc: Object.fromEntries([signer, other].map((address, n) => [
      SYSTEM_CONFIGS[n], { balance: '0x0', code: '0x00', storage: { [SIGNER_SLOT]: word(address) } },
    ])),
  }),
  'l1-config': () => l1Config,
  l2: (time, fork = 'isthmus', ...rich) => block(time, {
    config: {
      chainId: L2_CHAIN, ...forks, terminalTotalDifficulty: 0, bedrockBlock: 0, regolithTime: 0, optimism,
      ...Object.fromEntries(upTo(fork).flatMap(({ times }) => times.map((name) => [`${name}Time`, 0]))),
    },
    extraData: upTo(fork).at(-1).extraData,
    alloc: Object.fromEntries(rich.map((address) => [address, { balance: hex(10n ** 27n) }])),
  }),
  rollup: (l1, l2, time, n) => ({
    genesis: {
      l1: { hash: l1, number: 0 },
      l2: { hash: l2, number: 0 },
      l2_time: Number(time),
      system_config: {
        batcherAddr: '0x00000000000000000000000000000000000000ba',
        overhead: word('0'),
        scalar: `0x01${'0'.repeat(62)}`,
        gasLimit: 60_000_000,
        eip1559Params: '0x0000000000000000',
        operatorFeeParams: word('0'),
      },
    },
    block_time: 1,
    max_sequencer_drift: 600,
    seq_window_size: 3600,
    channel_timeout: 300,
    l1_chain_id: L1_CHAIN,
    l2_chain_id: L2_CHAIN,
    ...Object.fromEntries(
      ['regolith', 'canyon', 'delta', 'ecotone', 'fjord', 'granite', 'holocene', 'isthmus'].map((fork) => [`${fork}_time`, 0]),
    ),
    batch_inbox_address: '0x00000000000000000000000000000000000000bb',
    deposit_contract_address: '0x00000000000000000000000000000000000000bc',
    l1_system_config_address: SYSTEM_CONFIGS[n],
    protocol_versions_address: `0x${'0'.repeat(40)}`,
    chain_op_config: optimism,
  }),
};

const [kind, ...rest] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(documents[kind](...rest), null, 1)}\n`);
