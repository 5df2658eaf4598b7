//! Where keys come from.

use std::{fs, thread};

use platform_config::Secret;
use platform_crypto::{KeyRing, KeySettings, KeyState, Random, RingFile};
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
        create: Some(false),
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
            ..KeySettings::default()
        };

        let refused = KeyRing::open(&settings, folder.path(), Random::system()).unwrap_err();

        assert!(!refused.to_string().contains("AAAA"), "{refused}");
        assert_eq!(refused.code(), platform_error::Code::Invalid, "{text}");
    }
    assert!(!format!("{:?}", ring()).contains("AAAA"));
}

/// A ring's file in a folder of its own, with one key.
fn made(folder: &std::path::Path) -> RingFile {
    let file = RingFile::in_folder(folder);
    file.make(Random::system()).unwrap();
    file
}

fn states(file: &RingFile) -> Vec<(String, KeyState)> {
    let keys = file.keys().unwrap();
    keys.into_iter().map(|key| (key.name, key.state)).collect()
}

#[test]
fn a_rotation_goes_step_by_step_and_every_process_reads_what_another_one_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let file = made(folder.path());
    let first = in_folder(folder.path()).unwrap();
    let old = first.seal(&PLACE, b"old");

    assert_eq!(file.add(None, Random::system()).unwrap(), "k2");
    let behind = in_folder(folder.path()).unwrap();
    assert_eq!(file.promote().unwrap(), ("k2".to_owned(), "k1".to_owned()));
    let ahead = in_folder(folder.path()).unwrap();

    let new = ahead.seal(&PLACE, b"new");
    assert_eq!(behind.open_sealed(&PLACE, &new).unwrap(), b"new");
    assert_eq!(
        behind.reseal(&PLACE, &new).unwrap(),
        None,
        "who is behind leaves it as it is"
    );
    let anew = ahead.reseal(&PLACE, &old).unwrap().unwrap();
    assert_eq!(KeyRing::sealed_by(&anew).unwrap(), "k2");
    assert_eq!(behind.derive("credentials")[1], ahead.derive("credentials")[0]);
    assert_eq!(behind.derive("credentials")[0], ahead.derive("credentials")[1]);
}

#[test]
fn nothing_new_is_believed_because_of_a_retired_key_and_what_it_sealed_is_still_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = made(folder.path());
    let first = in_folder(folder.path()).unwrap();
    let (sealed, tag) = (first.seal(&PLACE, b"old"), first.tag("audit", b"entry"));
    file.add(Some("k2026"), Random::system()).unwrap();
    file.promote().unwrap();

    file.retire("k1").unwrap();

    let ring = in_folder(folder.path()).unwrap();
    assert_eq!(ring.open_sealed(&PLACE, &sealed).unwrap(), b"old");
    assert!(!ring.derive("credentials").contains(&first.derive("credentials")[0]));
    assert!(!ring.tags("audit", b"entry").contains(&tag) && ring.tags_ever("audit", b"entry").contains(&tag));
    file.remove("k1").unwrap();
    assert_eq!(states(&file), [("k2026".to_owned(), KeyState::Active)]);
    assert!(in_folder(folder.path()).unwrap().open_sealed(&PLACE, &sealed).is_err());
}

#[test]
fn a_step_that_would_lose_something_is_refused_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = made(folder.path());
    let refused = |change: Result<(), platform_crypto::CryptoError>| change.unwrap_err().to_string();
    let before = fs::read_to_string(file.path()).unwrap();

    assert!(refused(file.make(Random::system())).contains("already"));
    assert!(refused(file.promote().map(drop)).contains("add one first"));
    assert!(refused(file.retire("k1")).contains("active"));
    assert!(refused(file.remove("k1")).contains("active"));
    assert!(refused(file.retire("k7")).contains("there are k1"));
    assert_eq!(fs::read_to_string(file.path()).unwrap(), before);

    file.add(None, Random::system()).unwrap();
    assert!(refused(file.add(None, Random::system()).map(drop)).contains("promote it"));
    assert!(refused(file.retire("k2")).contains("never been active"));
    file.promote().unwrap();
    assert!(refused(file.remove("k1")).contains("retire it first"));
    assert_eq!(
        states(&file),
        [("k1".to_owned(), KeyState::Old), ("k2".to_owned(), KeyState::Active)]
    );
}

#[cfg(unix)]
#[test]
fn the_file_stays_its_owners_and_one_command_changes_it_at_a_time() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let file = made(folder.path());

    let added: Vec<_> = thread::scope(|scope| {
        let adding: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| file.add(None, Random::system()).is_ok()))
            .collect();
        adding.into_iter().map(|adding| adding.join().unwrap()).collect()
    });

    assert_eq!(added.iter().filter(|added| **added).count(), 1);
    assert_eq!(states(&file).len(), 2);
    assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
    let names = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, 1, "no draft is left behind");
}
