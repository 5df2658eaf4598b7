//! Writes the permissions reference: `docs/permissions.md`, and `contracts/permissions.txt` with the names alone.

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    std::fs::write(format!("{ROOT}/docs/permissions.md"), security::docs::page()?)?;
    std::fs::write(format!("{ROOT}/contracts/permissions.txt"), security::docs::names()?)?;
    Ok(())
}
