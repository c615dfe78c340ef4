//go:build cgo && (opsign_system || (linux && (amd64 || arm64)) || (darwin && arm64))

package cgocost

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/opsign/opsign/bindings-go"
)

// Interference by other processes makes rounds slower, never faster: the least
// of many short rounds is what a call costs. The two sides take turns, so that
// a change of the clock rate meets both.
const (
	rounds = 1500
	calls  = 12 // in a round, about a millisecond
	limit  = time.Microsecond
)

func TestCgoCost(t *testing.T) {
	key, err := opsign.NewSecretKey(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	defer key.Close()
	chainID, hash, address := opsign.ChainIDFromUint64(10), opsign.Hash{}, key.Address()
	signature, err := key.SignPayload(chainID, hash)
	if err != nil {
		t.Fatal(err)
	}

	fromGo, fromC := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	for range rounds {
		start := time.Now()
		for range calls {
			if err := opsign.VerifyPayload(chainID, hash, signature[:], opsign.Strict, address); err != nil {
				t.Fatal(err)
			}
		}
		fromGo = min(fromGo, time.Since(start))

		start = time.Now()
		if code := VerifyPayloads(calls, chainID, hash, signature, address); code != 0 {
			t.Fatal(opsign.ErrorCode(code))
		}
		fromC = min(fromC, time.Since(start))
	}
	difference := (fromGo - fromC) / calls
	t.Logf("VerifyPayload: %v from Go, %v from C, %v more from Go", fromGo/calls, fromC/calls, difference)
	if difference > limit {
		t.Errorf("a call from Go costs %v more than one from C, at most %v is allowed", difference, limit)
	}
}
