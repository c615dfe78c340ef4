//! Writes vectors/polkadot/*.json, or, with --check, compares them.

use std::path::PathBuf;
use std::process::ExitCode;

use opsign_vectors_polkadot::files;

fn main() -> ExitCode {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../polkadot"));
    let check = std::env::args().skip(1).any(|argument| argument == "--check");
    let mut differing = 0;
    for file in files() {
        if !check {
            std::fs::create_dir_all(&folder).expect("a folder");
            std::fs::write(folder.join(file.name), file.text()).expect("a file");
        } else if !file.is_written(&folder) {
            eprintln!("{} is not what this program writes", file.name);
            differing += 1;
        }
        println!("{}: {} cases", file.name, file.cases.len());
    }
    ExitCode::from(u8::from(differing > 0))
}
