//! Makes the service's Rust from its proto file, with a compiler in Rust: no `protoc` is needed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto/remote_keystore.proto");
    let files = protox::compile(["proto/remote_keystore.proto"], ["proto"])?;
    // Its comments are written for people; a line with four spaces would be a test to rustdoc.
    tonic_prost_build::configure().disable_comments(["."]).compile_fds(files)?;
    Ok(())
}
