//! `opsign-tools header OUT` writes the C header; `opsign-tools wasm-bindgen IN OUT_DIR` writes the
//! JavaScript glue. Run from the root of the repository by scripts/header.sh and scripts/wasm.sh.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let result = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["header", out] => header(Path::new(out)),
        ["wasm-bindgen", input, out] => wasm_bindgen(Path::new(input), Path::new(out)),
        _ => Err("usage: opsign-tools header OUT | wasm-bindgen IN OUT_DIR".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("opsign-tools: {error}");
            ExitCode::FAILURE
        }
    }
}

fn header(out: &Path) -> Result<(), Box<dyn Error>> {
    let config = cbindgen::Config::from_file("ffi/cbindgen.toml")?;
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_src("core/src/error.rs")
        .with_src("keys/src/error.rs")
        .with_src("typed-data/src/error.rs")
        .with_src("ffi/src/lib.rs")
        .generate()?;
    bindings.write_to_file(out);
    Ok(())
}

fn wasm_bindgen(input: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    wasm_bindgen_cli_support::Bindgen::new()
        .input_path(input)
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        .generate(out)?;
    Ok(())
}
