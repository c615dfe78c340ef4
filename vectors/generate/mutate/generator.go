package mutate

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ethereum-optimism/optimism/op-service/eth"

	"github.com/opsign/opsign/vectors/generate/blocks"
)

// Situation is a message, what the node knew that judged it, and what it decided.
type Situation struct {
	// Sequence names messages that one validator judged, one step after the
	// other. It is nil if the validator judged nothing else.
	Sequence *string `json:"sequence"`
	Step     *int    `json:"step"`

	Topic   string `json:"topic"`
	ChainID string `json:"chain_id"`
	Address string `json:"address"`
	// PreviousAddress is what op-node's runtime configuration answered just
	// before this message: within a sequence it turns nil when the grace ends.
	PreviousAddress *string `json:"previous_address"`
	Now             uint64  `json:"now"`
	JovianTime      *uint64 `json:"jovian_time"`
	Message         string  `json:"message"`
	// MessageRepeat continues a message that would be long written out.
	MessageRepeat *Repeat `json:"message_repeat,omitempty"`

	Verdict blocks.Verdict `json:"verdict"`
	Reason  string         `json:"reason"`
	Rule    Rule           `json:"rule"`
}

// Repeat stands for unit, times over, and then tail.
type Repeat struct {
	Unit  string `json:"unit"`
	Times int    `json:"times"`
	Tail  string `json:"tail"`
}

// Record is what [Generator.Next] gives.
type Record struct {
	ID string `json:"id"`
	Situation
	// Details are the values that op-node logged with its reason.
	Details string `json:"details"`
	// Mutation says what was done to the message, for whoever looks into it.
	Mutation []string `json:"mutation"`
}

// Line is the record as one line of JSON.
func (r Record) Line() []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r); err != nil {
		panic(fmt.Sprintf("a record is always JSON: %v", err))
	}
	return out.Bytes()
}

// Generator gives an endless stream of records that depends on its seed only.
type Generator struct {
	seed    uint64
	drawn   uint64 // messages and sequences drawn so far
	given   uint64 // records given so far
	pending []Record
	corpus  *corpus
}

// New makes a generator.
func New(seed uint64) *Generator {
	return &Generator{seed: seed, corpus: &corpus{built: map[string]*blocks.Block{}}}
}

// Next gives the next record.
func (g *Generator) Next() Record {
	if len(g.pending) == 0 {
		// Each draw has randomness of its own, so that a change to one family of
		// mutations does not change what the others make.
		r := &draw{rand.New(rand.NewPCG(g.seed, g.drawn)), g.corpus}
		if r.chance(sequenceChance) {
			g.judgeSequence(r.sequence())
		} else {
			g.judgeAlone(r.message())
		}
		g.drawn++
	}
	next := g.pending[0]
	g.pending = g.pending[1:]
	next.ID = fmt.Sprintf("%d-%d", g.seed, g.given)
	g.given++
	return next
}

// FillMemory queues a sequence that overruns op-node's memory of heights, about
// a thousand messages long.
func (g *Generator) FillMemory() {
	g.judgeSequence((&draw{rand.New(rand.NewPCG(g.seed, 1<<63)), g.corpus}).overrun())
}

func (g *Generator) judgeAlone(d *draft) {
	j := newJudge(d.Node, d.now)
	g.pending = append(g.pending, d.judgedBy(j))
}

func (g *Generator) judgeSequence(drafts []*draft) {
	name := fmt.Sprintf("%d-s%d", g.seed, g.drawn)
	j := newJudge(drafts[0].Node, drafts[0].now)
	for step, d := range drafts {
		record := d.judgedBy(j)
		record.Sequence, record.Step = &name, &step
		g.pending = append(g.pending, record)
	}
}

// draft is a message in the making. The later stages are empty until finish
// fills them from the earlier ones, so that a mutation can set any of them.
type draft struct {
	Node
	now       uint64
	key       *ecdsa.PrivateKey // signs, unless there is a signature
	signed    []byte
	signature *eth.Bytes65
	message   []byte
	done      []string
}

// did notes a mutation.
func (d *draft) did(format string, values ...any) {
	d.done = append(d.done, fmt.Sprintf(format, values...))
}

// set writes a number into the payload's fixed part, if there is that much of it.
func (d *draft) set(at int, value uint64) {
	if at += prefixLength(d.Topic); at+8 <= len(d.signed) {
		put64(d.signed[at:], value)
	}
}

func (d *draft) sign() *eth.Bytes65 {
	if d.signature == nil {
		signature := signWith(d.key, d.ChainID, d.signed)
		d.signature = &signature
	}
	return d.signature
}

