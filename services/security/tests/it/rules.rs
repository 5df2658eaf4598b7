//! The core without a database: what is shipped, decisions, their reasons, and lists.

mod decisions;
pub(crate) mod lists;
mod policies;
mod scopes;
mod shipped;

use std::sync::{Arc, LazyLock};

pub(crate) use platform_testing::noon;
use security::{
    catalog::{Catalog, Role, RoleKey},
    engine::{Decision, Engine, Question},
    place::{Place, Target},
    policies::Policies,
    standing::{Held, Standing},
    subject::Subject,
};
use uuid::Uuid;

pub(crate) static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let catalog = Catalog::shipped().unwrap();
    let policies = Policies::with(&catalog, &[]).unwrap();
    Engine::new(catalog, policies).unwrap()
});

pub(crate) const ADA: Uuid = Uuid::from_u128(0xada);
pub(crate) const BOB: Uuid = Uuid::from_u128(0xb0b);
pub(crate) const HERE: Uuid = Uuid::from_u128(0x1);
pub(crate) const THERE: Uuid = Uuid::from_u128(0x2);

pub(crate) fn role(key: &str) -> Arc<Role> {
    let key: RoleKey = key.parse().unwrap();
    ENGINE
        .catalog()
        .role(&key)
        .unwrap_or_else(|| panic!("there is a role {key}"))
        .clone()
}

pub(crate) fn held(role: Arc<Role>) -> Held {
    Held {
        grant: None,
        role,
        expires_at: None,
    }
}

/// Ada with these roles at these places.
pub(crate) fn ada(roles: &[(Place, &str)]) -> Standing {
    let held = roles.iter().map(|(place, key)| (place.clone(), held(role(key))));
    Standing::new(Subject::User(ADA), held)
}

pub(crate) fn thing(kind: &str, id: &str) -> Target {
    Target::resource(kind, id).unwrap()
}

pub(crate) fn on(kind: &str, id: &str) -> Place {
    Place::resource(kind, id).unwrap()
}

pub(crate) fn within(workspace: Uuid, target: Target) -> Target {
    target.within(Some(workspace)).unwrap()
}

pub(crate) fn may(standing: &Standing, permission: &str, target: &Target) -> bool {
    let question = Question {
        standing,
        scopes: None,
        permission,
        target,
    };
    ENGINE.check(question, noon()).is_allowed()
}

pub(crate) fn why(standing: &Standing, permission: &str, target: &Target) -> Decision {
    let question = Question {
        standing,
        scopes: None,
        permission,
        target,
    };
    ENGINE.explain(question, noon())
}
