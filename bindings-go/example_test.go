//go:build cgo

package opsign_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/opsign/opsign/bindings-go"
)

// The values below were computed with go-ethereum and op-node.

func exampleKey() *opsign.SecretKey {
	key, err := opsign.NewSecretKey([]byte("an example key that all may know"))
	if err != nil {
		log.Fatal(err)
	}
	return key
}

func ExampleNewSecretKey() {
	secret := []byte("an example key that all may know") // 32 bytes; read yours from a safe place
	key, err := opsign.NewSecretKey(secret)
	if err != nil {
		log.Fatal(err)
	}
	defer key.Close()
	clear(secret)
	fmt.Println(key.Address())
	fmt.Println(key)
	// Output:
	// 0xf2577E20c987015C210743F349856BaF9119077B
	// opsign.SecretKey(hidden)
}

func ExampleSecretKey_SignPayload() {
	key := exampleKey()
	defer key.Close()
	chainID := opsign.ChainIDFromUint64(10)
	payloadHash, err := opsign.HashPayload([]byte("the bytes that op-node gossips after the signature"))
	if err != nil {
		log.Fatal(err)
	}
	signature, err := key.SignPayload(chainID, payloadHash)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%x\n", signature)
	// Output:
	// 0fa1d73610c40d0827ef6438de21a9c1ada17b3c2a659edaf517549547b737cd02832484b9c1047d953909ba6d35187e0e84dcf63967c1b0a2016d0e00a2b63000
}

func ExampleVerifyPayload() {
	key := exampleKey()
	defer key.Close()
	chainID := opsign.ChainIDFromUint64(10)
	signature, err := key.SignPayload(chainID, opsign.Hash{})
	if err != nil {
		log.Fatal(err)
	}
	err = opsign.VerifyPayload(chainID, opsign.Hash{}, signature[:], opsign.Strict, key.Address())
	fmt.Println(err)

	otherChain := opsign.ChainIDFromUint64(8453)
	err = opsign.VerifyPayload(otherChain, opsign.Hash{}, signature[:], opsign.Strict, key.Address())
	fmt.Println(err)
	fmt.Println(errors.Is(err, opsign.ErrWrongSigner))
	// Output:
	// <nil>
	// opsign: VerifyPayload: the signature was made by another key
	// true
}

func ExampleRecoverSigner() {
	key := exampleKey()
	defer key.Close()
	chainID := opsign.ChainIDFromUint64(10)
	signature, err := key.SignPayload(chainID, opsign.Hash{})
	if err != nil {
		log.Fatal(err)
	}
	signer, err := opsign.RecoverSigner(chainID, opsign.Hash{}, signature[:], opsign.Consensus)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(signer == key.Address())

	signature[64] += 27 // as wallets write it, not op-node
	_, err = opsign.RecoverSigner(chainID, opsign.Hash{}, signature[:], opsign.Consensus)
	fmt.Println(err)
	// Output:
	// true
	// opsign: RecoverSigner: the signature's last byte is no y_parity
}

func ExampleHashPayload() {
	whole, err := opsign.HashPayload([]byte("beacon block rootpayload"))
	if err != nil {
		log.Fatal(err)
	}
	inPieces, err := opsign.HashPayload([]byte("beacon block root"), []byte("payload"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%x\n", whole)
	fmt.Println(inPieces == whole)
	// Output:
	// a03252f8edbce52d89ac48a18e1aa276f61d8010725ac37f073befc931350295
	// true
}

func ExamplePayloadSigningHash() {
	hash, err := opsign.PayloadSigningHash(opsign.ChainIDFromUint64(10), opsign.Hash{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%x\n", hash)
	// Output:
	// d11d651b5158961173ce2ce735c1d2ca57e8d784b9e3ad3451a446a09653fac2
}

func ExampleParseAddress() {
	address, err := opsign.ParseAddress("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed")
	fmt.Println(address, err)
	_, err = opsign.ParseAddress("0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")
	fmt.Println(err)
	// Output:
	// 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed <nil>
	// opsign: ParseAddress: the address fails its EIP-55 checksum
}

func ExampleParseChainID() {
	decimal, err := opsign.ParseChainID("8453")
	if err != nil {
		log.Fatal(err)
	}
	hex, err := opsign.ParseChainID("0x2105")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(decimal, decimal == hex)
	// Output:
	// 8453 true
}
