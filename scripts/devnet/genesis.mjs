// The chain's beginnings, as JSON on standard output:
//   genesis.mjs l1 SIGNER OTHER TIME   a dev L1 with two accounts that say who may sign blocks
//   genesis.mjs l2 TIME                an empty L2 with every fork up to Isthmus
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
  l2: (time) => block(time, {
    config: {
      chainId: L2_CHAIN, ...forks, terminalTotalDifficulty: 0, bedrockBlock: 0, regolithTime: 0,
      shanghaiTime: 0, canyonTime: 0, cancunTime: 0, ecotoneTime: 0, fjordTime: 0, graniteTime: 0,
      holoceneTime: 0, pragueTime: 0, isthmusTime: 0, optimism,
    },
    extraData: '0x00000000fa00000006', // Holocene: denominator 250, elasticity 6
    alloc: {},
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
