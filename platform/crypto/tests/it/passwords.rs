//! Passwords.

use std::time::{Duration, Instant};

use platform_config::{ByteSize, Secret};
use platform_crypto::{CryptoError, PasswordSettings, Passwords, Random, Verdict};

fn cheap() -> PasswordSettings {
    PasswordSettings {
        memory: ByteSize(64 << 10),
        iterations: 1,
        ..PasswordSettings::default()
    }
}

fn passwords(settings: &PasswordSettings) -> Passwords {
    Passwords::new(settings, Random::system()).unwrap()
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

#[tokio::test]
async fn the_right_password_is_told_from_all_others() {
    let passwords = passwords(&cheap());
    let stored = passwords.hash(secret("correct horse")).await.unwrap();

    let right = passwords.verify(secret("correct horse"), Some(stored.clone())).await;
    let wrong = passwords.verify(secret("correct horsf"), Some(stored.clone())).await;
    let nobody = passwords.verify(secret("correct horse"), None).await;

    assert_eq!(right.unwrap(), Verdict::Right);
    assert_eq!(wrong.unwrap(), Verdict::Wrong);
    assert_eq!(nobody.unwrap(), Verdict::Wrong);
    assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{stored}");
    assert_ne!(stored, passwords.hash(secret("correct horse")).await.unwrap());
}

#[tokio::test]
async fn the_usual_cost_is_what_owasp_asks_for() {
    let stored = passwords(&PasswordSettings::default()).hash(secret("x")).await.unwrap();

    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
}

#[tokio::test]
async fn a_hash_of_other_parameters_is_right_but_old() {
    let before = passwords(&cheap());
    let stored = before.hash(secret("correct horse")).await.unwrap();
    let after = passwords(&PasswordSettings {
        iterations: 2,
        ..cheap()
    });

    let verdict = after.verify(secret("correct horse"), Some(stored.clone())).await;
    let wrong = after.verify(secret("other"), Some(stored)).await;

    assert_eq!(verdict.unwrap(), Verdict::RightButOld);
    assert_eq!(wrong.unwrap(), Verdict::Wrong);
}

#[tokio::test]
async fn passwords_of_no_length_or_too_great_a_length_are_refused() {
    let passwords = passwords(&cheap());

    for text in [String::new(), "x".repeat(1025)] {
        let refused = passwords.hash(secret(&text)).await;
        assert!(matches!(refused, Err(CryptoError::PasswordLength(1024))));
        let refused = passwords.verify(secret(&text), None).await;
        assert!(matches!(refused, Err(CryptoError::PasswordLength(1024))));
    }
    assert!(passwords.hash(secret(&"x".repeat(1024))).await.is_ok());
}

#[tokio::test]
async fn a_damaged_hash_is_a_fault_and_no_verdict() {
    let verdict = passwords(&cheap()).verify(secret("x"), Some("nonsense".into())).await;

    assert!(matches!(verdict, Err(CryptoError::PasswordHash)));
}

#[tokio::test]
async fn an_account_that_does_not_exist_costs_as_much_as_one_that_does() {
    let settings = PasswordSettings {
        memory: ByteSize(8 << 20),
        ..PasswordSettings::default()
    };
    let passwords = passwords(&settings);
    let stored = passwords.hash(secret("correct horse")).await.unwrap();

    // Other work of the machine only adds, so the shortest of several is the cost.
    let (mut known, mut unknown) = (Duration::MAX, Duration::MAX);
    for _ in 0..7 {
        let started = Instant::now();
        passwords.verify(secret("wrong"), Some(stored.clone())).await.unwrap();
        known = known.min(started.elapsed());
        let started = Instant::now();
        passwords.verify(secret("wrong"), None).await.unwrap();
        unknown = unknown.min(started.elapsed());
    }

    assert!(unknown > known / 2 && known > unknown / 2, "{known:?} and {unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_sign_ins_than_can_wait_are_refused_and_the_others_succeed() {
    let passwords = passwords(&PasswordSettings {
        concurrency: 1,
        waiting: 3,
        ..PasswordSettings::default()
    });

    let all = (0..20).map(|_| passwords.hash(secret("correct horse")));
    let done = futures::future::join_all(all).await;

    assert_eq!(done.iter().filter(|hash| hash.is_ok()).count(), 4);
    assert!(done.iter().all(|hash| matches!(hash, Ok(_) | Err(CryptoError::Busy))));
    assert!(passwords.hash(secret("correct horse")).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn hashes_that_take_over_memory_from_one_another_stay_apart() {
    let other = |iterations, kibibytes: u64| PasswordSettings {
        memory: ByteSize(kibibytes << 10),
        iterations,
        ..PasswordSettings::default()
    };
    let (before, now) = (passwords(&other(3, 100)), passwords(&other(2, 64)));
    let mut stored = Vec::new();
    for number in 0..60 {
        let by = if number % 3 == 0 { &before } else { &now };
        stored.push(by.hash(secret(&format!("password {number}"))).await.unwrap());
    }

    let all = stored.iter().enumerate().map(|(number, hash)| {
        let given = number - number % 2;
        now.verify(secret(&format!("password {given}")), Some(hash.clone()))
    });
    let verdicts = futures::future::join_all(all).await;

    for (number, verdict) in verdicts.into_iter().enumerate() {
        let expected = match (number % 2, number % 3) {
            (1, _) => Verdict::Wrong,
            (_, 0) => Verdict::RightButOld,
            _ => Verdict::Right,
        };
        assert_eq!(verdict.unwrap(), expected, "{number}");
    }
}
