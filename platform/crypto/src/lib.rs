//! Keys, encrypted fields, token hashes, passwords, signatures, comparison in constant time.

mod digest;
mod error;
mod field;
mod password;
mod random;
mod ring;
mod signing;
mod token;
mod verifying;

pub use crate::{
    digest::{base64url, equal, from_base64url, hex, mac, sha256},
    error::CryptoError,
    field::Place,
    password::{PasswordSettings, Passwords, Verdict},
    random::Random,
    ring::{KeyRing, KeySettings, KeyStanding, KeyState, RingFile},
    signing::SigningKey,
    token::{Token, TokenHash},
    verifying::VerifyingKey,
};
