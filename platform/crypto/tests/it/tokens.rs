//! Opaque tokens, random bytes and keys that sign.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use platform_crypto::{Random, SigningKey, Token, TokenHash, equal, from_base64url};

use crate::hex;

#[test]
fn a_token_is_recognized_by_its_hash_alone() {
    let token = Token::mint("hk", Random::system());
    let text = token.text.expose().clone();

    assert_eq!(TokenHash::of_token("hk", &text), Some(token.hash));
    assert_ne!(
        TokenHash::of(&Token::mint("hk", Random::system()).text.expose()[..]),
        token.hash
    );
    assert!(!format!("{token:?}").contains(&text));
}

#[test]
fn what_cannot_be_a_token_is_told_from_its_looks() {
    let token = Token::mint("hk", Random::system());
    let text = token.text.expose();

    for wrong in [
        "",
        "hk_",
        &text[3..],
        &text[..text.len() - 1],
        &format!("{text}A"),
        &text.replace("hk_", "rt_"),
        &format!("{}=", &text[..text.len() - 1]),
    ] {
        assert_eq!(TokenHash::of_token("hk", wrong), None, "{wrong}");
    }
}

#[test]
fn secrets_are_equal_when_all_their_bytes_are() {
    assert!(equal(b"secret", b"secret"));
    assert!(!equal(b"secret", b"secreT"));
    assert!(!equal(b"secret", b"secret "));
    assert!(equal(b"", b""));
}

#[test]
fn random_numbers_stay_below_their_bound_and_reach_all_of_it() {
    let random = Random::system();

    let drawn: std::collections::BTreeSet<_> = (0..1000).map(|_| random.below(10)).collect();

    assert_eq!(drawn, (0..10).collect());
    assert_eq!(random.below(0), 0);
}

#[test]
fn a_kept_key_signs_as_before_and_anybody_can_verify() {
    let key = SigningKey::generate(Random::system());
    let kept = SigningKey::from_pkcs8(key.to_pkcs8().expose()).unwrap();

    let signature = kept.sign(b"message");

    assert_eq!(kept.id(), key.id());
    assert_eq!(signature, key.sign(b"message"));
    let x = from_base64url(key.jwk()["x"].as_str().unwrap()).unwrap();
    assert!(
        UnparsedPublicKey::new(&ED25519, x)
            .verify(b"message", &signature)
            .is_ok()
    );
    assert!(SigningKey::from_pkcs8(b"nonsense").is_err());
}

#[test]
fn a_keys_id_is_its_thumbprint() {
    // RFC 8037, appendix A.1 and A.3.
    let seed = from_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
    let mut document = hex("302e020100300506032b657004220420");
    document.extend_from_slice(&seed);

    let key = SigningKey::from_pkcs8(&document).unwrap();

    assert_eq!(key.jwk()["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    assert_eq!(key.id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}
