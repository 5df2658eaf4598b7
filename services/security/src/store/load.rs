//! Reading what a subject holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use platform_database::orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::Store;
use crate::{
    catalog::{Role, RoleKey},
    error::Error,
    grant,
    place::Place,
    role,
    standing::{Held, Standing},
    subject::Subject,
};

impl Store {
    /// What a subject holds: the grants in the database, all of them, or some could push others out, and what the
    /// settings give. In a transaction that holds the end of the audit log nobody changes it meanwhile.
    pub(super) async fn load(&self, db: &impl ConnectionTrait, subject: &Subject) -> Result<Standing, Error> {
        let now = self.0.clock.now();
        let rows = grant::Entity::find()
            .filter(grant::Column::Subject.eq(subject.to_string()))
            .order_by_asc(grant::Column::Id)
            .all(db)
            .await?;
        let alive = |row: &grant::Model| row.expires_at.is_none_or(|end| now < end);
        let rows: Vec<_> = rows.into_iter().filter(alive).collect();
        let roles = self.roles_of(db, rows.iter().map(|row| row.role.as_str())).await?;
        let granted = rows.iter().filter_map(|row| {
            let role = roles.get(row.role.as_str())?.clone();
            let held = Held {
                grant: Some(row.id),
                role,
                expires_at: row.expires_at,
            };
            Some((row.at(), held))
        });
        let given = self.given(subject).into_iter().filter_map(|key| {
            let role = self.engine().catalog().role(&key)?.clone();
            Some((Place::Everywhere, Held::for_good(role)))
        });
        let of_member = rows.iter().filter(|row| row.is_of_member()).map(|row| row.id);
        let standing = Standing::new(subject.clone(), granted.chain(given));
        Ok(standing.with_members(of_member.collect()))
    }

    /// The roles of who is this in a workspace.
    pub(super) fn roles_of_part(&self, part: &str) -> Result<Vec<Arc<Role>>, Error> {
        let keys = self.settings().members.get(part);
        let keys = keys.ok_or_else(|| Error::field("part", "is none that the settings know"))?;
        let catalog = self.engine().catalog();
        Ok(keys.iter().filter_map(|key| catalog.role(key).cloned()).collect())
    }

    /// The roles that the settings give to a subject, everywhere.
    fn given(&self, subject: &Subject) -> Vec<RoleKey> {
        let settings = self.settings();
        let mut keys = match subject {
            Subject::User(_) => Vec::new(),
            Subject::Service(name) => settings.services.get(name).cloned().unwrap_or_default(),
            Subject::Nobody => settings.nobody.clone(),
        };
        if settings.administrators.contains(subject) {
            keys.push(RoleKey::built_in("platform", "super_admin"));
        }
        keys
    }

    /// The roles of these keys that there are.
    pub(super) async fn roles_of<'a>(
        &self,
        db: &impl ConnectionTrait,
        keys: impl Iterator<Item = &'a str>,
    ) -> Result<BTreeMap<&'a str, Arc<Role>>, Error> {
        let catalog = self.engine().catalog();
        let (mut roles, mut made) = (BTreeMap::new(), BTreeMap::<Uuid, &str>::new());
        for text in keys.collect::<BTreeSet<_>>() {
            let Ok(key) = text.parse::<RoleKey>() else { continue };
            match key.custom_id() {
                Some(id) => drop(made.insert(id, text)),
                None => roles.extend(catalog.role(&key).map(|role| (text, role.clone()))),
            }
        }
        if !made.is_empty() {
            let rows = role::Entity::find().filter(role::Column::Id.is_in(made.keys().copied()));
            for row in rows.all(db).await? {
                if let Some(text) = made.get(&row.id) {
                    roles.insert(*text, Arc::new(row.role(catalog)));
                }
            }
        }
        Ok(roles)
    }
}
