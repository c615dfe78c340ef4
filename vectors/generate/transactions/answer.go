package transactions

import (
	"bytes"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/core/types"
)

// Answer says in one line what op-geth makes of bytes: "refused", or "read"
// with the transaction's hash and its sender, which is - if it has none, and
// "odd" behind them if opsign means to refuse it: type 125, or a number of more
// than 256 bits. An answer is never made up of anything but op-geth's.
func Answer(raw []byte) string {
	var tx types.Transaction
	if err := tx.UnmarshalBinary(raw); err != nil {
		return "refused"
	}
	if again := must(tx.MarshalBinary()); !bytes.Equal(again, raw) {
		panic(fmt.Sprintf("op-geth reads %x and writes %x", raw, again))
	}
	from := "-"
	if tx.IsDepositTx() || tx.Type() == types.PostExecTxType {
		if address, err := types.NewIsthmusSigner(one).Sender(&tx); err == nil {
			from = address.Hex()
		}
	} else if address, err := sender(&tx); err == nil {
		from = address.Hex()
	}
	answer := fmt.Sprintf("read %s %s", tx.Hash().Hex(), from)
	if odd(&tx) {
		answer += " odd"
	}
	return answer
}

func odd(tx *types.Transaction) bool {
	if tx.Type() == types.PostExecTxType {
		return true
	}
	v, r, s := tx.RawSignatureValues()
	numbers := []*big.Int{tx.GasPrice(), tx.GasFeeCap(), tx.GasTipCap(), tx.Value(), tx.Mint(), tx.ChainId(), v, r, s}
	for _, number := range numbers {
		if number != nil && number.BitLen() > 256 {
			return true
		}
	}
	return false
}
