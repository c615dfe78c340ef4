package cases

import (
	"fmt"

	"github.com/ethereum/go-ethereum/crypto"
)

type secretKeyCase struct {
	label
	SecretKey string `json:"secret_key"`
	outcome
}

func secretKeys() File {
	var cases []secretKeyCase
	add := func(name, comment string, secret []byte, wantError string) {
		result := outcome{Error: wantError}
		key, err := crypto.ToECDSA(secret)
		if (err == nil) != (wantError == "") {
			panic(fmt.Sprintf("%s: the case expects error %q, go-ethereum says %v: correct the case", name, wantError, err))
		}
		if err == nil {
			result = outcome{Address: crypto.PubkeyToAddress(key.PublicKey).Hex()}
		}
		cases = append(cases, secretKeyCase{label{name, comment}, hex(secret), result})
	}
	ordinary := bytes32(reproducibleScalar("key A"))

	add("one", "The smallest key.", bytes32(one), "")
	add("two", "The second smallest key.", bytes32(plus(one, 1)), "")
	add("n_minus_1", "The largest key.", bytes32(minus(order, 1)), "")
	add("n_minus_2", "The second largest key.", bytes32(minus(order, 2)), "")
	add("half_order", "(n - 1) / 2, which the rule about low s has nothing to do with.", bytes32(halfOrder), "")
	add("random_a", "An ordinary key.", ordinary, "")
	add("random_b", "Another ordinary key.", bytes32(reproducibleScalar("key B")), "")
	add("leading_zeros", "The upper 16 bytes are zero.", append(make([]byte, 16), ordinary[:16]...), "")
	add("trailing_zeros", "The lower 16 bytes are zero.", append(append([]byte{}, ordinary[:16]...), make([]byte, 16)...), "")
	add("zero", "0 has no public key.", make([]byte, 32), errSecretKeyZero)
	add("n", "n, which is 0 in arithmetic modulo n.", bytes32(order), errSecretKeyTooLarge)
	add("n_plus_1", "n + 1 must not be taken for 1.", bytes32(plus(order, 1)), errSecretKeyTooLarge)
	add("p", "The field's prime, which is not the order.", bytes32(fieldPrime), errSecretKeyTooLarge)
	add("2_256_minus_1", "The largest number of 32 bytes.", bytes32(maxUint256), errSecretKeyTooLarge)
	add("empty", "No bytes at all.", nil, errEmpty)
	add("1_byte", "A single byte.", []byte{1}, errTooShort)
	add("31_bytes", "A key that lost a byte must not be padded.", ordinary[:31], errTooShort)
	add("33_bytes", "One byte too many.", append(append([]byte{}, ordinary...), 0), errTooLong)
	add("33_bytes_leading_zero", "A leading zero byte, as some encoders of signed numbers add.", append([]byte{0}, ordinary...), errTooLong)
	add("31_zero_bytes", "Zero, but of the wrong length: the length is looked at first.", make([]byte, 31), errTooShort)
	add("64_bytes", "A key and as many bytes again, such as a public key.", append(append([]byte{}, ordinary...), ordinary...), errTooLong)

	return newFile("secret_keys.json",
		"Secret keys, and the address of each one or the error that it is. The length is looked at before the number.",
		"crypto.ToECDSA and PubkeyToAddress of "+opGeth+". The names of errors are given by hand.",
		cases)
}
