//! What it costs to verify a token, beside the library's own decoding and the signature alone.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, jwk::Jwk};
use platform_auth::{Claims, Identity};
use platform_config::Config;
use platform_service::{Clock, Context as Surroundings};
use platform_testing::TestIssuer;
use serde_json::{Map, Value, json};

use super::{
    beside,
    load::{CALLS, per_call},
    ours,
};
use crate::table::{Table, show};

/// A token nobody has seen before, and one that was verified a moment ago.
pub(crate) async fn all(home: &Path, table: &mut Table) -> Result<()> {
    let issuer = TestIssuer::at(Clock::system());
    let keys = json!({ "keys": [issuer.key().jwk()] });
    let config = Config::parse(&format!("[identity]\njwks = '{keys}'"))?;
    let context = Surroundings::standalone("bench", config, Clock::system(), home);
    let identity = Identity::open(&context).map_err(ours)?;
    let ids = context.ids();
    let sign = |_| {
        issuer.sign(&Claims {
            jti: ids.v4(),
            sid: Some(ids.v4()),
            ..issuer.claims(ids.v4())
        })
    };
    let tokens: Vec<String> = (0..CALLS).map(sign).collect();
    let jwk: Jwk = serde_json::from_value(issuer.key().jwk())?;
    let key = DecodingKey::from_jwk(&jwk)?;

    let alone = per_call(async |at| signature(&tokens[at], &key)).await?;
    let library = per_call(async |at| library(&tokens[at], &key)).await?;
    let new = per_call(async |at| verify(&identity, &tokens[at]).await).await?;
    let seen = per_call(async |at| verify(&identity, &tokens[CALLS - 1 - at % 100]).await).await?;
    context.shutdown().cancel();
    let peers = [("jsonwebtoken's decode", library), ("the signature alone", alone)];
    table.add("verifying a new token", show(new), "< 20 µs", beside(new, &peers));
    table.add(
        "verifying a token seen before",
        show(seen),
        "< 20 µs",
        beside(seen, &peers),
    );
    Ok(())
}

async fn verify(identity: &Identity, token: &str) -> Result<()> {
    let principal = identity.verify(token).await.map_err(ours)?;
    ensure!(principal.user().is_ok(), "a person's token");
    Ok(())
}

fn library(token: &str, key: &DecodingKey) -> Result<()> {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&["hansa"]);
    validation.set_audience(&["hansa"]);
    let claims = decode::<Map<String, Value>>(token, key, &validation)?.claims;
    ensure!(claims.contains_key("sub"), "a person's token");
    Ok(())
}

fn signature(token: &str, key: &DecodingKey) -> Result<()> {
    let (signed, signature) = token.rsplit_once('.').context("a token has three parts")?;
    let is_right = jsonwebtoken::crypto::verify(signature, signed.as_bytes(), key, Algorithm::EdDSA)?;
    ensure!(is_right, "a signature of ours");
    Ok(())
}
