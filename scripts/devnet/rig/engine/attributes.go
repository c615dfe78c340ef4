package engine

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
)

// Attributes of a block that is asked for.
type Attributes struct {
	Timestamp     hexutil.Uint64  `json:"timestamp"`
	PrevRandao    common.Hash     `json:"prevRandao"`
	FeeRecipient  common.Address  `json:"suggestedFeeRecipient"`
	Withdrawals   []struct{}      `json:"withdrawals"`
	BeaconRoot    common.Hash     `json:"parentBeaconBlockRoot"`
	Transactions  []hexutil.Bytes `json:"transactions"`
	NoTxPool      bool            `json:"noTxPool,omitempty"`
	GasLimit      hexutil.Uint64  `json:"gasLimit"`
	EIP1559Params hexutil.Bytes   `json:"eip1559Params,omitempty"`
	MinBaseFee    *uint64         `json:"minBaseFee,omitempty"` // a number, where all else is hex
}

// State is a fork choice.
type State struct {
	Head      common.Hash `json:"headBlockHash"`
	Safe      common.Hash `json:"safeBlockHash"`
	Finalized common.Hash `json:"finalizedBlockHash"`
}

// Attributes are new ones for block `number`: all that can differ from block to block does.
func (f Fork) Attributes(number, timestamp uint64) *Attributes {
	attributes := &Attributes{
		Timestamp:    hexutil.Uint64(timestamp),
		Withdrawals:  []struct{}{},
		Transactions: []hexutil.Bytes{f.l1Info(number), userDeposit(number)},
		GasLimit:     60_000_000 - hexutil.Uint64(number%2)*10_000_000,
	}
	random(attributes.PrevRandao[:])
	random(attributes.FeeRecipient[:])
	random(attributes.BeaconRoot[:])
	if f.Holocene {
		attributes.EIP1559Params = make([]byte, 8)
		if number%3 == 0 {
			attributes.EIP1559Params = hexutil.Bytes{0, 0, 0, 100, 0, 0, 0, 4}
		}
	}
	if f.Jovian {
		fee := number % 5
		attributes.MinBaseFee = &fee
	}
	return attributes
}

// Header is what is read of a payload.
type Header struct {
	ParentHash   common.Hash     `json:"parentHash"`
	FeeRecipient common.Address  `json:"feeRecipient"`
	PrevRandao   common.Hash     `json:"prevRandao"`
	Number       hexutil.Uint64  `json:"blockNumber"`
	GasLimit     hexutil.Uint64  `json:"gasLimit"`
	Timestamp    hexutil.Uint64  `json:"timestamp"`
	ExtraData    hexutil.Bytes   `json:"extraData"`
	Hash         common.Hash     `json:"blockHash"`
	Transactions []hexutil.Bytes `json:"transactions"`
	Withdrawals  []any           `json:"withdrawals"`
}

// Envelope is getPayload's answer, its payload kept as it came.
type Envelope struct {
	Payload    json.RawMessage `json:"executionPayload"`
	BeaconRoot *common.Hash    `json:"parentBeaconBlockRoot"`
	Requests   []hexutil.Bytes `json:"executionRequests"`
	Header     Header          `json:"-"`
}

// ReadEnvelope reads getPayload's result.
func ReadEnvelope(result json.RawMessage) (*Envelope, error) {
	envelope := new(Envelope)
	if err := json.Unmarshal(result, envelope); err != nil {
		return nil, err
	}
	return envelope, json.Unmarshal(envelope.Payload, &envelope.Header)
}

// Foreign says what of a payload is not what was asked for; nil if it answers the attributes.
func (f Fork) Foreign(attributes *Attributes, parent common.Hash, number uint64, envelope *Envelope) error {
	header := &envelope.Header
	switch {
	case header.ParentHash != parent:
		return fmt.Errorf("parent %s", header.ParentHash)
	case uint64(header.Number) != number:
		return fmt.Errorf("number %d", header.Number)
	case header.Timestamp != attributes.Timestamp:
		return fmt.Errorf("timestamp %d", header.Timestamp)
	case header.PrevRandao != attributes.PrevRandao:
		return fmt.Errorf("randao %s", header.PrevRandao)
	case header.FeeRecipient != attributes.FeeRecipient:
		return fmt.Errorf("fee recipient %s", header.FeeRecipient)
	case header.GasLimit != attributes.GasLimit:
		return fmt.Errorf("gas limit %d", header.GasLimit)
	case envelope.BeaconRoot == nil || *envelope.BeaconRoot != attributes.BeaconRoot:
		return fmt.Errorf("beacon root %v", envelope.BeaconRoot)
	case !bytes.Equal(header.ExtraData, f.extraData(attributes)):
		return fmt.Errorf("extra data %s", header.ExtraData)
	case len(header.Withdrawals) > 0 || len(envelope.Requests) > 0:
		return fmt.Errorf("withdrawals or requests")
	case len(header.Transactions) < len(attributes.Transactions):
		return fmt.Errorf("%d transactions", len(header.Transactions))
	}
	for i, transaction := range header.Transactions {
		switch {
		case i < len(attributes.Transactions):
			if !bytes.Equal(transaction, attributes.Transactions[i]) {
				return fmt.Errorf("forced transaction %d", i)
			}
		case len(transaction) == 0 || transaction[0] == 0x7e:
			return fmt.Errorf("a deposit at %d that was not asked for", i)
		}
	}
	return nil
}

func random(bytes []byte) {
	_, _ = rand.Read(bytes) // never fails
}
