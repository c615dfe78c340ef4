// Command play asks a signer everything that vectors/opsigner holds and compares
// its answers with the peer's. What differs must stand in the list of intended
// differences, with the answer given there; and what stands there must differ.
//
// Exit codes: 0 as recorded, 1 something differs, 2 it could not be asked.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/opsign/opsign/service/signer/tests/parity/exchange"
	"github.com/opsign/opsign/service/signer/tests/parity/requests"
)

func main() {
	address := flag.String("address", "", "host:port of the signer")
	folder := flag.String("folder", "", "made by scripts/signer-folder.sh")
	vectors := flag.String("vectors", "", "vectors/opsigner")
	list := flag.String("differences", "", "the intended differences; none if empty")
	document := flag.String("document", "", "where each reason must stand, with -differences")
	propose := flag.String("propose", "", "write every difference found to this file, to be sorted by reason")
	only := flag.String("only", "", "ask only cases whose name begins so, and show both answers")
	flag.Parse()

	intended, err := readDifferences(*list, *document)
	signer, unreachable := exchange.NewEndpoint(*address, *folder)
	if err = errors.Join(err, unreachable); err == nil {
		player := player{signer, intended, map[string]exchange.Answer{}, *only}
		var wrong int
		wrong, err = player.play(*vectors)
		if err == nil && *propose != "" {
			err = player.propose(*propose)
		}
		if err == nil && wrong > 0 {
			os.Exit(1)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "play:", err)
		os.Exit(2)
	}
}

// readDifferences gives the intended answers by case.
func readDifferences(path, document string) (map[string]exchange.Answer, error) {
	intended := map[string]exchange.Answer{}
	if path == "" {
		return intended, nil
	}
	var file exchange.Differences
	if err := exchange.ReadJSON(path, &file); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(document)
	if err != nil {
		return nil, err
	}
	if file.Count != len(file.Cases) {
		return nil, fmt.Errorf("%s says it has %d cases and has %d", path, file.Count, len(file.Cases))
	}
	for _, difference := range file.Cases {
		if difference.Reason == "" || !strings.Contains(string(text), difference.Reason) {
			return nil, fmt.Errorf("the reason %q does not stand in %s", difference.Reason, document)
		}
		for name, answer := range difference.Answers {
			if _, twice := intended[name]; twice {
				return nil, fmt.Errorf("%s has two reasons to differ", name)
			}
			intended[name] = answer
		}
	}
	return intended, nil
}

type player struct {
	signer   exchange.Endpoint
	intended map[string]exchange.Answer
	found    map[string]exchange.Answer
	only     string
}

func (p player) play(vectors string) (wrong int, err error) {
	asked, differ, unused := 0, 0, len(p.intended)
	for _, group := range requests.All() {
		file, err := exchange.ReadFile(filepath.Join(vectors, group.Name+".json"))
		if err != nil {
			return 0, err
		}
		if err := sameRequests(file, group); err != nil {
			return 0, err
		}
		for _, c := range file.Cases {
			if !strings.HasPrefix(c.Name, p.only) {
				continue
			}
			asked++
			answer, err := p.signer.Send(c.Request)
			if err != nil {
				answer = exchange.Answer{Refused: "no answer: " + err.Error()}
			}
			same := answer.Equal(c.Answer)
			intended, listed := p.intended[c.Name]
			if !same {
				p.found[c.Name] = answer
				differ++
			}
			if listed {
				unused--
			}
			switch {
			case listed && same:
				wrong++
				fmt.Printf("%s: listed as different, and it is not\n", c.Name)
			case listed && !answer.Equal(intended):
				wrong++
				fmt.Printf("%s (%s): not as listed\n  listed   %s\n  answered %s\n", c.Name, c.Comment, brief(intended), brief(answer))
			case !listed && !same:
				wrong++
				fmt.Printf("%s (%s):\n  peer     %s\n  answered %s\n", c.Name, c.Comment, brief(c.Answer), brief(answer))
			case p.only != "":
				fmt.Printf("%s (%s):\n  both     %s\n", c.Name, c.Comment, brief(answer))
			}
		}
	}
	if unused > 0 && p.only == "" {
		wrong += unused
		fmt.Printf("%d listed differences name no case\n", unused)
	}
	if asked == 0 {
		return 0, fmt.Errorf("no case begins with %q", p.only)
	}
	fmt.Printf("%d requests: %d as the peer, %d otherwise, of these %d intended; %d wrong\n",
		asked, asked-differ, differ, len(p.intended)-unused, wrong)
	return wrong, nil
}

// sameRequests says no if the list of requests has changed since the recording.
func sameRequests(file exchange.File, group requests.Group) error {
	if file.Count != len(group.Cases) {
		return fmt.Errorf("%s: %d requests are recorded and %d in the list: record again", group.Name, file.Count, len(group.Cases))
	}
	for i, c := range group.Cases {
		recorded, err := json.Marshal(file.Cases[i].Request)
		if err != nil {
			return err
		}
		listed, err := json.Marshal(c.Request)
		if err != nil {
			return err
		}
		if file.Cases[i].Name != c.Name || string(recorded) != string(listed) {
			return fmt.Errorf("%s: %s is not what was recorded: record again", group.Name, c.Name)
		}
	}
	return nil
}

func brief(answer exchange.Answer) string {
	text, err := json.Marshal(answer)
	if err != nil {
		panic(err)
	}
	if len(text) > 700 {
		return string(text[:700]) + "…"
	}
	return string(text)
}

// propose writes the differences found under one empty reason, which play refuses.
func (p player) propose(path string) error {
	file := exchange.Differences{
		Description: "Where opsign means to answer otherwise than op-signer, and what it answers",
		Count:       1,
		Cases:       []exchange.Difference{{Answers: p.found}},
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	return encoder.Encode(file)
}
