package main

import (
	"flag"
	"fmt"
	"net/http"

	"github.com/opsign/opsign/scripts/devnet/rig/engine"
	"github.com/opsign/opsign/scripts/devnet/rig/fault"
)

// faultCommand runs until it is killed. `curl -X PUT -d '{"mode":"delay","ms":900}' CONTROL` changes
// what it does; a GET there answers what went through.
func faultCommand(arguments []string) error {
	flags := flag.NewFlagSet("fault", flag.ExitOnError)
	listen := flags.String("listen", "127.0.0.1:9651", "where a sidecar finds its builder")
	control := flags.String("control", "127.0.0.1:9652", "where faults are set")
	target := flags.String("target", "", "the builder's engine, a URL")
	secretFile := flags.String("jwt", "", "the file of its secret")
	mode := flags.String("mode", "pass", "what to begin with")
	_ = flags.Parse(arguments) // exits on an error
	secret, err := engine.ReadSecret(*secretFile)
	if err != nil {
		return err
	}
	proxy, err := fault.New(*listen, *target, secret)
	if err != nil {
		return err
	}
	if err := proxy.Set(fault.Fault{Mode: *mode}); err != nil {
		return err
	}
	fmt.Printf("%s before %s, control at %s\n", *listen, *target, *control)
	return http.ListenAndServe(*control, proxy.Control())
}
