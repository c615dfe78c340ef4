package mutate

import (
	"fmt"
	"strings"

	"github.com/opsign/opsign/vectors/generate/blocks"
)

// Rule is our name for one way out of op-node's validator. op-node itself has
// log lines only.
type Rule string

// Accepted is the rule of messages that op-node accepts.
const Accepted Rule = "accepted"

// Rules that the package asks for by name.
const (
	signatureWrongSigner Rule = "signature_wrong_signer"
	envelopeTooShort     Rule = "ssz_envelope_too_short"
	payloadTooShort      Rule = "ssz_too_short"
)

// Exit is a way out of op-node's validator.
type Exit struct {
	Rule    Rule
	Verdict blocks.Verdict
	// Warning is op-node's log line. Where several exits share one, Detail is a
	// part of the error that op-node logs with it.
	Warning, Detail string
	// Unreachable exits look for fields that decoding has always, or never, set.
	Unreachable bool
}

const (
	undecodable = "payload" // "invalid envelope payload" or "invalid execution payload"
	badSigner   = "invalid block signature"
)

// Exits are the ways out, in the order in which op-node tries them.
// docs/gossip-rules.md has the same table.
var Exits = []Exit{
	{Rule: "snappy_length_invalid", Verdict: blocks.Reject, Warning: "invalid snappy compression length data"},
	{Rule: "message_too_large", Verdict: blocks.Reject, Warning: "possible snappy zip bomb, decoded length is too large"},
	{Rule: "message_too_small", Verdict: blocks.Reject, Warning: "rejecting undersized gossip payload"},
	{Rule: "snappy_corrupt", Verdict: blocks.Reject, Warning: "invalid snappy compression"},

	{Rule: "no_signer", Verdict: blocks.Ignore, Warning: "no configured p2p sequencer address, ignoring gossiped block"},
	{Rule: "signature_not_recoverable", Verdict: blocks.Reject, Warning: badSigner, Detail: "current_err=failed to recover pubkey"},
	{Rule: signatureWrongSigner, Verdict: blocks.Reject, Warning: badSigner, Detail: "current_err=unrecognized signer"},

	{Rule: envelopeTooShort, Verdict: blocks.Reject, Warning: undecodable, Detail: "scope too small to decode execution payload: "},
	{Rule: payloadTooShort, Verdict: blocks.Reject, Warning: undecodable, Detail: "version is: "},
	{Rule: "ssz_extra_data_offset", Verdict: blocks.Reject, Warning: undecodable, Detail: "unexpected extra data offset"},
	{Rule: "ssz_transactions_offset_too_small", Verdict: blocks.Reject, Warning: undecodable, Detail: "transactions offset is smaller"},
	{Rule: "ssz_withdrawals_offset_too_small", Verdict: blocks.Reject, Warning: undecodable, Detail: "withdrawals offset is smaller"},
	{Rule: "ssz_withdrawals_offset_too_large", Verdict: blocks.Reject, Warning: undecodable, Detail: "withdrawals offset is too large"},
	{Rule: "ssz_extra_data_too_long", Verdict: blocks.Reject, Warning: undecodable, Detail: "extra-data is too large"},
	{Rule: "ssz_transactions_too_short", Verdict: blocks.Reject, Warning: undecodable, Detail: "not enough scope to read first tx offset"},
	{Rule: "ssz_first_transaction_unaligned", Verdict: blocks.Reject, Warning: undecodable, Detail: "not a multiple of offset size"},
	{Rule: "ssz_first_transaction_out_of_scope", Verdict: blocks.Reject, Warning: undecodable, Detail: "out of scope"},
	{Rule: "ssz_first_transaction_zero", Verdict: blocks.Reject, Warning: undecodable, Detail: "no transactions in scope"},
	{Rule: "ssz_too_many_transactions", Verdict: blocks.Reject, Warning: undecodable, Detail: "too many transactions"},
	{Rule: "ssz_transaction_offset", Verdict: blocks.Reject, Warning: undecodable, Detail: "has bad next offset"},
	{Rule: "ssz_withdrawals_length", Verdict: blocks.Reject, Warning: undecodable, Detail: "invalid withdrawals data"},
	{Rule: "ssz_too_many_withdrawals", Verdict: blocks.Reject, Warning: undecodable, Detail: "too many withdrawals"},

	{Rule: "timestamp_too_old", Verdict: blocks.Reject, Warning: "payload is too old"},
	{Rule: "timestamp_too_new", Verdict: blocks.Reject, Warning: "payload is too new"},
	{Rule: "block_hash_mismatch", Verdict: blocks.Reject, Warning: "payload has bad block hash"},

	{Rule: "v1_withdrawals", Verdict: blocks.Reject, Warning: "payload is on v1 topic, but has withdrawals", Unreachable: true},
	{Rule: "withdrawals_missing", Verdict: blocks.Reject, Warning: "payload is on v2/v3 topic, but does not have withdrawals", Unreachable: true},
	{Rule: "withdrawals_not_empty", Verdict: blocks.Reject, Warning: "payload is on v2/v3 topic, but has non-empty withdrawals"},
	{Rule: "blob_gas_used_unexpected", Verdict: blocks.Reject, Warning: "payload is on v1/v2 topic, but has blob gas used", Unreachable: true},
	{Rule: "excess_blob_gas_unexpected", Verdict: blocks.Reject, Warning: "payload is on v1/v2 topic, but has excess blob gas", Unreachable: true},
	{Rule: "blob_gas_used_missing", Verdict: blocks.Reject, Warning: "payload is on v3 topic, but has nil blob gas used", Unreachable: true},
	{Rule: "blob_gas_used_not_zero", Verdict: blocks.Reject, Warning: "payload is on v3 topic, but has non-zero blob gas used"},
	{Rule: "excess_blob_gas_not_zero", Verdict: blocks.Reject, Warning: "payload is on v3 topic, but has non-zero excess blob gas"},
	{Rule: "beacon_root_missing", Verdict: blocks.Reject, Warning: "payload is on v3 topic, but has nil parent beacon block root", Unreachable: true},
	{Rule: "withdrawals_root_missing", Verdict: blocks.Reject, Warning: "payload is on v4 topic, but has nil withdrawals root", Unreachable: true},

	{Rule: "too_many_blocks_at_height", Verdict: blocks.Reject, Warning: "seen too many different blocks at same height"},
	{Rule: "already_seen", Verdict: blocks.Ignore, Warning: "validated already seen message again"},
	{Rule: Accepted, Verdict: blocks.Accept},
	{Rule: "panic", Verdict: blocks.Reject, Warning: "panic", Unreachable: true},
}

