//! The client's half of the service, from the server's proto file.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = "../keystore/proto";
    println!("cargo::rerun-if-changed={folder}");
    let files = protox::compile(["remote_keystore.proto"], [folder])?;
    tonic_prost_build::configure().build_server(false).compile_fds(files)?;
    Ok(())
}
