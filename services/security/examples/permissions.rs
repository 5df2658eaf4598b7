//! Writes the permissions reference, `docs/permissions.md`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let page = security::docs::page()?;
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/permissions.md"), page)?;
    Ok(())
}
