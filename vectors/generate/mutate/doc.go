// Package mutate makes gossip messages that are wrong in one way or another, and
// has op-node judge them.
//
// A message starts as a good block of [blocks.Build]. Mutations change it at one
// of three depths: the compressed bytes, the signature, or the block. A changed
// block is signed again with the right key and, mostly, given the hash that its
// changed contents have, so that op-node reaches the rule that the change is
// about instead of stopping at the signature. The verdict is always that of
// op-node's own validator; nothing here decides it.
//
//	generator := mutate.New(seed)
//	record := generator.Next() // a message and op-node's verdict, ready for JSON
//
// Equal seeds give equal messages. docs/gossip-rules.md describes the rules in
// words; [Exits] lists their names.
package mutate
