package cases

import (
	"fmt"
	"strings"

	"github.com/ethereum/go-ethereum/common"
)

type addressCase struct {
	label
	Address   string `json:"address"`
	Canonical string `json:"canonical,omitempty"`
	Error     string `json:"error,omitempty"`
}

// gethAddress is go-ethereum's reading of an address, with the checksum tested
// when the text has letters of both cases, as EIP-55 asks.
func gethAddress(text string) (canonical string, ok bool) {
	if !strings.HasPrefix(text, "0x") || !common.IsHexAddress(text) {
		return "", false
	}
	mixed, err := common.NewMixedcaseAddressFromString(text)
	if err != nil {
		return "", false
	}
	digits := text[2:]
	if digits != strings.ToLower(digits) && digits != strings.ToUpper(digits) && !mixed.ValidChecksum() {
		return "", false
	}
	return mixed.Address().Hex(), true
}

func addresses() File {
	var cases []addressCase
	add := func(name, comment, text, wantError string) {
		canonical, ok := gethAddress(text)
		if ok != (wantError == "") {
			panic(fmt.Sprintf("%s: the case expects error %q, go-ethereum reads %q: correct the case", name, wantError, canonical))
		}
		cases = append(cases, addressCase{label{name, comment}, text, canonical, wantError})
	}

	for i, text := range []string{
		"0x52908400098527886E0F7030069857D2E4169EE7",
		"0x8617E340B3D01FA5F11F306F4090FD50E238070D",
	} {
		add(fmt.Sprintf("eip55_all_caps_%d", i+1), "An example of EIP-55: its checksum has capitals only.", text, "")
	}
	for i, text := range []string{
		"0xde709f2102306220921060314715629080e2fb77",
		"0x27b1fdb04752bbc536007a920d24acb045561c26",
	} {
		add(fmt.Sprintf("eip55_all_lower_%d", i+1), "An example of EIP-55: its checksum has small letters only.", text, "")
	}
	normal := []string{
		"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
		"0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
		"0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
		"0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
	}
	for i, text := range normal {
		add(fmt.Sprintf("eip55_normal_%d", i+1), "An example of EIP-55 with letters of both cases.", text, "")
	}
	ordinary := normal[0]
	lower, upper := strings.ToLower(ordinary), "0x"+strings.ToUpper(ordinary[2:])
	add("all_lower", "Small letters only carry no checksum.", lower, "")
	add("all_upper", "Capitals only carry no checksum, although this address has another one.", upper, "")
	add("zero", "Digits only: there is nothing to check.", "0x0000000000000000000000000000000000000000", "")
	add("predeploy", "A predeployed contract of the OP Stack, digits only.", "0x4200000000000000000000000000000000000016", "")
	add("largest_lower", "Every bit is set.", "0xffffffffffffffffffffffffffffffffffffffff", "")
	add("largest_upper", "The same in capitals.", "0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", "")
	add("one_letter_lower", "A single letter, small.", "0x000000000000000000000000000000000000000a", "")
	add("one_letter_upper", "The same letter as a capital: one case only, so no checksum.", "0x000000000000000000000000000000000000000A", "")

	add("checksum_first_letter", "The case of the first letter is changed.", "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", errAddressChecksum)
	add("checksum_last_letter", "The case of the last letter is changed.", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", errAddressChecksum)
	add("checksum_digit", "One digit is changed.", "0x5aAeb6153F3E94C9b9A09f33669435E7Ef1BeAed", errAddressChecksum)
	add("checksum_one_capital", "Small letters with a single, wrong capital.", "0x5Aaeb6053f3e94c9b9a09f33669435e7ef1beaed", errAddressChecksum)
	add("checksum_swapped_case", "The case of every letter is changed.", "0x5AaEB6053f3e94c9B9a09F33669435e7eF1bEaED", errAddressChecksum)

	add("empty", "No text at all.", "", errEmpty)
	add("only_prefix", "A prefix and nothing after it.", "0x", errEmpty)
	add("19_bytes", "One byte is missing.", lower[:40], errTooShort)
	add("21_bytes", "One byte too many.", lower+"00", errTooLong)
	add("32_bytes", "An address padded to 32 bytes, as in event topics.", "0x"+strings.Repeat("00", 12)+lower[2:], errTooLong)
	add("no_prefix", "Without 0x.", ordinary[2:], errHexPrefix)
	add("no_prefix_lower", "Without 0x, small letters only.", lower[2:], errHexPrefix)
	add("capital_prefix", "0X is not the prefix.", "0X"+ordinary[2:], errHexPrefix)
	add("leading_space", "A space before the prefix.", " "+lower, errHexPrefix)
	add("letter_g", "g is no hex digit.", "0x"+"g"+lower[3:], errHexDigit)
	add("double_prefix", "The prefix twice: x is no hex digit.", "0x"+lower[:40], errHexDigit)
	add("space_inside", "A space among the digits.", lower[:20]+" "+lower[21:], errHexDigit)
	add("trailing_newline", "A line end, as left by reading a file: digits are looked at before the length.", lower+"\n", errHexDigit)
	add("not_ascii", "38 digits and a letter of two bytes in UTF-8.", lower[:40]+"é", errHexDigit)
	add("fullwidth_digit", "A digit that is not an ASCII one.", "0x０"+lower[3:], errHexDigit)

	return newFile("addresses.json",
		"Texts, and the address that each one is, in the canonical form of EIP-55, or the error. "+
			"Text with letters of one case only carries no checksum; letters of both cases must match it. "+
			"Errors are looked for in the order empty, prefix, empty after the prefix, digits, length, checksum.",
		"common.IsHexAddress and MixedcaseAddress of "+opGeth+", with the prefix 0x demanded; examples of EIP-55 from the document itself. The names of errors are given by hand.",
		cases)
}
