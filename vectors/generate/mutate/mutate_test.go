package mutate

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/golang/snappy"

	"github.com/opsign/opsign/vectors/generate/blocks"
	"github.com/opsign/opsign/vectors/generate/cases"
)

// More messages than a test needs: go test ./mutate -args -seed 2 -messages 100000
var (
	seed     = flag.Uint64("seed", 1, "of the messages")
	messages = flag.Int("messages", 5000, "how many messages")
)

func validatorOf(s Situation) *restated {
	chainID, ok := new(big.Int).SetString(s.ChainID, 10)
	if !ok {
		panic(s.ChainID)
	}
	v := &restated{
		version:    int(s.Topic[1] - '0'),
		chainID:    chainID,
		jovianTime: s.JovianTime,
		current:    common.HexToAddress(s.Address),
		hashes:     map[uint64][]string{},
	}
	if s.PreviousAddress != nil {
		v.previous = common.HexToAddress(*s.PreviousAddress)
	}
	return v
}

// checker judges situations by the restated rules, sequences in one go.
type checker struct {
	sequence  string
	validator *restated
}

func (c *checker) rule(t *testing.T, s Situation) Rule {
	t.Helper()
	if s.Sequence == nil || *s.Sequence != c.sequence || *s.Step == 0 {
		c.sequence, c.validator = "", validatorOf(s)
		if s.Sequence != nil {
			c.sequence = *s.Sequence
		}
	}
	if previous := validatorOf(s).previous; previous != c.validator.previous {
		t.Errorf("op-node takes %s as previous signer, the document %s", previous, c.validator.previous)
	}
	message := unhex(s.Message)
	if s.MessageRepeat != nil {
		message = append(message, bytes.Repeat(unhex(s.MessageRepeat.Unit), s.MessageRepeat.Times)...)
		message = append(message, unhex(s.MessageRepeat.Tail)...)
	}
	return c.validator.judge(message, s.Now)
}

// TestTheDocumentDecidesAsOpNode holds the rules of docs/gossip-rules.md, as
// restated here, against op-node.
func TestTheDocumentDecidesAsOpNode(t *testing.T) {
	count := *messages
	generator, c := New(*seed), new(checker)
	times, past := map[Rule]int{}, 0
	for range count {
		record := generator.Next()
		rule := c.rule(t, record.Situation)
		if rule != record.Rule || Exits[position(rule)].Verdict != record.Verdict {
			t.Errorf("%s %v: op-node says %s (%s, %s %s), the document says %s",
				record.ID, record.Mutation, record.Rule, record.Verdict, record.Reason, record.Details, rule)
		}
		times[rule]++
		if PastTheSignature(rule) {
			past++
		}
	}
	if past < count/2 {
		t.Errorf("%d of %d messages get past the signature, want half", past, count)
	}
	for _, exit := range Exits {
		if times[exit.Rule] == 0 && !exit.Unreachable {
			t.Errorf("no message of %d is judged by %s", count, exit.Rule)
		}
	}
}

func TestTheDocumentRemembersAsOpNode(t *testing.T) {
	generator, c := New(1), new(checker)
	generator.FillMemory()
	times := map[Rule]int{}
	for len(generator.pending) > 0 {
		record := generator.Next()
		if rule := c.rule(t, record.Situation); rule != record.Rule {
			t.Errorf("step %d: op-node says %s, the document %s", *record.Step, record.Rule, rule)
		}
		times[record.Rule]++
	}
	if times[Accepted] < 1004 || times["already_seen"] < 3 {
		t.Errorf("the memory of heights was not overrun: %v", times)
	}
}

func TestASeedDecidesEverything(t *testing.T) {
	first, second, other := New(7), New(7), New(8)
	differ := false
	for range 300 {
		line := first.Next().Line()
		if !bytes.Equal(line, second.Next().Line()) {
			t.Fatal("one seed gives two streams")
		}
		differ = differ || !bytes.Equal(line, other.Next().Line())
	}
	if !differ {
		t.Error("two seeds give one stream")
	}
}

func TestLinesAreJSON(t *testing.T) {
	line := New(3).Next().Line()
	var read map[string]any
	if err := json.Unmarshal(line, &read); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"id", "sequence", "step", "topic", "chain_id", "address", "previous_address",
		"now", "jovian_time", "message", "verdict", "reason", "rule", "details", "mutation"} {
		if _, ok := read[key]; !ok {
			t.Errorf("a line has no %q", key)
		}
	}
	if bytes.IndexByte(line, '\n') != len(line)-1 {
		t.Error("a record is not one line")
	}
}

