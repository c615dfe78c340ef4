package blocks

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/ethereum/go-ethereum/trie"

	"github.com/ethereum-optimism/optimism/op-core/eip1559"
	"github.com/ethereum-optimism/optimism/op-core/predeploys"
	"github.com/ethereum-optimism/optimism/op-node/rollup"
	"github.com/ethereum-optimism/optimism/op-node/rollup/derive"
	"github.com/ethereum-optimism/optimism/op-service/eth"
)

// MaxTransactions is the most signed transactions that [Build] puts into a block.
const MaxTransactions = 100_000

// Spec says which block to build. Equal specs give equal bytes.
type Spec struct {
	Topic     Topic
	ChainID   *big.Int
	Number    uint64 // block height, below 2^63
	Timestamp uint64 // seconds since 1970
	// Transactions is the number of signed transactions. The deposit of the L1
	// attributes comes before them and is not counted.
	Transactions int
}

// Block is a built block in all its forms.
type Block struct {
	Spec     Spec
	Header   *types.Header
	Envelope *eth.ExecutionPayloadEnvelope
	// Bytes is what the sequencer signs and gossips: the SSZ payload on V1 and
	// V2, the parent beacon block root and the SSZ payload on V3 and V4.
	Bytes []byte
}

// Build makes a block whose payload op-node's validator accepts.
func Build(spec Spec) (*Block, error) {
	switch {
	case spec.Topic < V1 || spec.Topic > V4:
		return nil, fmt.Errorf("topic %d does not exist: use V1 to V4", int(spec.Topic))
	case spec.ChainID == nil || spec.ChainID.Sign() < 0 || spec.ChainID.BitLen() > 256:
		return nil, errors.New("the chain id must be a number of at most 256 bits")
	case spec.Number >= 1<<63:
		return nil, fmt.Errorf("block number %d is too large: op-node hashes it as a signed 64-bit number", spec.Number)
	case spec.Transactions < 0 || spec.Transactions > MaxTransactions:
		return nil, fmt.Errorf("%d transactions: use 0 to %d", spec.Transactions, MaxTransactions)
	}
	config := RollupConfig(spec.Topic, spec.ChainID)

	deposit, err := l1Attributes(spec, config)
	if err != nil {
		return nil, fmt.Errorf("making the L1 attributes deposit: %w", err)
	}
	transactions := types.Transactions{deposit}
	for i := range spec.Transactions {
		transaction, err := userTransaction(spec, i)
		if err != nil {
			return nil, fmt.Errorf("signing transaction %d: %w", i, err)
		}
		transactions = append(transactions, transaction)
	}
	receipts := makeReceipts(spec, config, transactions)

	block := types.NewBlock(
		makeHeader(spec, config, receipts),
		makeBody(spec, config, transactions),
		receipts,
		trie.NewStackTrie(nil),
		&types.BlockConfig{IsIsthmusEnabled: config.IsIsthmus(spec.Timestamp)},
	)
	envelope, err := eth.BlockAsPayloadEnv(block, config)
	if err != nil {
		return nil, fmt.Errorf("converting the block to a payload: %w", err)
	}
	if actual, ok := envelope.CheckBlockHash(); !ok {
		return nil, fmt.Errorf("op-node computes block hash %s, the block says %s", actual, block.Hash())
	}
	encoded, err := Encode(spec.Topic, envelope)
	if err != nil {
		return nil, err
	}
	return &Block{Spec: spec, Header: block.Header(), Envelope: envelope, Bytes: encoded}, nil
}

// Encode writes the bytes that are signed and gossiped on the topic.
func Encode(topic Topic, envelope *eth.ExecutionPayloadEnvelope) ([]byte, error) {
	var out bytes.Buffer
	var err error
	if topic.BlockVersion().HasParentBeaconBlockRoot() {
		_, err = envelope.MarshalSSZ(&out)
	} else {
		_, err = envelope.ExecutionPayload.MarshalSSZ(&out)
	}
	if err != nil {
		return nil, fmt.Errorf("encoding the payload for topic %s: %w", topic, err)
	}
	return out.Bytes(), nil
}

// Decode reads what [Encode] writes, by op-node's own rules.
func Decode(topic Topic, encoded []byte) (*eth.ExecutionPayloadEnvelope, error) {
	version, scope, in := topic.BlockVersion(), uint32(len(encoded)), bytes.NewReader(encoded)
	if version.HasParentBeaconBlockRoot() {
		envelope := new(eth.ExecutionPayloadEnvelope)
		return envelope, envelope.UnmarshalSSZ(version, scope, in)
	}
	payload := new(eth.ExecutionPayload)
	err := payload.UnmarshalSSZ(version, scope, in)
	return &eth.ExecutionPayloadEnvelope{ExecutionPayload: payload}, err
}

