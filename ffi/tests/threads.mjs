// The good gossip messages of topic 4 that threads.c judges.
import { read } from './vectors.mjs';

for (const c of read('gossip').filter(({ topic, op_node: verdict }) => topic === 'v4' && verdict === 'accept'))
  console.log(`${c.chain_id} ${c.address} ${c.now} ${c.message}`);
