//! The graph that the policies see: only what the question touches, whatever else the subject holds.

use std::collections::{BTreeMap, HashMap, HashSet};

use cedar_policy::{Entities, Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression};
use chrono::{DateTime, Utc};

use super::Asked;
use crate::{
    catalog::{Permission, Role},
    error::Error,
    place::{EVERYWHERE, Place, Target},
    policies::Names,
    standing::Standing,
    subject::Subject,
};

/// The roles that allow the permission at the places that the target is in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seats<'a> {
    pub(crate) everywhere: Vec<&'a Role>,
    pub(crate) workspace: Vec<&'a Role>,
    pub(crate) resource: Vec<&'a Role>,
}

/// The entities and who and what of them the question is about.
pub(super) struct Graph {
    pub(super) principal: EntityUid,
    pub(super) resource: EntityUid,
    pub(super) entities: Entities,
}

impl<'a> Seats<'a> {
    pub(super) fn of(
        standing: &'a Standing,
        target: &Target,
        (permission, now): (&'a Permission, DateTime<Utc>),
    ) -> Self {
        let at = |place: &str| -> Vec<&'a Role> {
            let held = standing.at(place, (permission, now));
            held.map(|held| &*held.role).collect()
        };
        Self {
            everywhere: at(EVERYWHERE),
            workspace: target
                .workspace_id()
                .map_or_else(Vec::new, |id| at(&Place::Workspace(id).to_string())),
            resource: match target.kind() {
                "" => Vec::new(),
                _ => at(&target.place()),
            },
        }
    }
}

fn uid(of: &EntityTypeName, id: impl AsRef<str>) -> EntityUid {
    EntityUid::from_type_name_and_id(of.clone(), EntityId::new(id))
}

fn wrong(error: impl std::fmt::Display) -> Error {
    Error::Policy(error.to_string())
}

pub(super) fn graph(names: &Names, asked: Asked<'_>, seats: &Seats<'_>) -> Result<Graph, Error> {
    let mut found = Vec::with_capacity(6);
    let mut seen = HashSet::new();
    let mut roles = |held: &[&Role], found: &mut Vec<Entity>| -> HashSet<EntityUid> {
        let mut parents = HashSet::with_capacity(held.len());
        for role in held {
            let role_uid = uid(&names.role, role.key.as_str());
            if seen.insert(role.key.clone()) {
                found.push(Entity::new_no_attrs(role_uid.clone(), permissions(names, asked, role)));
            }
            parents.insert(role_uid);
        }
        parents
    };
    let everywhere = roles(&seats.everywhere, &mut found);
    // A workspace that is asked about is its own place and its workspace's: one seat, with what is held at either.
    let mut places: BTreeMap<String, Vec<&Role>> = BTreeMap::new();
    for (place, held) in [
        (asked.target.workspace_place(), &seats.workspace),
        (Some(asked.target.place()), &seats.resource),
    ] {
        if let Some(place) = place.filter(|_| !held.is_empty()) {
            places.entry(place).or_default().extend(held);
        }
    }
    let mut tags = Vec::with_capacity(places.len());
    for (place, held) in places {
        let seat = uid(&names.seat, &place);
        let parents = roles(&held, &mut found);
        found.push(Entity::new_no_attrs(seat.clone(), parents));
        tags.push((place, RestrictedExpression::new_entity_uid(seat)));
    }
    let principal = match asked.subject {
        Subject::User(id) => uid(&names.user, id.to_string()),
        Subject::Service(name) => uid(&names.service, name),
        Subject::Nobody => uid(&names.nobody, "nobody"),
    };
    found.push(Entity::new_with_tags(principal.clone(), [], everywhere, tags).map_err(wrong)?);
    // Without its action among the entities the policies would not know which actions that is in.
    let (id, _) = asked.permission;
    found.push(Entity::new_no_attrs(names.action(id).clone(), names.groups(id).clone()));
    let resource = resource(names, asked.target)?;
    let resource_uid = resource.uid();
    found.push(resource);
    Ok(Graph {
        principal,
        resource: resource_uid,
        entities: Entities::from_entities(found, None).map_err(wrong)?,
    })
}

/// The permissions of a role that the question is about; what else it holds changes nothing.
fn permissions(names: &Names, asked: Asked<'_>, role: &Role) -> HashSet<EntityUid> {
    let (_, permission) = asked.permission;
    let counting = permission.any.iter().chain(&permission.own);
    let held = counting.filter(|id| role.holds.contains(id));
    held.map(|id| names.permission(*id).clone()).collect()
}

fn resource(names: &Names, target: &Target) -> Result<Entity, Error> {
    let place = target.place();
    let resource = uid(&names.resource, &place);
    let text = RestrictedExpression::new_string;
    let mut attributes = HashMap::from([
        ("kind".to_owned(), text(target.kind().to_owned())),
        ("place".to_owned(), text(place)),
    ]);
    if let Some(workspace) = target.workspace_place() {
        attributes.insert("workspace".to_owned(), text(workspace));
    }
    if let Some(owner) = target.owner() {
        let owner = uid(&names.user, owner.to_string());
        attributes.insert("owner".to_owned(), RestrictedExpression::new_entity_uid(owner));
    }
    Entity::new(resource, attributes, HashSet::new()).map_err(wrong)
}
