package opsign

import (
	"runtime"
	"sync"

	"github.com/opsign/opsign/bindings-go/internal/capi"
)

// Verifier checks signatures of one address, with the answers of
// [VerifyPayload]. With the first sound signature it learns the key and makes a
// table of 262 KB, in a millisecond; from then on it is several times as fast.
// Any number of goroutines may use one; it serves one at a time.
type Verifier struct {
	mu      sync.Mutex
	handle  capi.Verifier // the zero value once closed
	cleanup runtime.Cleanup
}

// SignedPayload is the hash of a payload and a signature.
type SignedPayload struct {
	PayloadHash Hash
	Signature   Signature
}

// NewVerifier makes a verifier of an address, to be closed after use.
func NewVerifier(address Address) (*Verifier, error) {
	verifier := new(Verifier)
	if err := check("NewVerifier", capi.NewVerifier(&verifier.handle, (*[20]byte)(&address))); err != nil {
		return nil, err
	}
	verifier.cleanup = runtime.AddCleanup(verifier, capi.FreeVerifier, verifier.handle)
	return verifier, nil
}

// Verify checks that the address signed a payload, as [VerifyPayload] does.
func (v *Verifier) Verify(chainID ChainID, payloadHash Hash, signature []byte, rules Rules) error {
	const op = "Verify"
	if err := v.open(op); err != nil {
		return err
	}
	defer v.mu.Unlock()
	code := capi.VerifierVerify(v.handle, (*[32]byte)(&chainID), (*[32]byte)(&payloadHash), signature, int32(rules))
	runtime.KeepAlive(v) // or the cleanup could free the handle during the call
	return check(op, code)
}

// VerifyMany checks payloads of one chain, sixteen at a time, in less time than
// one by one. The answers are in order and those of [Verifier.Verify], nil for a
// payload that the address signed; the error says that the call was wrong.
func (v *Verifier) VerifyMany(chainID ChainID, signed []SignedPayload, rules Rules) ([]error, error) {
	const op = "VerifyMany"
	if err := v.open(op); err != nil {
		return nil, err
	}
	defer v.mu.Unlock()
	verdicts := make([]int32, len(signed))
	code := capi.VerifierVerifyMany(v.handle, (*[32]byte)(&chainID), flat(signed), int32(rules), verdicts)
	runtime.KeepAlive(v)
	if err := check(op, code); err != nil {
		return nil, err
	}
	answers := make([]error, len(signed))
	for i, verdict := range verdicts {
		answers[i] = check(op, verdict)
	}
	return answers, nil
}

// Close frees the table. It never fails; calling it again, or on nil, does
// nothing.
func (v *Verifier) Close() error {
	if v == nil {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.handle == (capi.Verifier{}) {
		return nil
	}
	v.cleanup.Stop()
	capi.FreeVerifier(v.handle)
	v.handle = capi.Verifier{}
	runtime.KeepAlive(v) // or the cleanup could be queued before Stop, and free twice
	return nil
}

// open locks a verifier that is not closed.
func (v *Verifier) open(op string) error {
	code := ErrClosed
	if !capi.Available {
		code = ErrUnavailable
	}
	if v == nil {
		return &Error{Op: op, Code: code}
	}
	v.mu.Lock()
	if v.handle == (capi.Verifier{}) {
		v.mu.Unlock()
		return &Error{Op: op, Code: code}
	}
	return nil
}

// flat is the list as C reads it: a hash and a signature, and so on.
func flat(signed []SignedPayload) []byte {
	bytes := make([]byte, 0, len(signed)*(len(Hash{})+len(Signature{})))
	for i := range signed {
		bytes = append(bytes, signed[i].PayloadHash[:]...)
		bytes = append(bytes, signed[i].Signature[:]...)
	}
	return bytes
}
