//! Settings of the service.

use std::collections::BTreeMap;

use platform_config::Duration;
use serde::{Deserialize, Serialize};

use crate::{catalog::RoleKey, subject::Subject};

/// Section `[security]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Settings {
    /// Who may do everything everywhere, whatever the database says: `user:ID`.
    pub administrators: Vec<Subject>,
    /// The roles that somebody gets who registers.
    pub registered: Vec<RoleKey>,
    /// The roles of who did not sign in.
    pub nobody: Vec<RoleKey>,
    /// The roles of our own services, by their names.
    pub services: BTreeMap<String, Vec<RoleKey>>,
    /// The roles that the members of a workspace get there, by what they are in it.
    pub members: BTreeMap<String, Vec<RoleKey>>,
    /// A folder with more policies, `*.cedar`, which can only forbid. Empty for none.
    pub policies: String,
    /// The longest time for which a change in another process may stay unseen.
    pub staleness: Duration,
    /// How often changes of other processes are looked for.
    pub refresh: Duration,
    /// The most questions of one batch.
    pub batch: usize,
    /// The most grants of one subject that are kept in memory, and that its lists go by.
    pub grants_in_memory: usize,
    /// The most grants that one giver makes to the same subject.
    pub grants_per_subject: u64,
    /// The most roles that one workspace makes.
    pub roles_per_workspace: u64,
    /// How many subjects' roles are kept in memory.
    pub cached_subjects: u64,
    /// How many verdicts are kept in memory.
    pub cached_verdicts: u64,
    /// For how long a grant that has ended stays in the list of grants.
    pub keep_ended: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        let roles = |keys: &[(&str, &str)]| {
            keys.iter()
                .map(|(system, name)| RoleKey::built_in(system, name))
                .collect()
        };
        Self {
            administrators: Vec::new(),
            registered: roles(&[("economic", "viewer"), ("markets", "member"), ("contracting", "user")]),
            nobody: roles(&[("economic", "guest")]),
            services: BTreeMap::from([("users".to_owned(), roles(&[("platform", "workspace_owner")]))]),
            members: ["owner", "admin", "member", "viewer"].map(member).into(),
            policies: String::new(),
            staleness: Duration::from_secs(5),
            refresh: Duration::from_millis(250),
            batch: 100,
            grants_in_memory: 1_000,
            grants_per_subject: 1_000,
            roles_per_workspace: 100,
            cached_subjects: 50_000,
            cached_verdicts: 200_000,
            keep_ended: Duration::from_secs(30 * 24 * 3600),
        }
    }
}

impl Settings {
    /// The same with the usual roles of what a member may be and the settings do not name: each of them stands alone.
    pub(crate) fn complete(mut self) -> Self {
        for (part, roles) in Self::default().members {
            self.members.entry(part).or_insert(roles);
        }
        self
    }
}

/// A member's roles in what all workspaces are and in workspace analytics.
fn member(part: &str) -> (String, Vec<RoleKey>) {
    let platform = RoleKey::built_in("platform", &format!("workspace_{part}"));
    (part.to_owned(), vec![platform, RoleKey::built_in("analytics", part)])
}
