# Two commands do everything on a fresh machine: `make demo` and `make test`.
# Each target is a script that anyone can run alone.

.PHONY: demo test setup rust prose no-std secrets coverage coverage-keystore mutants c threads \
  ctime go opnode wasm bench counts fuzz bench-guard bench-hsm bench-signer bench-keystore bench-proxy \
  bench-sidecar kafka postgres parity torture torture-keystore schedules test-devnet \
  test-sidecar test-switch package package-test monitoring deny keystore-judges keystore-client \
  lint header verify-curve dudect tables clean

demo:
	@scripts/demo.sh

test:
	@scripts/test.sh

setup:
	@scripts/setup.sh

rust:
	@scripts/rust.sh

prose:
	@scripts/prose.sh

no-std:
	@scripts/no-std.sh

secrets:
	@scripts/secrets.sh

coverage:
	@scripts/coverage.sh

# The keystore's lines, its program's as well.
coverage-keystore:
	@scripts/coverage.sh --keystore

mutants:
	@scripts/mutants.sh --all

c:
	@scripts/c.sh

threads:
	@scripts/threads.sh

ctime:
	@scripts/ctime.sh

go:
	@scripts/go.sh

opnode:
	@scripts/opnode.sh

wasm:
	@scripts/wasm-test.sh

bench:
	@scripts/bench.sh

# make counts ACCEPT=1: what was counted is the record from now on.
counts:
	@scripts/counts.sh $(if $(ACCEPT),--accept)

# make fuzz SECONDS=600: that many CPU-seconds for each target.
fuzz:
	@scripts/fuzz.sh --seconds $(or $(SECONDS),60)

bench-guard:
	@scripts/bench-guard.sh

bench-hsm:
	@scripts/bench-hsm.sh

bench-signer:
	@scripts/bench-signer.sh

bench-keystore:
	@scripts/bench-keystore.sh

bench-proxy:
	@scripts/bench-proxy.sh

# make bench-sidecar OPSIGN_PEER=rollup-boost: with another sidecar beside ours.
bench-sidecar:
	@scripts/bench-sidecar.sh

# Grants and refusals on a real broker, whose jars come from Maven.
kafka:
	@scripts/kafka.sh

# make postgres CYCLES=2000: the server is killed that many times, added to docs/torture.jsonl.
postgres:
	@scripts/postgres.sh

parity:
	@scripts/parity.sh

# make torture CYCLES=20000: that many, added to docs/torture.jsonl.
torture:
	@scripts/torture.sh $(if $(CYCLES),--cycles $(CYCLES))

# make torture-keystore CYCLES=5000: the keystore's, likewise.
torture-keystore:
	@scripts/torture.sh --keystore $(if $(CYCLES),--cycles $(CYCLES))

schedules:
	@scripts/schedules.sh

test-devnet:
	@scripts/devnet.sh

test-sidecar:
	@scripts/sidecar.sh

# Two sequencers, a switch every 20 s for 10 minutes.
test-switch:
	@scripts/devnet.sh --switch

package:
	@scripts/package.sh

package-test:
	@scripts/package-test.sh

monitoring:
	@scripts/monitoring.sh

deny:
	@scripts/deny.sh

# Polkadot's vectors and judges; needs the sp-* crates, built once per machine.
keystore-judges:
	@scripts/keystore-judges.sh

# A validator on a running keystore, its signatures before those judges.
keystore-client:
	@scripts/keystore-client.sh

lint:
	@scripts/lint.sh

header:
	@scripts/header.sh

verify-curve:
	@scripts/verify-curve.sh

dudect:
	@scripts/dudect.sh

tables:
	@scripts/tables.sh

clean:
	rm -rf target wasm/js/pkg bindings-go/internal/capi/lib/*/{libopsign.a,sum.go}
