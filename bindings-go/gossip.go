package opsign

import (
	"runtime"
	"sync"

	"github.com/opsign/opsign/bindings-go/internal/capi"
)

// Topic is the version of a gossip topic, which says how a block is laid out.
type Topic int32

// The topics /optimism/<chain id>/<0 to 3>/blocks.
const (
	TopicV1 Topic = 1 // before Canyon
	TopicV2 Topic = 2 // Canyon and Delta
	TopicV3 Topic = 3 // Ecotone to Holocene
	TopicV4 Topic = 4 // Isthmus and later
)

// Verdict is what a peer does with a gossip message. The zero value rejects.
type Verdict int32

const (
	Reject Verdict = 0 // drop it, and think less of who sent it
	Ignore Verdict = 1 // drop it
	Accept Verdict = 2 // deliver and forward it
)

// String is "reject", "ignore" or "accept".
func (v Verdict) String() string {
	switch v {
	case Accept:
		return "accept"
	case Ignore:
		return "ignore"
	}
	return "reject"
}

// Reason is the rule that decided, by number; docs/gossip-rules.md describes
// them all.
type Reason int32

// String is the rule's name, such as "timestamp_too_old".
func (r Reason) String() string { return capi.GossipReasonName(int32(r)) }

// GossipConfig is what the rules need to know besides the message.
type GossipConfig struct {
	Topic          Topic
	ChainID        ChainID
	Signer         Address // that L1 names; zero: none
	PreviousSigner Address // whose messages are still good; zero: none
	JovianTime     *uint64 // from when Jovian is active, in seconds since 1970; nil: never
	MaxAge         uint64  // how many seconds old a block may be; op-node's default is 60
}

// Judgement is a verdict with its reason, and what was found on the way.
type Judgement struct {
	Verdict     Verdict
	Reason      Reason
	Signer      Address // zero if the signature was not sound
	BlockHash   Hash    // as the block claims; zero if it was not well formed
	BlockNumber uint64
}

// GossipValidator judges gossip messages of one topic as op-node does, and
// remembers the blocks it accepted. Any number of goroutines may use one; it
// judges one message at a time.
type GossipValidator struct {
	mu      sync.Mutex
	config  capi.GossipConfig
	memory  capi.GossipMemory // the zero value once closed
	cleanup runtime.Cleanup
}

// NewGossipValidator makes a validator, to be closed after use.
func NewGossipValidator(config GossipConfig) (*GossipValidator, error) {
	const op = "NewGossipValidator"
	if config.Topic < TopicV1 || config.Topic > TopicV4 {
		return nil, &Error{Op: op, Code: ErrUnknownTopic}
	}
	validator := &GossipValidator{config: capi.GossipConfig{
		Topic:          int32(config.Topic),
		ChainID:        config.ChainID,
		Signer:         config.Signer,
		PreviousSigner: config.PreviousSigner,
		JovianTime:     capi.Never,
		MaxAge:         config.MaxAge,
	}}
	if config.JovianTime != nil {
		validator.config.JovianTime = *config.JovianTime
	}
	if err := check(op, capi.NewGossipMemory(&validator.memory)); err != nil {
		return nil, err
	}
	validator.cleanup = runtime.AddCleanup(validator, capi.FreeGossipMemory, validator.memory)
	return validator, nil
}

// Validate judges a message as it came, compressed. The clock is in whole
// seconds since 1970, rounded down. An error says that the call was wrong; a
// message that is wrong is a verdict.
func (v *GossipValidator) Validate(now uint64, message []byte) (Judgement, error) {
	const op = "Validate"
	if v == nil {
		return Judgement{}, &Error{Op: op, Code: ErrClosed}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.memory == (capi.GossipMemory{}) {
		code := ErrClosed
		if !capi.Available {
			code = ErrUnavailable
		}
		return Judgement{}, &Error{Op: op, Code: code}
	}
	var judgement capi.Judgement
	code := capi.GossipValidate(&v.config, now, message, v.memory, &judgement)
	runtime.KeepAlive(v) // or the cleanup could free the handle during the call
	return Judgement{
		Verdict:     Verdict(judgement.Verdict),
		Reason:      Reason(judgement.Reason),
		Signer:      judgement.Signer,
		BlockHash:   judgement.BlockHash,
		BlockNumber: judgement.BlockNumber,
	}, check(op, code)
}

// SetSigner changes the signer that L1 names; zero: none.
func (v *GossipValidator) SetSigner(signer Address) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.config.Signer = signer
}

// SetPreviousSigner changes whose messages are still good besides; zero: nobody's.
// op-node forgets it once a message of the new signer was met, whatever became of
// the block: see [Judgement].
func (v *GossipValidator) SetPreviousSigner(signer Address) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.config.PreviousSigner = signer
}

// Close frees the memory of blocks. It never fails; calling it again, or on
// nil, does nothing.
func (v *GossipValidator) Close() error {
	if v == nil {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.memory == (capi.GossipMemory{}) {
		return nil
	}
	v.cleanup.Stop()
	capi.FreeGossipMemory(v.memory)
	v.memory = capi.GossipMemory{}
	runtime.KeepAlive(v) // or the cleanup could be queued before Stop, and free twice
	return nil
}