// TestKey derives a secp256k1 key from a label. Such keys are public knowledge.
func TestKey(label string) *ecdsa.PrivateKey {
	secret := crypto.Keccak256([]byte("opsign test key: " + label))
	key, err := crypto.ToECDSA(secret)
	if err != nil {
		panic(fmt.Sprintf("label %q gives no valid key, choose another: %v", label, err))
	}
	return key
}

// noise gives reproducible bytes that no compressor shrinks, other ones for
// every block and use.
func noise(spec Spec, use string, index, length int) []byte {
	seed := make([]byte, 0, 128)
	seed = fmt.Appendf(seed, "opsign %s %s %s ", spec.Topic, spec.ChainID, use)
	seed = binary.BigEndian.AppendUint64(seed, spec.Number)
	seed = binary.BigEndian.AppendUint64(seed, spec.Timestamp)
	seed = binary.BigEndian.AppendUint64(seed, uint64(index))
	var out []byte
	for block := uint32(0); len(out) < length; block++ {
		out = append(out, crypto.Keccak256(binary.BigEndian.AppendUint32(seed, block))...)
	}
	return out[:length]
}

func noiseHash(spec Spec, use string) common.Hash {
	return common.BytesToHash(noise(spec, use, 0, common.HashLength))
}

func makeHeader(spec Spec, config *rollup.Config, receipts types.Receipts) *types.Header {
	header := &types.Header{
		ParentHash: noiseHash(spec, "parent hash"),
		Coinbase:   predeploys.SequencerFeeVaultAddr,
		Root:       noiseHash(spec, "state root"),
		Difficulty: new(big.Int),
		Number:     new(big.Int).SetUint64(spec.Number),
		GasLimit:   60_000_000,
		GasUsed:    receipts[len(receipts)-1].CumulativeGasUsed,
		Time:       spec.Timestamp,
		Extra:      []byte{},
		MixDigest:  noiseHash(spec, "prev randao"),
		BaseFee:    big.NewInt(1_234_567),
	}
	if header.GasUsed > header.GasLimit {
		header.GasLimit = header.GasUsed
	}
	if config.IsEcotone(spec.Timestamp) {
		beaconRoot := noiseHash(spec, "parent beacon block root")
		header.ParentBeaconRoot = &beaconRoot
		header.BlobGasUsed = new(uint64)
		header.ExcessBlobGas = new(uint64)
	}
	if config.IsHolocene(spec.Timestamp) {
		header.Extra = eip1559.EncodeHoloceneExtraData(250, 6)
	}
	if config.IsIsthmus(spec.Timestamp) {
		root := messagePasserRoot(spec)
		header.WithdrawalsHash = &root
		header.RequestsHash = &types.EmptyRequestsHash
	}
	return header
}

func makeBody(spec Spec, config *rollup.Config, transactions types.Transactions) *types.Body {
	body := &types.Body{Transactions: transactions}
	if config.IsCanyon(spec.Timestamp) {
		body.Withdrawals = types.Withdrawals{}
	}
	return body
}

// messagePasserRoot is the storage root of an L2ToL1MessagePasser in which one
// withdrawal was ever started. Since Isthmus it stands in the header as
// withdrawals root.
func messagePasserRoot(spec Spec) common.Hash {
	withdrawal := noise(spec, "withdrawal", 0, common.HashLength)
	sentMessages := crypto.Keccak256(withdrawal, common.Hash{}.Bytes()) // mapping in slot 0
	one, err := rlp.EncodeToBytes([]byte{1})
	if err != nil {
		panic(fmt.Sprintf("RLP of one byte cannot fail: %v", err))
	}
	storage := trie.NewStackTrie(nil)
	if err := storage.Update(crypto.Keccak256(sentMessages), one); err != nil {
		panic(fmt.Sprintf("a trie takes its first value: %v", err))
	}
	return storage.Hash()
}

// l1Attributes makes the deposit that opens every OP Stack block.
func l1Attributes(spec Spec, config *rollup.Config) (*types.Transaction, error) {
	origin := &types.Header{
		ParentHash: noiseHash(spec, "L1 parent"),
		Difficulty: new(big.Int),
		Number:     new(big.Int).SetUint64(spec.Number / 6),
		Time:       spec.Timestamp,
		BaseFee:    big.NewInt(987_654_321),
	}
	if params.MainnetChainConfig.IsCancun(big.NewInt(30_000_000), origin.Time) {
		origin.ExcessBlobGas = new(uint64)
	}
	system := eth.SystemConfig{
		BatcherAddr: crypto.PubkeyToAddress(TestKey("batcher").PublicKey),
		Overhead:    eth.Bytes32(common.BigToHash(big.NewInt(188))),
		Scalar:      eth.Bytes32(common.BigToHash(big.NewInt(684_000))),
		GasLimit:    60_000_000,
	}
	if config.IsEcotone(spec.Timestamp) {
		system.Overhead = eth.Bytes32{}
		system.Scalar = eth.EncodeScalar(eth.EcotoneScalars{BaseFeeScalar: 5227, BlobBaseFeeScalar: 1_014_213})
	}
	encoded, err := derive.L1InfoDepositBytes(config, params.MainnetChainConfig, system,
		spec.Number%6, eth.HeaderBlockInfo(origin), spec.Timestamp)
	if err != nil {
		return nil, err
	}
	transaction := new(types.Transaction)
	return transaction, transaction.UnmarshalBinary(encoded)
}