// RuleOf names the exit that op-node took. It panics if op-node logged something
// that no exit has, or took one that should be unreachable.
func RuleOf(judgement blocks.Judgement) Rule {
	warning := judgement.Reason
	if warning == "invalid envelope payload" || warning == "invalid execution payload" {
		warning = undecodable
	}
	var found []Exit
	for _, exit := range Exits {
		if exit.Warning == warning && strings.Contains(judgement.Details, exit.Detail) {
			found = append(found, exit)
		}
	}
	// The error about a short payload is that about a short envelope, and more.
	if len(found) == 2 && found[0].Rule == envelopeTooShort && found[1].Rule == payloadTooShort {
		found = found[1:]
	}
	if len(found) != 1 || found[0].Unreachable || found[0].Verdict != judgement.Verdict {
		panic(fmt.Sprintf("op-node says %+v, for which there are the exits %v: correct Exits and docs/gossip-rules.md", judgement, found))
	}
	return found[0].Rule
}

// PastTheSignature says whether op-node got as far as the block.
func PastTheSignature(rule Rule) bool {
	return position(rule) > position(signatureWrongSigner)
}

func position(rule Rule) int {
	for i, exit := range Exits {
		if exit.Rule == rule {
			return i
		}
	}
	panic(fmt.Sprintf("there is no rule %q", rule))
}
