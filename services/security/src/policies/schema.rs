//! The schema, its actions made from the catalog, and the names of its entities.

use std::{collections::HashSet, fmt::Write};

use cedar_policy::{EntityId, EntityTypeName, EntityUid, Schema};

use super::ADMINISTRATION;
use crate::{
    catalog::{Catalog, Permission, PermissionId},
    error::Error,
};

const ENTITIES: &str = include_str!("../../policies/schema.cedarschema");

/// The schema with an action for each permission.
pub(super) fn of(catalog: &Catalog) -> Result<Schema, Error> {
    let (schema, warnings) = Schema::from_cedarschema_str(&text(catalog)).map_err(wrong)?;
    let warnings: Vec<_> = warnings.map(|warning| warning.to_string()).collect();
    match warnings.is_empty() {
        true => Ok(schema),
        false => Err(wrong(warnings.join("; "))),
    }
}

fn wrong(error: impl std::fmt::Display) -> Error {
    Error::Policy(format!("the schema: {error}"))
}

fn text(catalog: &Catalog) -> String {
    let mut actions = String::new();
    let groups = catalog.systems().iter().map(|system| system.name.as_str());
    for group in groups.chain([ADMINISTRATION]) {
        let _ = writeln!(actions, "  action {group:?};");
    }
    for (_, permission) in catalog.permissions() {
        let Permission { name, system, .. } = permission;
        let administration = match permission.is_administrative {
            true => format!(", {ADMINISTRATION:?}"),
            false => String::new(),
        };
        let _ = writeln!(
            actions,
            "  action {:?} in [{system:?}{administration}] appliesTo {{
    principal: [User, Service, Nobody], resource: [Resource], context: Asked
  }};",
            &**name
        );
    }
    let open = ENTITIES.trim_end().strip_suffix('}');
    let open = open.expect("the schema beside the policies ends with its namespace");
    format!("{open}\n{actions}}}\n")
}

/// The names of what policies speak of, made once.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) user: EntityTypeName,
    pub(crate) service: EntityTypeName,
    pub(crate) nobody: EntityTypeName,
    pub(crate) role: EntityTypeName,
    pub(crate) seat: EntityTypeName,
    pub(crate) resource: EntityTypeName,
    actions: Vec<Action>,
    permissions: Vec<EntityUid>,
}

/// The action of a permission, and the actions that it is in.
#[derive(Clone, Debug)]
struct Action {
    uid: EntityUid,
    groups: HashSet<EntityUid>,
}

impl Names {
    pub(crate) fn of(catalog: &Catalog) -> Result<Self, Error> {
        let name = |name: &str| -> Result<EntityTypeName, Error> { format!("Hansa::{name}").parse().map_err(wrong) };
        let (action, permission) = (name("Action")?, name("Permission")?);
        let uid = |of: &EntityTypeName, id: &str| EntityUid::from_type_name_and_id(of.clone(), EntityId::new(id));
        let actions = catalog.permissions().map(|(_, one)| {
            let system = uid(&action, &one.system);
            let administration = one.is_administrative.then(|| uid(&action, ADMINISTRATION));
            Action {
                uid: uid(&action, &one.name),
                groups: std::iter::once(system).chain(administration).collect(),
            }
        });
        Ok(Self {
            user: name("User")?,
            service: name("Service")?,
            nobody: name("Nobody")?,
            role: name("Role")?,
            seat: name("Seat")?,
            resource: name("Resource")?,
            actions: actions.collect(),
            permissions: catalog
                .permissions()
                .map(|(_, one)| uid(&permission, &one.name))
                .collect(),
        })
    }

    pub(crate) fn action(&self, id: PermissionId) -> &EntityUid {
        &self.actions[id.index()].uid
    }

    pub(crate) fn permission(&self, id: PermissionId) -> &EntityUid {
        &self.permissions[id.index()]
    }

    /// The actions that a permission's action is in.
    pub(crate) fn groups(&self, id: PermissionId) -> &HashSet<EntityUid> {
        &self.actions[id.index()].groups
    }
}
