// Package clients tests a running signer with the clients that the field has:
// op-service's signer client, op-node's RemoteSigner, the signing path of the
// transaction manager, and the requests of kona-node. Its tests take the
// signer's address after -args; scripts/parity.sh starts one and runs them.
package clients

import (
	"net/http"

	"github.com/ethereum-optimism/optimism/op-service/signer"
	optls "github.com/ethereum-optimism/optimism/op-service/tls"

	"github.com/opsign/opsign/service/signer/tests/parity/exchange"
)

// AddressOne is the address of the number one, which vectors/opsigner/config.yaml
// gives to the client localhost.
const AddressOne = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"

// Config is what the flags --signer.* of op-node and op-batcher make of a client.
func Config(endpoint exchange.Endpoint, client string) signer.CLIConfig {
	return signer.CLIConfig{
		Endpoint: "https://" + endpoint.Address,
		Address:  AddressOne,
		Headers:  http.Header{},
		TLSConfig: optls.CLIConfig{
			TLSCaCert: endpoint.Folder + "/ca.crt",
			TLSCert:   endpoint.CertificateOf(client),
			TLSKey:    endpoint.KeyOf(client),
			Enabled:   true,
		},
	}
}
