//! The ring's file changes while processes run.

use std::{fs, path::Path};

use platform_config::{Config, Duration, Secret};
use platform_crypto::{KeyRing, KeySettings, Random, RingFile};

use crate::fields::PLACE;

/// A process that looks at the file whenever it needs the ring.
fn looking(folder: &Path) -> KeyRing {
    let settings = KeySettings {
        reload: Duration::from_secs(0),
        ..KeySettings::default()
    };
    KeyRing::open(&settings, folder, Random::system()).unwrap()
}

fn sealed_by(ring: &KeyRing) -> String {
    KeyRing::sealed_by(&ring.seal(&PLACE, b"plain")).unwrap().to_owned()
}

#[test]
fn each_step_of_a_rotation_reaches_a_process_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    let (ring, file) = (looking(folder.path()), RingFile::in_folder(folder.path()));
    let clone = ring.clone();
    let old = ring.seal(&PLACE, b"old");

    file.add(None, Random::system()).unwrap();
    assert_eq!(
        (sealed_by(&ring), ring.derive("credentials").len()),
        ("k1".to_owned(), 2)
    );
    file.promote().unwrap();
    assert_eq!(
        (sealed_by(&ring), sealed_by(&clone)),
        ("k2".to_owned(), "k2".to_owned())
    );
    let anew = ring.reseal(&PLACE, &old).unwrap().unwrap();
    file.retire("k1").unwrap();
    assert_eq!(ring.derive("credentials").len(), 1);
    assert_eq!(ring.open_sealed(&PLACE, &old).unwrap(), b"old");
    file.remove("k1").unwrap();

    assert!(ring.open_sealed(&PLACE, &old).is_err());
    assert_eq!(ring.open_sealed(&PLACE, &anew).unwrap(), b"old");
}

#[test]
fn a_ring_that_lost_what_is_needed_or_cannot_be_read_is_not_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let ring = looking(folder.path());
    let file = folder.path().join("keys.toml");
    let good = fs::read_to_string(&file).unwrap();
    let old = ring.seal(&PLACE, b"old");
    let key = "A".repeat(43);
    let with_another = format!("active = \"k2\"\n[keys]\nk2 = \"{key}\"");

    for bad in [
        "",
        &good[..good.len() / 2],
        &with_another,
        &format!("active = \"k1\"\n[keys]\nk1 = \"{key}\""),
    ] {
        fs::write(&file, bad).unwrap();
        assert_eq!(sealed_by(&ring), "k1", "{bad}");
        assert_eq!(ring.open_sealed(&PLACE, &old).unwrap(), b"old", "{bad}");
    }
    fs::remove_file(&file).unwrap();
    assert_eq!(sealed_by(&ring), "k1");
    let next = good.replace("[keys]", &format!("[keys]\nk2 = \"{key}\""));
    fs::write(&file, next.replace("active = \"k1\"", "active = \"k2\"")).unwrap();
    allow(&file, 0o644);
    assert_eq!(sealed_by(&ring), "k1", "others may read it");
    allow(&file, 0o600);

    assert_eq!(sealed_by(&ring), "k2");
    assert_eq!(ring.open_sealed(&PLACE, &old).unwrap(), b"old");
}

fn allow(file: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_file_is_not_looked_at_before_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let ring = KeyRing::open(&KeySettings::default(), folder.path(), Random::system()).unwrap();
    let file = RingFile::in_folder(folder.path());
    file.add(None, Random::system()).unwrap();
    file.promote().unwrap();

    assert_eq!(sealed_by(&ring), "k1");
    assert_eq!(sealed_by(&looking(folder.path())), "k2");
}

#[test]
fn a_file_that_the_settings_name_is_looked_at_too_and_excludes_a_ring_as_text() {
    let folder = tempfile::tempdir().unwrap();
    let file = RingFile::at(folder.path().join("mounted"));
    file.make(Random::system()).unwrap();
    let text = format!(
        "keys = {{ ring-file = {:?}, reload = \"0s\" }}",
        file.path().display().to_string()
    );
    let settings: KeySettings = Config::parse(&text).unwrap().section("keys").unwrap();
    let elsewhere = folder.path().join("data");
    let ring = KeyRing::open(&settings, &elsewhere, Random::system()).unwrap();

    file.add(None, Random::system()).unwrap();
    file.promote().unwrap();

    assert!(settings.is_given() && !KeySettings::default().is_given());
    assert_eq!(sealed_by(&ring), "k2");
    assert!(!elsewhere.exists());
    let both = KeySettings {
        ring: Secret::new(fs::read_to_string(file.path()).unwrap()),
        ..settings
    };
    let refused = KeyRing::open(&both, &elsewhere, Random::system())
        .unwrap_err()
        .to_string();
    assert!(refused.contains("keys.ring-file"), "{refused}");
}
