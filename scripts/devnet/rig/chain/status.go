package chain

import (
	"fmt"
	"strconv"
	"strings"
)

// field reads a line `NAME number kB` of a process's status, in bytes.
func field(status, name string) (int64, error) {
	for line := range strings.Lines(status) {
		if words := strings.Fields(line); len(words) == 3 && words[0] == name {
			kilobytes, err := strconv.ParseInt(words[1], 10, 64)
			return kilobytes * 1024, err
		}
	}
	return 0, fmt.Errorf("no %s in the status of a process", name)
}
