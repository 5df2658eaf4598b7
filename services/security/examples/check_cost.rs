//! What a check costs in process: `cargo run --release -p security --example check_cost`.

use std::{
    hint::black_box,
    io::Write,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use security::{
    catalog::{Catalog, Role, RoleKey},
    engine::{Engine, Question},
    place::{Place, Target},
    policies::Policies,
    standing::{Held, Standing},
    subject::Subject,
};
use uuid::Uuid;

const ROUNDS: usize = 20_000;
const ME: Uuid = Uuid::from_u128(0xada);

/// Somebody with a role in each of so many workspaces, of so many different roles.
fn standing(catalog: &Catalog, workspaces: u128, roles: u128) -> Standing {
    let manager = catalog
        .role(&RoleKey::built_in("contracting", "manager"))
        .expect("it is shipped");
    let role = |number: u128| Role {
        key: RoleKey::custom(Uuid::from_u128(number % roles)),
        ..Role::clone(manager)
    };
    let held = (0..workspaces).map(|number| {
        let held = Held {
            grant: None,
            role: role(number).into(),
            expires_at: None,
        };
        (Place::Workspace(Uuid::from_u128(number)), held)
    });
    Standing::new(Subject::User(ME), held)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let started = Instant::now();
    let catalog = Catalog::shipped()?;
    let policies = Policies::with(&catalog, &[])?;
    let engine = Engine::new(catalog, policies)?;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "seeds, policies and schema read and validated in {:.1?}",
        started.elapsed()
    )?;
    writeln!(
        out,
        "{:<56} {:>10} {:>10} {:>10}",
        "question", "median", "p99", "allowed"
    )?;
    let now = DateTime::<Utc>::from_timestamp(1_768_478_400, 0).ok_or("that moment exists")?;
    let cases = [(1, 1), (10, 10), (1_000, 1), (1_000, 1_000)];
    for (workspaces, roles) in cases {
        let standing = standing(engine.catalog(), workspaces, roles);
        for (what, workspace) in [("allowed", 0), ("denied", u128::MAX)] {
            let target = Target::resource("estimate", "7")?.within(Some(Uuid::from_u128(workspace)))?;
            let question = Question {
                standing: &standing,
                scopes: None,
                permission: "view:estimates",
                target: &target,
            };
            let (median, p99) = measured(|| engine.check(black_box(question), now).is_allowed());
            let name = format!("{what}, {workspaces} grants of {roles} roles");
            let allowed = engine.check(question, now).is_allowed();
            writeln!(out, "{name:<56} {median:>10.1?} {p99:>10.1?} {allowed:>10}")?;
        }
        let question = Question {
            standing: &standing,
            scopes: None,
            permission: "view:estimates",
            target: &Target::resource("estimate", "")?,
        };
        let (median, p99) = measured(|| {
            engine
                .filter(black_box(question), now)
                .is_ok_and(|filter| filter.clauses.len() == 1)
        });
        writeln!(
            out,
            "{:<56} {median:>10.1?} {p99:>10.1?}",
            format!("list, {workspaces} grants of {roles} roles")
        )?;
    }
    Ok(())
}

fn measured(mut ask: impl FnMut() -> bool) -> (Duration, Duration) {
    let mut times: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            black_box(ask());
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    (times[ROUNDS / 2], times[ROUNDS * 99 / 100])
}
