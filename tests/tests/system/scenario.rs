//! What people do, as one script that runs twice: on the system in one process, and on each service in a process of its
//! own. Both must answer alike, step by step.

mod account;
mod administered;
mod leaving;
mod own;
mod people;
mod permitted;
mod plain;
mod script;
pub(crate) mod system;
mod together;

use script::{Script, Step};
use system::System;

/// The whole script, and what each step was answered.
async fn follow(system: &System) -> Vec<Step> {
    let mut script = Script::new(system);
    let mut people = people::arrive(&mut script).await;
    own::keep(&mut script, &people).await;
    let shared = together::work(&mut script, &people).await;
    account::look_after(&mut script, &mut people).await;
    leaving::take_along(&mut script, &people).await;
    leaving::leave(&mut script, &people, &shared).await;
    leaving::look_back(&mut script, &people).await;
    keeps_silent(&script);
    script.steps()
}

/// No log of any process has a password, a token, a code, a key or an address.
fn keeps_silent(script: &Script<'_>) {
    let logs = script.system.logs();
    assert!(
        logs.contains("an account was used or changed"),
        "nothing was logged: {logs}"
    );
    assert!(script.secrets.len() > 30, "secrets were collected on the way");
    for secret in &script.secrets {
        let line = logs.lines().find(|line| line.contains(secret.as_str()));
        assert_eq!(line, None, "{}: {secret}", script.system.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_and_a_process_for_each_service_answer_alike() {
    let (embedded, split) = tokio::join!(System::embedded(), System::split());
    let Some(split) = split else { return };

    let (alone, apart) = tokio::join!(follow(&embedded), follow(&split));

    for (alone, apart) in alone.iter().zip(&apart) {
        assert_eq!(alone, apart);
    }
    assert_eq!(alone.len(), apart.len());
}
