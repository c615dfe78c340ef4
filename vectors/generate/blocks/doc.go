// Package blocks makes OP Stack blocks, gossip messages and verdicts with the
// code of op-node and op-geth alone.
//
// It holds nothing of opsign, so that what opsign computes can be compared with
// it. The way from a [Spec] to a verdict is:
//
//	block, err := blocks.Build(spec)                    // header, payload, X bytes
//	signature, err := blocks.Sign(key, chainID, block.Bytes)
//	message := blocks.EncodeMessage(signature, block.Bytes)
//	judgement := blocks.NewValidator(topic, chainID, signer, clock).Judge(message)
//
// The blocks are well formed but nothing was executed: the transactions are
// really signed, the transaction, receipt and withdrawal tries are really
// hashed, while the state root and the gas that token transfers use are made up.
package blocks
