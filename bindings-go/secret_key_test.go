//go:build cgo

package opsign_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opsign/opsign/bindings-go"
)

var (
	secret  = bytes.Repeat([]byte{0xc3, 0x5a}, 16)
	chainID = opsign.ChainIDFromUint64(10)
)

func newKey(t testing.TB) *opsign.SecretKey {
	t.Helper()
	key, err := opsign.NewSecretKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = key.Close() })
	return key
}

func TestSecretKeyIsCopied(t *testing.T) {
	own := bytes.Clone(secret)
	key, err := opsign.NewSecretKey(own)
	if err != nil {
		t.Fatal(err)
	}
	defer key.Close()
	clear(own)
	got, err1 := key.SignPayload(chainID, opsign.Hash{1})
	want, err2 := newKey(t).SignPayload(chainID, opsign.Hash{1})
	if err1 != nil || err2 != nil || got != want {
		t.Errorf("%v %v: wiping the bytes changed the key", err1, err2)
	}
}

func TestUseAfterClose(t *testing.T) {
	key := newKey(t)
	address := key.Address()
	before := opsign.FreedKeys.Load()
	for range 3 {
		if err := key.Close(); err != nil {
			t.Error(err)
		}
	}
	if freed := opsign.FreedKeys.Load() - before; freed != 1 {
		t.Errorf("the handle was freed %d times", freed)
	}
	signature, err := key.SignPayload(chainID, opsign.Hash{})
	if !errors.Is(err, opsign.ErrClosed) || signature != (opsign.Signature{}) {
		t.Errorf("want ErrClosed, got %x, %v", signature, err)
	}
	if key.Address() != address {
		t.Error("the address went away")
	}
}

func TestNilAndZeroSecretKeys(t *testing.T) {
	for name, key := range map[string]*opsign.SecretKey{"nil": nil, "zero": new(opsign.SecretKey)} {
		if _, err := key.SignPayload(chainID, opsign.Hash{}); !errors.Is(err, opsign.ErrClosed) {
			t.Errorf("%s key: want ErrClosed, got %v", name, err)
		}
		if err := key.Close(); err != nil {
			t.Errorf("%s key: %v", name, err)
		}
		if key.Address() != (opsign.Address{}) {
			t.Errorf("%s key has address %s", name, key.Address())
		}
		if text := fmt.Sprint(key); !strings.Contains(text, "hidden") {
			t.Errorf("%s key prints %s", name, text)
		}
	}
}

func TestSharedByGoroutines(t *testing.T) {
	key := newKey(t)
	var group sync.WaitGroup
	for goroutine := range 64 {
		group.Go(func() {
			for i := range 25 {
				hash, err := opsign.HashPayload([]byte{byte(goroutine)}, []byte{byte(i)})
				if err != nil {
					t.Error(err)
				}
				signature, err := key.SignPayload(chainID, hash)
				if err != nil {
					t.Error(err)
				}
				if err := opsign.VerifyPayload(chainID, hash, signature[:], opsign.Strict, key.Address()); err != nil {
					t.Error(err)
				}
				signature[7] ^= 1
				if opsign.VerifyPayload(chainID, hash, signature[:], opsign.Consensus, key.Address()) == nil {
					t.Error("a changed signature is valid")
				}
			}
		})
	}
	group.Wait()
}

// Many sign while several close: each signature is right or refused.
func TestCloseWhileSigning(t *testing.T) {
	want, err := newKey(t).SignPayload(chainID, opsign.Hash{9})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		key := newKey(t)
		before := opsign.FreedKeys.Load()
		var signed sync.WaitGroup // once each goroutine has a signature
		signed.Add(16)
		var group sync.WaitGroup
		for range 16 {
			group.Go(func() {
				for count := 0; ; count++ {
					signature, err := key.SignPayload(chainID, opsign.Hash{9})
					if count == 0 {
						signed.Done()
					}
					if errors.Is(err, opsign.ErrClosed) && signature == (opsign.Signature{}) {
						return
					}
					if err != nil || signature != want {
						t.Errorf("got %x, %v", signature, err)
						return
					}
				}
			})
		}
		signed.Wait()
		for range 4 {
			group.Go(func() {
				if err := key.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if freed := opsign.FreedKeys.Load() - before; freed != 1 {
			t.Fatalf("the handle was freed %d times", freed)
		}
	}
}

// Keys that nobody closes are freed once each, and none while it is in use.
func TestForgottenKeysAreFreed(t *testing.T) {
	const keys = 50
	before := opsign.FreedKeys.Load()
	for i := range keys {
		key, err := opsign.NewSecretKey(secret)
		if err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			_ = key.Close()
		}
		runtime.GC()
		if _, err := key.SignPayload(chainID, opsign.Hash{}); (err == nil) != (i%2 == 1) {
			t.Error(err)
		}
	}
	for deadline := time.Now().Add(20 * time.Second); opsign.FreedKeys.Load()-before < keys; runtime.GC() {
		if time.Now().After(deadline) {
			break
		}
	}
	if freed := opsign.FreedKeys.Load() - before; freed != keys {
		t.Errorf("%d keys were made, %d freed", keys, freed)
	}
}

func TestNothingPrintsASecretKey(t *testing.T) {
	key := newKey(t)
	holder := struct {
		Key    *opsign.SecretKey
		hidden *opsign.SecretKey
	}{key, key}
	asJSON, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("text", "key", key, "holder", holder)
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("json", "key", key, "holder", holder)
	texts := []string{string(asJSON), logged.String(), key.GoString()}
	for _, verb := range "vsxXqdpbcotTUeg" {
		for _, flag := range []string{"", "+", "#", " "} {
			texts = append(texts, fmt.Sprintf("%"+flag+string(verb), key))
			texts = append(texts, fmt.Sprintf("%"+flag+string(verb), holder))
		}
	}
	for _, text := range texts {
		lower := strings.ToLower(text)
		for _, form := range []string{hex.EncodeToString(secret), "195 90", "c3 5a", `\xc3`, string(secret[:2])} {
			if strings.Contains(lower, form) {
				t.Errorf("the key is in %q", text)
			}
		}
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if text := fmt.Sprintf(format, key); text != "opsign.SecretKey(hidden)" {
			t.Errorf("%s prints %q", format, text)
		}
	}
}