// tokenTransfer is the selector of ERC-20's transfer(address,uint256).
var tokenTransfer = crypto.Keccak256([]byte("transfer(address,uint256)"))[:4]

// transferTopic is the topic of ERC-20's event.
var transferTopic = crypto.Keccak256Hash([]byte("Transfer(address,address,uint256)"))

// userTransaction makes one signed transaction: in turn a legacy one (EIP-155),
// one with an EIP-1559 fee, and a token transfer with an access list.
func userTransaction(spec Spec, index int) (*types.Transaction, error) {
	key := userKey(index)
	to := common.BytesToAddress(noise(spec, "to", index, common.AddressLength))
	nonce := uint64(index / users)
	value := new(big.Int).SetBytes(noise(spec, "value", index, 7))
	var inner types.TxData
	switch index % 3 {
	case 0:
		inner = &types.LegacyTx{
			Nonce: nonce, To: &to, Value: value, Gas: 21_000, GasPrice: big.NewInt(2_000_000),
		}
	case 1:
		inner = &types.DynamicFeeTx{
			ChainID: spec.ChainID, Nonce: nonce, To: &to, Value: value, Gas: 200_000,
			GasTipCap: big.NewInt(1_000_000), GasFeeCap: big.NewInt(5_000_000),
			Data: noise(spec, "data", index, 20+index*7%200),
		}
	default:
		data := append([]byte{}, tokenTransfer...)
		data = append(data, common.LeftPadBytes(to[:], 32)...)
		data = append(data, common.LeftPadBytes(value.Bytes(), 32)...)
		token := crypto.PubkeyToAddress(TestKey("token").PublicKey)
		inner = &types.AccessListTx{
			ChainID: spec.ChainID, Nonce: nonce, To: &token, Value: new(big.Int), Gas: 120_000,
			GasPrice: big.NewInt(2_000_000), Data: data,
			AccessList: types.AccessList{{
				Address:     token,
				StorageKeys: []common.Hash{common.BytesToHash(noise(spec, "storage key", index, 32))},
			}},
		}
	}
	return types.SignNewTx(key, types.LatestSignerForChainID(spec.ChainID), inner)
}

// users is the number of accounts that send transactions.
const users = 10

func userKey(index int) *ecdsa.PrivateKey {
	return TestKey(fmt.Sprintf("user %d", index%users))
}

// makeReceipts makes receipts of transactions that all succeed.
func makeReceipts(spec Spec, config *rollup.Config, transactions types.Transactions) types.Receipts {
	receipts := make(types.Receipts, len(transactions))
	cumulative := uint64(0)
	for i, transaction := range transactions {
		receipt := &types.Receipt{Type: transaction.Type(), Status: types.ReceiptStatusSuccessful}
		switch transaction.Type() {
		case types.DepositTxType:
			cumulative += 46_000
			receipt.DepositNonce = &spec.Number // the depositor sends once a block
			if config.IsCanyon(spec.Timestamp) {
				version := uint64(types.CanyonDepositReceiptVersion)
				receipt.DepositReceiptVersion = &version
			}
		case types.AccessListTxType:
			cumulative += 56_000
			data := transaction.Data()
			sender := crypto.PubkeyToAddress(userKey(i - 1).PublicKey)
			receipt.Logs = []*types.Log{{
				Address: *transaction.To(),
				Topics:  []common.Hash{transferTopic, common.BytesToHash(sender[:]), common.BytesToHash(data[4:36])},
				Data:    data[36:68],
			}}
		default:
			cumulative += transferGas(config, spec.Timestamp, transaction.Data())
		}
		receipt.CumulativeGasUsed = cumulative
		receipt.Bloom = types.CreateBloom(receipt)
		receipts[i] = receipt
	}
	return receipts
}

// transferGas is the gas of a transfer to an account without code: 21000 and
// the price of the data, which Isthmus raises as EIP-7623 does on L1.
func transferGas(config *rollup.Config, timestamp uint64, data []byte) uint64 {
	tokens := uint64(0)
	for _, b := range data {
		if b == 0 {
			tokens++
		} else {
			tokens += params.TxTokenPerNonZeroByte
		}
	}
	perToken := params.TxDataZeroGas
	if config.IsIsthmus(timestamp) {
		perToken = params.TxCostFloorPerToken
	}
	return params.TxGas + tokens*perToken
}
