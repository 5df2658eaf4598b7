//! Lists: which rows somebody may see, as conditions on a row's workspace, owner and id.
//!
//! A decision about a row depends on its workspace only by what the subject holds there, on its owner only by whether
//! that is the subject, and on its id only by what was granted on it. So rows fall into a few classes; one row of each
//! class is put to the policies, and the classes that are allowed are written down as clauses. A filter is therefore
//! what the policies say, whatever they say: those that would tell rows apart by their names are refused.

mod sql;
mod which;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    engine::{Engine, Question},
    error::Error,
    place::{Place, Target},
    standing::{Held, Standing},
};

pub use sql::{Columns, Ids};
pub use which::Which;

/// The rows that somebody may see: those for which a clause holds. Without clauses there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// Any of them is enough.
    pub clauses: Vec<Clause>,
}

/// Conditions that hold together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clause {
    /// The row's workspace; none for a row outside of workspaces.
    pub workspaces: Which<Option<Uuid>>,
    /// The row's owner.
    pub owners: Owners,
    /// The row's id.
    pub resources: Which<String>,
}

/// Rows by their owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Owners {
    /// Whose list it is; nothing for who owns nothing.
    pub me: Option<Uuid>,
    /// Rows that I own.
    pub mine: bool,
    /// Rows that somebody else owns.
    pub others: bool,
    /// Rows that nobody owns.
    pub unowned: bool,
}

/// Rows that are all decided alike, and one of them.
struct Class<T> {
    members: Members<T>,
    example: T,
}

enum Members<T> {
    These(BTreeSet<T>),
    AllOthers,
}

impl Filter {
    /// Whether a row is among them.
    pub fn matches(&self, row: &Target) -> bool {
        let fits = |clause: &Clause| {
            clause.workspaces.has(&row.workspace_id())
                && clause.owners.has(row.owner())
                && clause.resources.has(&row.id().to_owned())
        };
        self.clauses.iter().any(fits)
    }
}

impl Owners {
    fn has(&self, owner: Option<Uuid>) -> bool {
        match owner {
            None => self.unowned,
            Some(_) if owner == self.me => self.mine,
            Some(_) => self.others,
        }
    }

    fn is_nobody(&self) -> bool {
        !(self.mine || self.others || self.unowned)
    }

    fn is_everybody(&self) -> bool {
        (self.mine || self.me.is_none()) && self.others && self.unowned
    }
}

impl Engine {
    /// The rows of a kind for which the question's permission is allowed now. The target says the kind alone.
    pub fn filter(&self, question: Question<'_>, now: DateTime<Utc>) -> Result<Filter, Error> {
        let kind = question.target.kind();
        if kind.is_empty() {
            return Err(Error::field("resource kind", "is needed: say what is to be listed"));
        }
        let Some(id) = self.catalog().find(question.permission) else {
            return Ok(Filter::default());
        };
        let permission = self.catalog().permission(id);
        let allows = |held: &Held| held.is_alive(now) && permission.is_in(&held.role.holds);
        // What is held at a place counts by the permissions that allow the one asked for, and by nothing else.
        let sign = |held: &[Held]| {
            let held: Vec<_> = held.iter().filter(|held| allows(held)).collect();
            let has = |ids: &crate::catalog::Permissions| {
                let of = |held: &&Held| ids.iter().any(|id| held.role.holds.contains(id));
                held.iter().any(of)
            };
            (has(&permission.any), has(&permission.own))
        };
        let mut workspaces = BTreeMap::<_, BTreeSet<Option<Uuid>>>::new();
        let mut resources = BTreeMap::<_, BTreeSet<String>>::new();
        for (place, held) in question.standing.places().filter(|(_, held)| held.iter().any(allows)) {
            match place {
                Place::Everywhere => {}
                Place::Workspace(id) => {
                    workspaces.entry(sign(held)).or_default().insert(Some(*id));
                }
                Place::Resource { kind: of, id } if of == kind => {
                    resources.entry(sign(held)).or_default().insert(id.clone());
                }
                Place::Resource { .. } => {}
            }
        }
        let held: BTreeSet<_> = workspaces.values().flatten().flatten().copied().collect();
        let mut workspaces = classes(workspaces, Some(unlike(&held)));
        let outside = BTreeSet::from([None]);
        workspaces.push(Class {
            members: Members::These(outside),
            example: None,
        });
        // No role is granted on the empty id.
        let resources = classes(resources, String::new());
        self.cells((question, now), &workspaces, &resources)
    }

