package clients

import (
	"encoding/json"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/ethereum-optimism/optimism/op-service/eth"

	"github.com/opsign/opsign/service/signer/tests/parity/exchange"
)

// kona-node sends version one's method with an object instead of an array, hex
// strings in it, and expects an object. op-signer does not serve it.
func TestKona(t *testing.T) {
	hash := crypto.Keccak256Hash([]byte("a payload of kona"))
	call := func(params string) string {
		body := `{"method":"opsigner_signBlockPayload","params":` + params + `,"id":0,"jsonrpc":"2.0"}`
		answer := must[exchange.Answer](t)(endpoint.Send(exchange.Request{Client: "localhost", Body: body,
			Headers: [][2]string{{"Content-Type", "application/json"}}}))
		if answer.Status != 200 {
			t.Fatalf("%+v", answer)
		}
		return answer.Body
	}
	params := func(domain, chain string) string {
		return `{"domain":"` + domain + `","chainId":` + chain + `,"payloadHash":"` + hash.Hex() + `","senderAddress":"` + AddressOne + `"}`
	}
	zero := common.Hash{}.Hex()
	var answer struct {
		ID     int
		Result struct{ Signature hexutil.Bytes }
		Error  *struct{ Code int }
	}
	if err := json.Unmarshal([]byte(call(params(zero, "10"))), &answer); err != nil {
		t.Fatal(err)
	}
	if answer.Error != nil || len(answer.Result.Signature) != 65 {
		t.Fatalf("%+v", answer)
	}
	checkBlockSignature(t, hash, eth.Bytes65(answer.Result.Signature))
	for name, bad := range map[string]string{
		"another chain": params(zero, "11"), "another domain": params(common.Hash{31: 1}.Hex(), "10"), "nothing": `{}`,
	} {
		answer.Error = nil
		if err := json.Unmarshal([]byte(call(bad)), &answer); err != nil || answer.Error == nil {
			t.Errorf("%s: signed, or no JSON: %v", name, err)
		}
	}
}
