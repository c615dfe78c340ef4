// Package chain runs the programs under test: op-geth as local engine and as builder, the sidecar
// between, the fault proxy before the builder.
package chain

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Patience is how long a program may take to start or end on a loaded machine.
const Patience = 60 * time.Second

// Process is a program that runs until it is stopped.
type Process struct {
	name    string
	log     string
	command *exec.Cmd
	ended   chan struct{}
}

// Start runs a program with its words going to NAME.log in `folder`.
func Start(folder, name, program string, arguments ...string) (*Process, error) {
	log := filepath.Join(folder, name+".log")
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	command := exec.Command(program, arguments...)
	command.Dir, command.Stdout, command.Stderr = folder, file, file
	// Should this program be killed, what it has started goes, too.
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return nil, err
	}
	p := &Process{name: name, log: log, command: command, ended: make(chan struct{})}
	go func() {
		_ = command.Wait() // how it ended is read from its log
		close(p.ended)
	}()
	return p, nil
}

// Alive says whether it still runs.
func (p *Process) Alive() error {
	select {
	case <-p.ended:
		return fmt.Errorf("%s has ended: see %s", p.name, p.log)
	default:
		return nil
	}
}

// Signal sends one, and for those that end a process waits for its end.
func (p *Process) Signal(signal syscall.Signal) {
	if p.Alive() != nil {
		return
	}
	_ = p.command.Process.Signal(signal)
	if signal == syscall.SIGKILL || signal == syscall.SIGTERM {
		select {
		case <-p.ended:
		case <-time.After(Patience):
			_ = p.command.Process.Kill()
			<-p.ended
		}
	}
}

// Until waits for `ready`, while the process lives.
func (p *Process) Until(what string, ready func() bool) error {
	for end := time.Now().Add(Patience); ; time.Sleep(20 * time.Millisecond) {
		if ready() {
			return nil
		}
		if err := p.Alive(); err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s is not there in time: see %s", what, p.log)
		}
	}
}

// Says counts how often some words stand in its log.
func (p *Process) Says(words string) (int, error) {
	text, err := os.ReadFile(p.log)
	return strings.Count(string(text), words), err
}

// Memory is the most that the process has held, in bytes.
func (p *Process) Memory() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	return field(string(text), "VmHWM:")
}

// Listens says whether somebody accepts connections at an address.
func Listens(address string) bool {
	connection, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	connection.Close()
	return true
}