    /// Puts one row of each class to the policies, and gathers the classes that are allowed alike.
    fn cells(
        &self,
        (question, now): (Question<'_>, DateTime<Utc>),
        workspaces: &[Class<Option<Uuid>>],
        resources: &[Class<String>],
    ) -> Result<Filter, Error> {
        let mut alike = BTreeMap::<Vec<Owners>, Vec<&Class<Option<Uuid>>>>::new();
        for workspace in workspaces {
            let mut grid = Vec::with_capacity(resources.len());
            for resource in resources {
                grid.push(self.owners((question, now), (workspace.example, &resource.example))?);
            }
            alike.entry(grid).or_default().push(workspace);
        }
        let mut clauses = Vec::new();
        for (grid, members) in alike {
            let mut columns = BTreeMap::<Owners, Vec<&Class<String>>>::new();
            for (owners, resource) in grid.into_iter().zip(resources) {
                columns.entry(owners).or_default().push(resource);
            }
            for (owners, columns) in columns.into_iter().filter(|(owners, _)| !owners.is_nobody()) {
                clauses.push(Clause {
                    workspaces: together(&members, workspaces),
                    owners,
                    resources: together(&columns, resources),
                });
            }
        }
        Ok(Filter { clauses })
    }

    fn owners(
        &self,
        (question, now): (Question<'_>, DateTime<Utc>),
        (workspace, id): (Option<Uuid>, &str),
    ) -> Result<Owners, Error> {
        let me = question.standing.subject().user();
        let kind = question.target.kind();
        let row = match (kind, workspace) {
            ("workspace", Some(workspace)) => Target::workspace(workspace),
            _ => Target::resource(kind, id)?.within(workspace)?,
        };
        let allowed = |owner: Option<Uuid>| {
            let target = row.clone().owned_by(owner);
            let question = Question {
                target: &target,
                ..question
            };
            self.check(question, now).is_allowed()
        };
        let somebody = unlike(&me.into_iter().collect());
        Ok(Owners {
            me,
            mine: me.is_some() && allowed(me),
            others: allowed(Some(somebody)),
            unowned: allowed(None),
        })
    }
}

fn classes<S, T: Ord + Clone>(signed: BTreeMap<S, BTreeSet<T>>, other: T) -> Vec<Class<T>> {
    let mut classes: Vec<_> = signed
        .into_values()
        .map(|members| Class {
            example: members
                .iter()
                .next()
                .expect("a class was made for its first member")
                .clone(),
            members: Members::These(members),
        })
        .collect();
    classes.push(Class {
        members: Members::AllOthers,
        example: other,
    });
    classes
}

/// The union of some of all classes.
fn together<T: Ord + Clone>(some: &[&Class<T>], all: &[Class<T>]) -> Which<T> {
    let is_among = |class: &Class<T>| some.iter().any(|one| std::ptr::eq(*one, class));
    let is_open = some.iter().any(|class| matches!(class.members, Members::AllOthers));
    let listed = all.iter().filter(|class| is_among(class) != is_open);
    let members = listed.filter_map(|class| match &class.members {
        Members::These(members) => Some(members),
        Members::AllOthers => None,
    });
    let members: BTreeSet<T> = members.flatten().cloned().collect();
    match (is_open, members.is_empty()) {
        (true, true) => Which::Any,
        (true, false) => Which::Except(members),
        (false, _) => Which::Only(members),
    }
}

/// An id that is none of these.
fn unlike(ids: &BTreeSet<Uuid>) -> Uuid {
    let candidates = (0..=ids.len() as u128).map(Uuid::from_u128);
    candidates.into_iter().find(|id| !ids.contains(id)).unwrap_or_default()
}

impl Standing {
    /// How many places there are where something is held: a filter lists so many ids at most.
    pub fn size(&self) -> usize {
        self.places().count()
    }
}
