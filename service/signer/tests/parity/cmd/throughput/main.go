// Command throughput measures a signer through op-service's own client, which
// keeps two idle connections and shakes hands again for the rest.
package main

import (
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/log"

	"github.com/ethereum-optimism/optimism/op-service/eth"
	"github.com/ethereum-optimism/optimism/op-service/signer"

	"github.com/opsign/opsign/service/signer/tests/parity/clients"
	"github.com/opsign/opsign/service/signer/tests/parity/exchange"
)

func main() {
	var endpoint exchange.Endpoint
	flag.StringVar(&endpoint.Address, "address", "", "host:port of the signer")
	flag.StringVar(&endpoint.Folder, "folder", "", "made by scripts/signer-folder.sh")
	name := flag.String("name", "signer", "what to call it in the row")
	client := flag.String("client", "localhost", "whose certificate is shown")
	workers := flag.Int("workers", 32, "")
	duration := flag.Duration("duration", 5*time.Second, "")
	flag.Parse()
	if err := measure(endpoint, *name, *client, *workers, *duration); err != nil {
		fmt.Fprintln(os.Stderr, "throughput:", err)
		os.Exit(1)
	}
}

func measure(endpoint exchange.Endpoint, name, client string, workers int, duration time.Duration) error {
	quiet := log.NewLogger(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	remote, err := signer.NewSignerClientFromConfig(quiet, clients.Config(endpoint, client))
	if err != nil {
		return err
	}
	defer remote.Close()
	sender := common.HexToAddress(clients.AddressOne)
	taken := make([][]time.Duration, workers)
	failures := make([]error, workers)
	started := time.Now()
	var done sync.WaitGroup
	for worker := range workers {
		done.Go(func() {
			var hash common.Hash
			binary.BigEndian.PutUint64(hash[:], uint64(worker)+1)
			for count := uint64(0); time.Since(started) < duration; count++ {
				binary.BigEndian.PutUint64(hash[24:], count)
				begun := time.Now()
				_, err := remote.SignBlockPayload(context.Background(), &signer.BlockPayloadArgs{
					ChainID: eth.ChainIDFromUInt64(10).ToBig(), PayloadHash: hash[:], SenderAddress: &sender})
				if err != nil {
					failures[worker] = err
					return
				}
				taken[worker] = append(taken[worker], time.Since(begun))
			}
		})
	}
	done.Wait()
	elapsed := time.Since(started)
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	all := slices.Concat(taken...)
	slices.Sort(all)
	at := func(share float64) float64 { return float64(all[int(share*float64(len(all)-1))].Microseconds()) }
	fmt.Printf("%-10s op-service's Go client, %2d workers, %-15s %8.0f/s  p50 %7.0f µs  p99 %7.0f µs\n",
		name, workers, client, float64(len(all))/elapsed.Seconds(), at(0.5), at(0.99))
	return nil
}