func TestCommittedRulesAreTheGeneratedOnes(t *testing.T) {
	file := filepath.Join("..", "..", "gossip_rules.json")
	committed, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run: %s", err, RulesCommand)
	}
	if !bytes.Equal(committed, RulesFile()) {
		t.Errorf("%s is not what the generator makes; run: %s", file, RulesCommand)
	}
}

func TestEveryRuleHasACase(t *testing.T) {
	var file struct {
		Description, Source, Generator string
		Count                          int
		Cases                          []rulesCase
	}
	if err := json.Unmarshal(RulesFile(), &file); err != nil {
		t.Fatal(err)
	}
	if file.Count != len(file.Cases) || file.Count < 120 {
		t.Errorf("%d cases, the count says %d, at least 120 are expected", len(file.Cases), file.Count)
	}
	if file.Description == "" || file.Source == "" || file.Generator != RulesCommand {
		t.Error("the file does not say what it is and whence")
	}
	times, c := map[Rule]int{}, new(checker)
	for _, picked := range file.Cases {
		times[picked.Rule]++
		if picked.Comment == "" {
			t.Errorf("%s is not explained", picked.Name)
		}
		if rule := c.rule(t, picked.Situation); rule != picked.Rule {
			t.Errorf("%s: op-node says %s, the document %s", picked.Name, picked.Rule, rule)
		}
	}
	for _, exit := range Exits {
		if times[exit.Rule] == 0 && !exit.Unreachable {
			t.Errorf("no case for %s", exit.Rule)
		}
	}
}

// TestTheDocumentListsTheExits compares the table in docs/gossip-rules.md with Exits.
func TestTheDocumentListsTheExits(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "gossip-rules.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| [0-9-]+ \\| `([a-z0-9_]+)` \\| (accept|ignore|reject) \\| (.*) \\|$").FindAllStringSubmatch(string(text), -1)
	if len(rows) != len(Exits) {
		t.Fatalf("the document has %d exits, the package %d", len(rows), len(Exits))
	}
	for i, exit := range Exits {
		row := rows[i]
		unreachable := strings.HasPrefix(row[3], "not reachable")
		if row[1] != string(exit.Rule) || row[2] != string(exit.Verdict) || unreachable != exit.Unreachable {
			t.Errorf("row %d of the document is %v, the package has %+v", i, row, exit)
		}
	}
	for _, version := range []string{cases.OptimismVersion, cases.OpGethVersion} {
		if !strings.Contains(string(text), version) {
			t.Errorf("the document does not name %s", version)
		}
	}
}

func TestFieldsAreWhereOpNodeWritesThem(t *testing.T) {
	for _, topic := range blocks.Topics {
		d := block(topic)
		p, ok := split(topic, d.signed)
		if !ok || !bytes.Equal(p.join(), d.signed) {
			t.Errorf("%s: taking a block apart and joining it changes it", topic)
		}
		if !bytes.Equal(rehash(topic, d.signed), d.signed) {
			t.Errorf("%s: a good block does not keep its hash", topic)
		}
		envelope, err := blocks.Decode(topic, d.signed)
		if err != nil {
			t.Fatal(err)
		}
		payload := envelope.ExecutionPayload
		if headerOf(topic, envelope).Hash() != payload.BlockHash {
			t.Errorf("%s: the header is another one than op-node's", topic)
		}
		for at, want := range map[int]uint64{
			atNumber: uint64(payload.BlockNumber), atTimestamp: uint64(payload.Timestamp),
			atGasLimit: uint64(payload.GasLimit), atGasUsed: uint64(payload.GasUsed),
		} {
			if got := uint64(get32(p.fixed[at:])) | uint64(get32(p.fixed[at+4:]))<<32; got != want {
				t.Errorf("%s: %d at %d, want %d", topic, got, at, want)
			}
		}
	}
}

func TestOddCompressionIsRight(t *testing.T) {
	for seed := range uint64(300) {
		r := &draw{rand.New(rand.NewPCG(seed, 0)), nil}
		plain := append(r.bytes(50), bytes.Repeat(r.bytes(1+r.IntN(9)), 1+r.IntN(200))...)
		for name, compressed := range map[string][]byte{
			"odd":      compressOddly(r, plain),
			"literals": literals(plain, 1+r.IntN(len(plain)), r.IntN(5)),
			"repeat":   repeat(plain, []byte{1, 2, 3}, 50+r.IntN(100), []byte{4}).bytes(),
		} {
			want := plain
			got, err := snappy.Decode(nil, compressed)
			if name == "repeat" {
				got, want = got[:min(len(plain), len(got))], plain
			}
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s, seed %d: %v", name, seed, err)
			}
		}
	}
}
