package blocks

import (
	"context"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"sync"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/log"

	"github.com/ethereum-optimism/optimism/op-node/p2p"
	"github.com/ethereum-optimism/optimism/op-node/rollup"
	"github.com/ethereum-optimism/optimism/op-service/clock"
)

// TimestampThreshold is how old a block may be, op-node's default.
const TimestampThreshold = 60 * time.Second

// Verdict is what op-node decides about a gossip message.
type Verdict string

// The verdicts. Peers are scored down for rejected messages, not for ignored ones.
const (
	Accept Verdict = "accept"
	Reject Verdict = "reject"
	Ignore Verdict = "ignore"
)

// Judgement is a verdict with the log line that op-node wrote about it.
type Judgement struct {
	Verdict Verdict
	Reason  string // the text of op-node's warning, empty when it accepts
	Details string // the values that op-node logged with it
}

// Validator runs op-node's own validator of one gossip topic.
//
// It remembers blocks as op-node does: the second message with an accepted
// block is ignored. Use a new one for each independent question.
type Validator struct {
	mu       sync.Mutex
	validate pubsub.ValidatorEx
	log      *lastWarning
}

// NewValidator makes the validator of a topic and chain on which signer signs
// blocks. The clock decides which timestamps are too old or too new: give
// clock.SystemClock for the present, [ClockAt] for a fixed time.
func NewValidator(topic Topic, chainID *big.Int, signer common.Address, clk clock.Clock) *Validator {
	return NewValidatorWith(topic, RollupConfig(topic, chainID), oneSigner(signer), clk)
}

// NewValidatorWith is [NewValidator] for any fork times, and for signers that change.
func NewValidatorWith(topic Topic, config *rollup.Config, signers p2p.GossipRuntimeConfig, clk clock.Clock) *Validator {
	warnings := new(lastWarning)
	validate := p2p.BuildBlocksValidator(
		log.NewLogger(warnings),
		config,
		signers,
		topic.BlockVersion(),
		&p2p.Config{GossipTimestampThreshold: TimestampThreshold},
		clk,
	)
	return &Validator{validate: validate, log: warnings}
}

// ClockAt is a clock that stands still at a time in seconds since 1970.
func ClockAt(seconds uint64) clock.Clock {
	return clock.NewDeterministicClock(time.Unix(int64(seconds), 0))
}

// Judge gives op-node's verdict on a message. A panic in op-node counts as
// rejection, as it does in op-node itself.
func (v *Validator) Judge(message []byte) (judgement Judgement) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.log.clear()
	defer func() {
		if cause := recover(); cause != nil {
			judgement = Judgement{Verdict: Reject, Reason: "panic", Details: fmt.Sprint(cause)}
		}
	}()
	result := v.validate(context.Background(), peer.ID("opsign"), &pubsub.Message{Message: &pb.Message{Data: message}})
	switch result {
	case pubsub.ValidationAccept:
		return Judgement{Verdict: Accept}
	case pubsub.ValidationReject:
		judgement.Verdict = Reject
	case pubsub.ValidationIgnore:
		judgement.Verdict = Ignore
	default:
		panic(fmt.Sprintf("op-node gave the unknown verdict %d: read the notes of its release", result))
	}
	judgement.Reason, judgement.Details = v.log.read()
	return judgement
}

// oneSigner is the runtime configuration of a node whose block signer never changed.
type oneSigner common.Address

func (s oneSigner) P2PSequencerAddress() common.Address         { return common.Address(s) }
func (s oneSigner) PreviousP2PSequencerAddress() common.Address { return common.Address{} }
func (s oneSigner) ConfirmCurrentSigner()                       {}

// lastWarning is a log handler that keeps the newest warning.
type lastWarning struct {
	mu      sync.Mutex
	message string
	details []string
}

func (w *lastWarning) clear() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.message, w.details = "", nil
}

func (w *lastWarning) read() (message, details string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.message, strings.Join(w.details, " ")
}

// Enabled implements slog.Handler.
func (w *lastWarning) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn
}

// Handle implements slog.Handler.
func (w *lastWarning) Handle(_ context.Context, record slog.Record) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.message, w.details = record.Message, nil
	record.Attrs(func(attribute slog.Attr) bool {
		// The peer is a stand-in, and nil is the error about a previous signer that does not exist.
		if value := attribute.Value.Any(); value != nil && attribute.Key != "peer" {
			w.details = append(w.details, fmt.Sprintf("%s=%v", attribute.Key, value))
		}
		return true
	})
	return nil
}

// WithAttrs implements slog.Handler. op-node adds only the topic, which the caller knows.
func (w *lastWarning) WithAttrs([]slog.Attr) slog.Handler { return w }

// WithGroup implements slog.Handler.
func (w *lastWarning) WithGroup(string) slog.Handler { return w }