// plain is the message before compression.
func (d *draft) plain() []byte {
	return append(d.sign()[:], d.signed...)
}

func (d *draft) compress() []byte {
	if d.message == nil {
		d.message = blocks.EncodeMessage(*d.sign(), d.signed)
	}
	return d.message
}

// judgedBy asks op-node.
func (d *draft) judgedBy(j *judge) Record {
	message := d.compress()
	record := Record{
		Situation: Situation{
			Topic:      d.Topic.String(),
			ChainID:    d.ChainID.String(),
			Address:    d.Current.Hex(),
			Now:        d.now,
			JovianTime: d.JovianTime,
			Message:    hexutil.Encode(message),
		},
		Mutation: d.done,
	}
	if previous := j.previous(); previous != (common.Address{}) {
		text := previous.Hex()
		record.PreviousAddress = &text
	}
	judgement := j.judge(d.now, message)
	record.Verdict, record.Reason, record.Details = judgement.Verdict, judgement.Reason, judgement.Details
	record.Rule = RuleOf(judgement)
	return record
}

func signWith(key *ecdsa.PrivateKey, chainID *big.Int, signed []byte) eth.Bytes65 {
	signature, err := blocks.Sign(key, chainID, signed)
	if err != nil {
		panic(fmt.Sprintf("a test key always signs: %v", err))
	}
	return signature
}

// The keys, public knowledge.
var (
	sequencer = blocks.TestKey("sequencer")
	former    = blocks.TestKey("former sequencer")
	stranger  = blocks.TestKey("stranger")
)

func addressOf(key *ecdsa.PrivateKey) common.Address { return crypto.PubkeyToAddress(key.PublicKey) }

// corpus holds the good blocks that messages start from.
type corpus struct{ built map[string]*blocks.Block }

func (c *corpus) block(spec blocks.Spec) *blocks.Block {
	key := fmt.Sprint(spec.Topic, spec.ChainID, spec.Number, spec.Transactions)
	if c.built[key] == nil {
		block, err := blocks.Build(spec)
		if err != nil {
			panic(err)
		}
		c.built[key] = block
	}
	return c.built[key]
}

// blockTime is the timestamp of every good block.
const blockTime = 1_760_000_000

var chainIDs = []*big.Int{
	big.NewInt(10),
	big.NewInt(10),
	big.NewInt(901),
	big.NewInt(8453),
	new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 64), big.NewInt(10)),
	new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1)),
}

// draw is the randomness of one message or sequence.
type draw struct {
	*rand.Rand
	corpus *corpus
}

func (r *draw) chance(p float64) bool { return r.Float64() < p }

func (r *draw) pick(from ...int) int { return from[r.IntN(len(from))] }

func pickOf[T any](r *draw, from ...T) T { return from[r.IntN(len(from))] }

// skewed is a number below limit, mostly a small one.
func (r *draw) skewed(limit int) int {
	f := r.Float64()
	return int(f * f * f * float64(limit))
}

func (r *draw) bytes(length int) []byte {
	out := make([]byte, length)
	for i := range out {
		out[i] = byte(r.Uint32())
	}
	return out
}

// number64 is a 64-bit number of any size, often one at a border.
func (r *draw) number64() uint64 {
	switch r.IntN(3) {
	case 0:
		return pickOf[uint64](r, 0, 1, 0x7f, 0x80, 0xff, 0x100, 1<<31, 1<<32-1, 1<<32, 1<<63-1, 1<<63, 1<<64-1)
	case 1:
		return r.Uint64() >> r.IntN(64)
	default:
		return r.Uint64N(100)
	}
}

// good starts a message that op-node accepts.
func (r *draw) good() *draft {
	spec := blocks.Spec{
		Topic:        pickOf(r, blocks.V1, blocks.V2, blocks.V3, blocks.V3, blocks.V4, blocks.V4, blocks.V4),
		ChainID:      pickOf(r, chainIDs...),
		Number:       131_000_000,
		Timestamp:    blockTime,
		Transactions: r.pick(0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 5, 5, 8, 13, 20, 40, 100, 126, 127, 128),
	}
	block := r.corpus.block(spec)
	d := &draft{
		Node:   Node{Topic: spec.Topic, ChainID: spec.ChainID, Current: addressOf(sequencer)},
		now:    blockTime + uint64(r.IntN(4)),
		key:    sequencer,
		signed: bytes.Clone(block.Bytes),
	}
	if r.chance(0.4) {
		d.JovianTime = pickOf(r, at(0), at(blockTime-1), at(blockTime), at(blockTime+1), at(blockTime+1000))
	}
	if r.chance(0.1) {
		d.Previous = addressOf(former)
	}
	return d
}

func at(time uint64) *uint64 { return &time }
