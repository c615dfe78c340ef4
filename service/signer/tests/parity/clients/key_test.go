package clients

import (
	"crypto/ecdsa"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/crypto"
)

func keyOne(t *testing.T) *ecdsa.PrivateKey {
	return must[*ecdsa.PrivateKey](t)(crypto.ToECDSA(big.NewInt(1).FillBytes(make([]byte, 32))))
}
