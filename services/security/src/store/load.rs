//! Reading what a subject holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use platform_database::orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use super::Store;
use crate::{
    catalog::{Role, RoleKey},
    error::Error,
    grant,
    place::{EVERYWHERE, Place, Target},
    role,
    standing::{Held, Standing},
    subject::Subject,
};

impl Store {
    /// What a subject holds, as far as that is kept in memory, and whether it is all. Strangers who own workspaces can
    /// give somebody roles without end: those come after what they cannot add to.
    pub(super) async fn load(&self, db: &impl ConnectionTrait, subject: &Subject) -> Result<(Standing, bool), Error> {
        let most = self.settings().grants_in_memory;
        let rows = self.alive(subject).order_by_desc(grant::is_of_few());
        let rows = rows.order_by_asc(grant::Column::Id).limit(most as u64 + 1);
        let mut rows = rows.all(db).await?;
        let is_all = rows.len() <= most;
        rows.truncate(most);
        Ok((self.standing(db, subject, rows).await?, is_all))
    }

    /// What a subject holds that can count for a target, however much else that is. There are no more grants at a place
    /// than there are roles. In a transaction that holds the end of the audit log nobody changes it meanwhile.
    pub(super) async fn load_at(
        &self,
        db: &impl ConnectionTrait,
        subject: &Subject,
        target: &Target,
    ) -> Result<Standing, Error> {
        let places = [
            Some(EVERYWHERE.to_owned()),
            target.workspace_place(),
            Some(target.place()),
        ];
        let here = grant::Column::Place.is_in(places.into_iter().flatten());
        let rows = self.alive(subject).filter(here).order_by_asc(grant::Column::Id);
        self.standing(db, subject, rows.all(db).await?).await
    }

    fn alive(&self, subject: &Subject) -> Select<grant::Entity> {
        let ends = grant::Column::ExpiresAt;
        let lasts = Condition::any().add(ends.is_null()).add(ends.gt(self.0.clock.now()));
        grant::Entity::find()
            .filter(grant::Column::Subject.eq(subject.to_string()))
            .filter(lasts)
    }

    /// What these grants and the settings give to a subject.
    async fn standing(
        &self,
        db: &impl ConnectionTrait,
        subject: &Subject,
        rows: Vec<grant::Model>,
    ) -> Result<Standing, Error> {
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
