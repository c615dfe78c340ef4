package chain

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"

	"github.com/opsign/opsign/scripts/devnet/rig/engine"
)

// NewSecret makes one and writes it to a file.
func NewSecret(file string) (engine.Secret, error) {
	secret := make(engine.Secret, 32)
	_, _ = rand.Read(secret) // never fails
	return secret, os.WriteFile(file, fmt.Appendf(nil, "%x", []byte(secret)), 0o600)
}

// ConfigureSidecar writes sidecar.yaml. The secrets are in jwt.hex, local.hex and builder.hex beside it.
func ConfigureSidecar(folder, listen, local, builder string) error {
	config := fmt.Sprintf(`listen: %s
jwtSecretFile: jwt.hex
local: {url: "%s", jwtSecretFile: local.hex}
builders:
  - {name: builder, url: "%s", jwtSecretFile: builder.hex}
mode: enabled
blockTime: 1s
decisions: decisions.jsonl
`, listen, local, builder)
	return os.WriteFile(filepath.Join(folder, "sidecar.yaml"), []byte(config), 0o600)
}

// StartSidecar runs `opsign sidecar` in a folder that ConfigureSidecar has written to.
func StartSidecar(folder, program, listen string) (*Process, error) {
	sidecar, err := Start(folder, "sidecar", program, "sidecar", "--config", "sidecar.yaml")
	if err != nil {
		return nil, err
	}
	return sidecar, sidecar.Until("the sidecar", func() bool { return Listens(listen) })
}
