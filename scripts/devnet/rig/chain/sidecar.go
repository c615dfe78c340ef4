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
admin: {socket: admin.sock}
`, listen, local, builder)
	return os.WriteFile(filepath.Join(folder, "sidecar.yaml"), []byte(config), 0o600)
}

// TakeOver starts a second sidecar, to which the first hands its port, and waits for the first to end.
func (n *Net) TakeOver() error {
	first := n.Sidecar
	next, err := Start(n.Folder, "sidecar-next", n.programs.Sidecar, "sidecar", "--config", "sidecar.yaml", "--take-over")
	if err != nil {
		return err
	}
	n.Sidecar = next
	return next.Until("the first sidecar's end", func() bool { return first.Alive() != nil })
}
