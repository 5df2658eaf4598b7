//! What one subject holds, and where.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    catalog::{Permission, Role},
    place::Place,
    subject::Subject,
};

/// A role that somebody holds.
#[derive(Clone, Debug)]
pub struct Held {
    /// The grant that gave it, or nothing when the settings do.
    pub grant: Option<Uuid>,
    /// The role.
    pub role: Arc<Role>,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
}

/// All roles of a subject by place.
#[derive(Clone, Debug)]
pub struct Standing {
    subject: Subject,
    places: HashMap<String, (Place, Vec<Held>)>,
    /// The grants that follow from what the subject is in workspaces.
    of_member: HashSet<Uuid>,
}

impl Standing {
    /// What a subject holds.
    pub fn new(subject: Subject, held: impl IntoIterator<Item = (Place, Held)>) -> Self {
        let mut places: HashMap<String, (Place, Vec<Held>)> = HashMap::new();
        for (place, held) in held {
            let (_, here) = places.entry(place.to_string()).or_insert_with(|| (place, Vec::new()));
            here.push(held);
        }
        Self {
            subject,
            places,
            of_member: HashSet::new(),
        }
    }

    /// The same where these grants follow from what the subject is in workspaces.
    pub fn with_members(self, of_member: HashSet<Uuid>) -> Self {
        Self { of_member, ..self }
    }

    /// The same for somebody who is in a workspace what has these roles, or who is not in it. Whoever says so knows it
    /// first: what was heard of it gives way. Where it was heard that somebody is in a workspace who is not, they have
    /// left, and hold nothing there, whoever gave it.
    pub fn as_part(&self, workspace: Uuid, roles: Option<Vec<Arc<Role>>>) -> Self {
        let mut told = self.clone();
        let place = Place::Workspace(workspace);
        let of_member = |held: &Held| held.grant.is_some_and(|grant| self.of_member.contains(&grant));
        let (_, here) = told
            .places
            .entry(place.to_string())
            .or_insert_with(|| (place, Vec::new()));
        match roles {
            None if here.iter().any(of_member) => here.clear(),
            None => {}
            Some(roles) => {
                here.retain(|held| !of_member(held));
                here.extend(roles.into_iter().map(Held::for_good));
            }
        }
        told
    }

    /// The same as far as it is held in a workspace as a whole.
    pub fn only_in(&self, workspace: Uuid) -> Self {
        let here = Place::Workspace(workspace);
        let mut told = self.clone();
        told.places.retain(|_, (place, _)| *place == here);
        told
    }

    /// Whose it is.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The roles held at a place now that allow `permission`.
    pub(crate) fn at<'a>(
        &'a self,
        place: &str,
        (permission, now): (&'a Permission, DateTime<Utc>),
    ) -> impl Iterator<Item = &'a Held> + use<'a> {
        let held = self.places.get(place).map(|(_, held)| held.as_slice());
        let held = held.unwrap_or_default().iter();
        held.filter(move |held| held.is_alive(now) && permission.is_in(&held.role.holds))
    }

    /// The places where a role is held, and which.
    pub fn places(&self) -> impl Iterator<Item = (&Place, &[Held])> {
        self.places.values().map(|(place, held)| (place, held.as_slice()))
    }

    /// The first moment at which something of it ends.
    pub(crate) fn ends(&self) -> Option<DateTime<Utc>> {
        let held = self.places.values().flat_map(|(_, held)| held);
        held.filter_map(|held| held.expires_at).min()
    }
}

impl Held {
    /// A role that no grant gives.
    pub(crate) fn for_good(role: Arc<Role>) -> Self {
        Self {
            grant: None,
            role,
            expires_at: None,
        }
    }

    pub(crate) fn is_alive(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}
