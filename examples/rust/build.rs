//! Generates the client. protox compiles the files, so that protoc is not needed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = protox::compile(["contact/v1/contact_service.proto"], ["../../proto"])?;
    println!("cargo:rerun-if-changed=../../proto");
    tonic_prost_build::configure()
        .build_server(false)
        .compile_fds(files)?;
    Ok(())
}
