//! Who is asking: bearer tokens verified as every service verifies them.

pub(crate) use platform_auth::Verifier;
pub use platform_auth::{JwtSettings, KeySource, Principal};
