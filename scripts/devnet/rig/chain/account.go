package chain

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/opsign/opsign/scripts/devnet/rig/engine"
)

// Account is one with more coins than it can spend.
type Account struct {
	Address common.Address
	key     *ecdsa.PrivateKey
}

// Accounts are those in the genesis. The first marks the builder's blocks.
var Accounts = makeAccounts(8)

func makeAccounts(n int) []*Account {
	accounts := make([]*Account, n)
	for i := range accounts {
		key, err := crypto.ToECDSA(crypto.Keccak256([]byte{byte(i)}))
		if err != nil {
			panic(err) // of constants
		}
		accounts[i] = &Account{Address: crypto.PubkeyToAddress(key.PublicKey), key: key}
	}
	return accounts
}

// Transaction is a signed one to the account itself, with that much data.
func (a *Account) Transaction(nonce uint64, data []byte) ([]byte, error) {
	gas := uint64(21_000 + 16*len(data))
	tx, err := types.SignNewTx(a.key, types.LatestSignerForChainID(big.NewInt(ID)), &types.DynamicFeeTx{
		ChainID: big.NewInt(ID), Nonce: nonce, To: &a.Address, Value: new(big.Int), Gas: gas, Data: data,
		GasTipCap: big.NewInt(1_000_000_000), GasFeeCap: big.NewInt(100_000_000_000),
	})
	if err != nil {
		return nil, err
	}
	return tx.MarshalBinary()
}

// Nonce is the account's next one, with what waits in the pool of that engine.
func (a *Account) Nonce(ctx context.Context, public *engine.Client) (uint64, error) {
	result, err := public.Call(ctx, "eth_getTransactionCount", a.Address, "pending")
	if err != nil {
		return 0, err
	}
	var nonce hexutil.Uint64
	return uint64(nonce), json.Unmarshal(result, &nonce)
}

// Send hands one more transaction to an engine.
func (a *Account) Send(ctx context.Context, public *engine.Client, data []byte) error {
	nonce, err := a.Nonce(ctx, public)
	if err != nil {
		return err
	}
	encoded, err := a.Transaction(nonce, data)
	if err != nil {
		return err
	}
	_, err = public.Call(ctx, "eth_sendRawTransaction", hexutil.Bytes(encoded))
	return err
}
