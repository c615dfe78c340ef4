package engine

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
)

// Fork is what the engine API's versions and a payload's form depend on.
type Fork struct {
	Name       string
	GetPayload string
	NewPayload string
	Requests   bool // executionRequests is newPayload's fourth parameter
	Holocene   bool // attributes carry eip1559Params, headers carry them in extraData
	Jovian     bool // attributes carry minBaseFee, too
}

// Forks has each whose engine calls or attributes differ from those before it.
var Forks = []Fork{
	{Name: "ecotone", GetPayload: "engine_getPayloadV3", NewPayload: "engine_newPayloadV3"},
	{Name: "isthmus", GetPayload: "engine_getPayloadV4", NewPayload: "engine_newPayloadV4", Requests: true, Holocene: true},
	{Name: "jovian", GetPayload: "engine_getPayloadV4", NewPayload: "engine_newPayloadV4", Requests: true, Holocene: true, Jovian: true},
	{Name: "karst", GetPayload: "engine_getPayloadV5", NewPayload: "engine_newPayloadV4", Requests: true, Holocene: true, Jovian: true},
}

// ForkNamed finds one of Forks.
func ForkNamed(name string) (Fork, error) {
	for _, fork := range Forks {
		if fork.Name == name {
			return fork, nil
		}
	}
	return Fork{}, fmt.Errorf("unknown fork %s", name)
}

// What the genesis says, which zero parameters stand for.
const (
	denominator = 250
	elasticity  = 6
)

// extraData is what a header must carry for these parameters (Holocene's and Jovian's specs).
func (f Fork) extraData(attributes *Attributes) []byte {
	if !f.Holocene {
		return []byte{}
	}
	params := bytes.Clone(attributes.EIP1559Params)
	if bytes.Equal(params, make([]byte, 8)) {
		binary.BigEndian.PutUint32(params, denominator)
		binary.BigEndian.PutUint32(params[4:], elasticity)
	}
	if !f.Jovian {
		return append([]byte{0}, params...)
	}
	return binary.BigEndian.AppendUint64(append([]byte{1}, params...), *attributes.MinBaseFee)
}

// l1Info is the transaction that op-node puts first: setL1BlockValues of the fork, with nothing in
// it but its selector, and the scalar of the DA footprint in Jovian's.
func (f Fork) l1Info(number uint64) []byte {
	data := append(common.FromHex("440a5e20"), make([]byte, 160)...)
	if f.Requests {
		data = append(common.FromHex("098999be"), make([]byte, 172)...)
	}
	if f.Jovian {
		data = append(common.FromHex("3db6be2b"), make([]byte, 174)...)
	}
	return Deposit(number, common.HexToAddress("0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001"),
		common.HexToAddress("0x4200000000000000000000000000000000000015"), nil, data)
}

// userDeposit is what somebody has sent by way of L1.
func userDeposit(number uint64) []byte {
	user := common.HexToAddress("0x05e6")
	return Deposit(number, user, user, big.NewInt(1), nil)
}

// Deposit is an encoded deposit transaction.
func Deposit(number uint64, from, to common.Address, mint *big.Int, data []byte) []byte {
	encoded, err := types.NewTx(&types.DepositTx{
		SourceHash: crypto.Keccak256Hash(binary.BigEndian.AppendUint64(nil, number), data),
		From:       from, To: &to, Mint: mint, Value: new(big.Int), Gas: 1_000_000, Data: data,
	}).MarshalBinary()
	if err != nil {
		panic(err) // of a transaction made above
	}
	return encoded
}
