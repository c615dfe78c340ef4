package transactions

import (
	"crypto/ecdsa"
	"fmt"

	"github.com/opsign/opsign/vectors/generate/blocks"
	"github.com/opsign/opsign/vectors/generate/cases"
)

// set collects the cases of transactions.json. Which of its methods adds a case
// says what op-geth must make of it.
type set struct {
	list []transactionCase
	seen map[string]bool
}

func transactions() cases.File {
	s := &set{seen: map[string]bool{}}
	s.legacy()
	s.feeMarket()
	s.numbers()
	s.lengths()
	s.accessLists()
	s.blobs()
	s.setCode()
	s.deposits()
	s.signatures()
	s.integers()
	s.shapes()
	s.cut()
	s.envelopes()
	return newFile("transactions.json",
		"Transactions in the form in which they are sent, and what op-geth reads in them, or its error. "+
			"Bytes are lists of parts: \"hex\" is repeated \"repeat\" times. "+
			"A field that a type does not have is null; source_hash, mint and is_system are there for deposits only, mint is \"0\" if nothing is minted; "+
			"type 125 (post-exec) has nothing but input. Numbers are decimal strings, without an upper limit where op-geth has none; r and s have 32 bytes or, if they must, more. "+
			"\"accepts\" is about decoding alone: \"sender\" may be null all the same, and \"sender_error\" says why. "+
			"The sender is that by the newest signer of the transaction's own chain; "+
			"the OP Stack's signer says the same, but refuses every blob transaction (\"transaction type not supported\"). "+
			"\"recovered\" is the address that signing_hash, r, s and y_parity give without the rule about low s and without a look at the chain; null if there is none. "+
			"chain_id, y_parity, unsigned and signing_hash are null for a legacy transaction whose v is neither 27, 28 nor 35 and more, "+
			"chain_id also for one without EIP-155. "+
			"signing_hash = keccak256(unsigned). hash is the transaction's, without its sidecar; \"canonical\" is the transaction without its sidecar. "+
			"\"secret_key\" is there if signing signing_hash with it gives r, s and y_parity, byte by byte.",
		"Transaction.UnmarshalBinary, MarshalBinary, Hash and Sender, SetCodeAuthorization.Authority of "+opGeth+"; signatures by its crypto.Sign with cgo (libsecp256k1). "+
			"The error texts are op-geth's own; \"panic: \" is put before the text of a panic.",
		s.list)
}

// key signs all transactions, unless a case needs another one.
func key() *ecdsa.PrivateKey { return blocks.TestKey("transactions") }

func (s *set) add(name, comment string, c transactionCase) {
	if s.seen[name] {
		panic(fmt.Sprintf("two cases are named %q: rename one", name))
	}
	s.seen[name] = true
	c.label = label{name, comment}
	s.list = append(s.list, c)
}

// signed adds a transaction that is right in every way, signed by our key.
func (s *set) signed(name, comment string, f fields) signed {
	made := f.sign(key())
	s.signedBytes(name, comment, made.raw)
	return made
}

// signedBytes adds bytes of a transaction that our key signed.
func (s *set) signedBytes(name, comment string, raw []byte) {
	c := judge(raw, key())
	if !c.Accepts || c.Sender == nil {
		panic(fmt.Sprintf("%s: op-geth does not take it: %s", name, c.problem()))
	}
	s.add(name, comment, c)
}

// noSender adds bytes that op-geth decodes without finding a sender. key is nil
// unless it signed the transaction all the same.
func (s *set) noSender(name, comment string, raw []byte, key *ecdsa.PrivateKey) {
	c := judge(raw, key)
	if !c.Accepts || c.Sender != nil {
		panic(fmt.Sprintf("%s: op-geth was to decode it and to find no sender: %s", name, c.problem()))
	}
	s.add(name, comment, c)
}

// otherSender adds bytes that op-geth takes, but whose sender is not our key,
// such as unsigned ones.
func (s *set) otherSender(name, comment string, raw []byte) {
	c := judge(raw, nil)
	if !c.Accepts || c.Sender == nil {
		panic(fmt.Sprintf("%s: op-geth was to find a sender: %s", name, c.problem()))
	}
	s.add(name, comment, c)
}

// refused adds bytes that op-geth does not decode.
func (s *set) refused(name, comment string, raw []byte) {
	c := judge(raw, nil)
	if c.Accepts {
		panic(fmt.Sprintf("%s: op-geth decodes it: correct the case", name))
	}
	s.add(name, comment, c)
}

func (c transactionCase) problem() string {
	switch {
	case !c.Accepts:
		return c.GoEthereumError
	case c.SenderError != nil:
		return *c.SenderError
	}
	return "sent by " + *c.Sender
}
