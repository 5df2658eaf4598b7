//! Compiles the protos without `protoc`: messages, clients and servers, and the descriptors for reflection.

use std::{error::Error, fs, path::PathBuf};

use prost::Message;

const PROTOS: [&str; 2] = ["security/v1/security.proto", "users/v1/users.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    let descriptors = protox::compile(PROTOS, ["proto"])?;
    #[expect(clippy::disallowed_methods, reason = "cargo tells build scripts by the environment")]
    let folder = PathBuf::from(std::env::var("OUT_DIR")?);
    fs::write(folder.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .build_transport(false)
        .compile_fds(descriptors)?;
    println!("cargo:rerun-if-changed=proto");
    Ok(())
}
