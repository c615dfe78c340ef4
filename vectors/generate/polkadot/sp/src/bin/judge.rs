//! Judges lines of JSON on standard input by sp-core and the sp-consensus crates. Ends with 1 at
//! the first signature that does not hold; otherwise says how many there were of each kind.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::process::ExitCode;

use opsign_vectors_polkadot::judge::{Line, Verdict, judge};

fn main() -> ExitCode {
    let mut counts = BTreeMap::<String, usize>::new();
    for (index, text) in std::io::stdin().lock().lines().enumerate() {
        let verdict = text
            .map_err(|error| error.to_string())
            .and_then(|text| serde_json::from_str::<Line>(&text).map_err(|error| error.to_string()))
            .and_then(|line| Ok((judge(&line)?, line.kind())));
        match verdict {
            Ok((Verdict::Valid, kind)) => *counts.entry(kind).or_default() += 1,
            Ok((Verdict::Invalid, kind)) => {
                eprintln!("line {}: the signature ({kind}) does not hold", index + 1);
                return ExitCode::from(1);
            }
            Err(error) => {
                eprintln!("line {}: {error}", index + 1);
                return ExitCode::from(65);
            }
        }
    }
    let total = counts.values().sum::<usize>();
    let parts = counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>();
    println!("{total} held: {}", parts.join(", "));
    ExitCode::SUCCESS
}
