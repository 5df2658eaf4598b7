//! Fields encrypted at rest.

use platform_config::Secret;
use platform_crypto::{CryptoError, KeyRing, KeySettings, Place, Random};

pub(crate) const PLACE: Place<'static> = Place {
    table: "totp",
    column: "secret",
    row: b"row 1",
};

/// A ring whose key is all zeros, so that tests can name it.
pub(crate) fn ring() -> KeyRing {
    given(&format!("active = \"k1\"\n[keys]\nk1 = \"{}\"", "A".repeat(43)))
}

fn rotated() -> KeyRing {
    let (old, new) = ("A".repeat(43), "B".repeat(42) + "A");
    given(&format!("active = \"k2\"\n[keys]\nk1 = \"{old}\"\nk2 = \"{new}\""))
}

fn given(text: &str) -> KeyRing {
    let settings = KeySettings {
        ring: Secret::new(text.to_owned()),
        ..KeySettings::default()
    };
    KeyRing::open(&settings, std::path::Path::new("nowhere"), Random::system()).unwrap()
}

#[test]
fn what_is_sealed_comes_back_and_never_looks_the_same() {
    let ring = ring();
    let long = vec![7; 100_000];

    for plain in [&b""[..], b"JBSWY3DPEHPK3PXP", &long] {
        let (one, other) = (ring.seal(&PLACE, plain), ring.seal(&PLACE, plain));

        assert_ne!(one, other);
        assert!(plain.len() < 8 || !one.windows(plain.len()).any(|part| part == plain));
        assert_eq!(ring.open_sealed(&PLACE, &one).unwrap(), plain);
    }
}

#[test]
fn a_sealed_value_cannot_be_moved_to_another_place() {
    let ring = ring();
    let sealed = ring.seal(&PLACE, b"secret");

    for place in [
        Place { row: b"row 2", ..PLACE },
        Place {
            column: "other",
            ..PLACE
        },
        Place {
            table: "other",
            ..PLACE
        },
        Place {
            column: "secretrow",
            row: b" 1",
            ..PLACE
        },
    ] {
        let refused = ring.open_sealed(&place, &sealed);
        assert!(matches!(refused, Err(CryptoError::Sealed)), "{place:?}");
    }
}

#[test]
fn every_changed_bit_is_noticed() {
    let ring = ring();
    let sealed = ring.seal(&PLACE, b"secret");

    for index in 0..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[index / 8] ^= 1 << (index % 8);
        assert!(ring.open_sealed(&PLACE, &changed).is_err(), "bit {index}");
    }
    for length in 0..sealed.len() {
        assert!(ring.open_sealed(&PLACE, &sealed[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn a_rotated_ring_reads_what_the_old_key_sealed_and_seals_it_again() {
    let sealed = ring().seal(&PLACE, b"secret");
    let rotated = rotated();

    let again = rotated.reseal(&PLACE, &sealed).unwrap().unwrap();

    assert_eq!(rotated.open_sealed(&PLACE, &sealed).unwrap(), b"secret");
    assert_eq!(rotated.open_sealed(&PLACE, &again).unwrap(), b"secret");
    assert_eq!(rotated.reseal(&PLACE, &again).unwrap(), None);
    assert!(matches!(ring().open_sealed(&PLACE, &again), Err(CryptoError::UnknownKey(name)) if name == "k2"));
}

#[test]
fn what_the_active_key_sealed_is_not_opened_to_be_left_as_it_is() {
    let ring = ring();
    let mut damaged = ring.seal(&PLACE, b"secret");
    *damaged.last_mut().unwrap() ^= 1;

    assert_eq!(ring.reseal(&PLACE, &damaged).unwrap(), None);
    assert!(rotated().reseal(&PLACE, &damaged).is_err());
}

#[test]
fn equal_values_are_found_by_their_tag_also_while_keys_are_rotated() {
    let (old, new) = (ring(), rotated());

    let stored = old.tag("users.email", b"ada@example.org");

    assert_eq!(old.tag("users.email", b"ada@example.org"), stored);
    assert_ne!(old.tag("users.phone", b"ada@example.org"), stored);
    assert_ne!(old.tag("users.email", b"bob@example.org"), stored);
    let wanted = new.tags("users.email", b"ada@example.org");
    assert_eq!(wanted, [new.tag("users.email", b"ada@example.org"), stored]);
}
