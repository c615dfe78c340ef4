package requests

import (
	"strings"

	"github.com/opsign/opsign/service/signer/tests/parity/exchange"
)

// What each certificate is for stands in scripts/signer-folder.sh.
func certificates() []exchange.Case {
	var cases []exchange.Case
	for _, client := range []struct{ name, comment string }{
		{"localhost", "an RSA certificate of a configured client"},
		{"localhost-ecdsa", "an ECDSA certificate of the same client"},
		{"upper-case", "the name in capitals"},
		{"wildcard", "a wildcard is a name like any other"},
		{"first-known", "two DNS names, the first configured"},
		{"second-known", "two DNS names, the second configured"},
		{"after-ip", "a DNS name after an IP address"},
		{"unknown", "a client that is not configured"},
		{"ip-only", "an IP address and no DNS name"},
		{"no-san", "no subject alternative name"},
		{"v1", "an X.509 v1 certificate, which plain openssl x509 -req makes"},
		{"server-use", "a certificate for servers only"},
		{"expired", "a certificate that has expired"},
		{"wrong-ca", "a certificate of another authority"},
		{"none", "no certificate"},
	} {
		name := strings.ReplaceAll(client.name, "-", "_")
		health := bodyBy(client.name, "certificate_"+name+"_healthz", client.comment+", at /healthz", "")
		health.Request.Method, health.Request.Path = "GET", "/healthz"
		cases = append(cases,
			bodyBy(client.name, "certificate_"+name+"_status", client.comment+": health_status", call("health_status", `[]`)),
			bodyBy(client.name, "certificate_"+name+"_sign", client.comment+": a payload", one(v2, goodV2)),
			bodyBy(client.name, "certificate_"+name+"_unknown_method", client.comment+": a method nobody has", call("eth_chainId", `[]`)),
			health,
		)
	}
	for _, version := range []string{"1.1", "1.2"} {
		old := body("certificate_tls_"+strings.ReplaceAll(version, ".", "_"), "TLS "+version+" at most", one(v2, goodV2))
		old.Request.MaxTLS = version
		cases = append(cases, old)
	}
	return cases
}
