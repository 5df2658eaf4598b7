//! Where keys come from.

use std::{fs, thread};

use platform_config::Secret;
use platform_crypto::{KeyRing, KeySettings, Random};
use platform_error::Coded;

use crate::fields::{PLACE, ring};

fn in_folder(folder: &std::path::Path) -> Result<KeyRing, platform_crypto::CryptoError> {
    KeyRing::open(&KeySettings::default(), folder, Random::system())
}

#[test]
fn the_first_start_makes_keys_that_the_next_start_finds() {
    let folder = tempfile::tempdir().unwrap();
    let sealed = in_folder(folder.path()).unwrap().seal(&PLACE, b"secret");

    let opened = in_folder(folder.path()).unwrap().open_sealed(&PLACE, &sealed);

    assert_eq!(opened.unwrap(), b"secret");
    let names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["keys.toml"]);
}

#[cfg(unix)]
#[test]
fn keys_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    in_folder(folder.path()).unwrap();
    let file = folder.path().join("keys.toml");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();

    let refused = in_folder(folder.path()).unwrap_err().to_string();
    assert!(refused.contains("chmod 600"), "{refused}");
}

#[test]
fn processes_that_start_at_once_agree_on_the_keys() {
    let folder = tempfile::tempdir().unwrap();

    let tags: Vec<_> = thread::scope(|scope| {
        let starts: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| in_folder(folder.path()).unwrap().tag("users.email", b"ada")))
            .collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });

    assert!(tags.iter().all(|tag| *tag == tags[0]));
}

#[test]
fn a_ring_that_must_be_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let settings = KeySettings {
        create: false,
        ..KeySettings::default()
    };

    let refused = KeyRing::open(&settings, folder.path(), Random::system()).unwrap_err();

    assert!(refused.to_string().contains("keys.ring-file"), "{refused}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_ring_with_mistakes_is_refused_without_showing_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let key = "A".repeat(43);
    for text in [
        format!("active = \"k2\"\n[keys]\nk1 = \"{key}\""),
        format!("active = \"k1\"\n[keys]\nk1 = \"{key}"),
        format!("active = \"k1\"\n[keys]\nk1 = \"{key}BBBB\""),
        format!("active = \"k 1\"\n[keys]\n\"k 1\" = \"{key}\""),
        format!("active = \"k1\"\nother = 1\n[keys]\nk1 = \"{key}\""),
    ] {
        let settings = KeySettings {
            ring: Secret::new(text.clone()),
            create: true,
        };

        let refused = KeyRing::open(&settings, folder.path(), Random::system()).unwrap_err();

        assert!(!refused.to_string().contains("AAAA"), "{refused}");
        assert_eq!(refused.code(), platform_error::Code::Invalid, "{text}");
    }
    assert!(!format!("{:?}", ring()).contains("AAAA"));
}
