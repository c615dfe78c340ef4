package chain

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// What Linux hands to those who name no port begins at 32768. Ours come from below, or else what
// op-geth opens for itself may be a port that was promised to another.
const (
	firstPort = 20_000
	lastPort  = 32_000
)

var ports struct {
	sync.Mutex
	given map[int]bool
}

// FreePort is one of 127.0.0.1 that nobody has now and that is given once.
func FreePort() (int, error) {
	ports.Lock()
	defer ports.Unlock()
	if ports.given == nil {
		ports.given = map[int]bool{}
	}
	for range 1000 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		if ports.given[port] {
			continue
		}
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		listener.Close()
		ports.given[port] = true
		return port, nil
	}
	return 0, errors.New("no port is free")
}
