//! Makes the service's Rust from its proto file, with a compiler in Rust: no `protoc` is needed.

use std::path::Path;

use protox::prost::Message;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto/remote_keystore.proto");
    let files = protox::compile(["proto/remote_keystore.proto"], ["proto"])?;
    // What gRPC reflection shows, with the file's comments.
    let out = std::env::var("OUT_DIR")?;
    std::fs::write(Path::new(&out).join("remote_keystore.bin"), files.encode_to_vec())?;
    // Its comments are written for people; a line with four spaces would be a test to rustdoc.
    tonic_prost_build::configure().disable_comments(["."]).compile_fds(files)?;
    Ok(())
}
