//! The seeds as they are written, and how they become a catalog.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use serde::Deserialize;

use super::{Catalog, Permission, PermissionId, Permissions, Reach, Role, RoleKey, System, wildcard};
use crate::error::Error;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    system: String,
    title: String,
    about: String,
    permissions: Vec<SeedPermission>,
    roles: BTreeMap<String, SeedRole>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedPermission {
    name: String,
    about: String,
    #[serde(default)]
    reach: Reach,
    of: Option<String>,
    #[serde(default)]
    implies: Vec<String>,
    #[serde(default)]
    administrative: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedRole {
    about: String,
    #[serde(default)]
    permissions: Vec<String>,
    #[serde(default)]
    except: Vec<String>,
    #[serde(default)]
    aliases: Vec<String>,
    /// Every permission of every system.
    #[serde(default)]
    all_systems: bool,
}

fn wrong(system: &str, what: impl std::fmt::Display) -> Error {
    Error::Seed(format!("{system}: {what}"))
}

pub(super) fn read(texts: &[&str]) -> Result<Catalog, Error> {
    let parse = |text: &&str| toml::from_str::<Seed>(text).map_err(|error| Error::Seed(error.to_string()));
    let seeds: Vec<Seed> = texts.iter().map(parse).collect::<Result<_, _>>()?;
    let names = names(&seeds)?;
    let permissions = permissions(&seeds, &names)?;
    let system = |seed: &Seed| System {
        name: seed.system.clone(),
        title: seed.title.clone(),
        about: seed.about.clone(),
    };
    let mut catalog = Catalog {
        systems: seeds.iter().map(system).collect(),
        permissions,
        names,
        roles: BTreeMap::new(),
        aliases: BTreeMap::new(),
    };
    for seed in &seeds {
        for (name, role) in &seed.roles {
            add_role(&mut catalog, seed, (name, role))?;
        }
    }
    Ok(catalog)
}

fn names(seeds: &[Seed]) -> Result<HashMap<Arc<str>, PermissionId>, Error> {
    let count = seeds.iter().map(|seed| seed.permissions.len()).sum();
    let mut ids = PermissionId::first(count);
    let mut names = HashMap::new();
    for seed in seeds {
        for permission in &seed.permissions {
            let id = ids
                .next()
                .ok_or_else(|| wrong(&seed.system, "there are too many permissions"))?;
            let is_system = seeds.iter().any(|seed| seed.system == permission.name);
            if is_system || permission.name == crate::policies::ADMINISTRATION || permission.name.contains('*') {
                return Err(wrong(
                    &seed.system,
                    format!("a permission cannot be called {}", permission.name),
                ));
            }
            if names.insert(permission.name.as_str().into(), id).is_some() {
                return Err(wrong(&seed.system, format!("{} is declared twice", permission.name)));
            }
        }
    }
    Ok(names)
}

fn permissions(seeds: &[Seed], names: &HashMap<Arc<str>, PermissionId>) -> Result<Vec<Permission>, Error> {
    let mut all = Vec::new();
    for seed in seeds {
        let find = |name: &String| {
            let id = names.get(name.as_str()).copied();
            id.ok_or_else(|| wrong(&seed.system, format!("{name} is not declared")))
        };
        for permission in &seed.permissions {
            if permission.of.is_some() && permission.reach == Reach::Any {
                return Err(wrong(
                    &seed.system,
                    format!("{} has `of` but not the reach own", permission.name),
                ));
            }
            all.push(Permission {
                name: permission.name.as_str().into(),
                system: seed.system.clone(),
                about: permission.about.clone(),
                reach: permission.reach,
                of: permission.of.as_ref().map(find).transpose()?,
                implies: permission.implies.iter().map(find).collect::<Result<_, _>>()?,
                is_administrative: permission.administrative,
                any: Permissions::new(),
                own: Permissions::new(),
            });
        }
    }
    relate(&mut all)?;
    Ok(all)
}

/// Works out which permissions allow which.
fn relate(all: &mut [Permission]) -> Result<(), Error> {
    let ids: Vec<_> = PermissionId::first(all.len()).collect();
    for id in ids {
        let permission = all[id.index()].clone();
        // What is allowed on one's own only must not bring along what is allowed on anything.
        let widens = |implied: &PermissionId| all[implied.index()].reach == Reach::Any;
        if permission.reach == Reach::Own && permission.implies.iter().any(widens) {
            return Err(wrong(
                &permission.system,
                format!("{} implies more than itself", permission.name),
            ));
        }
        match permission.reach {
            Reach::Any => {
                all[id.index()].any.insert(id);
            }
            Reach::Own => {
                all[id.index()].own.insert(id);
                if let Some(of) = permission.of {
                    if all[of.index()].reach == Reach::Own {
                        return Err(wrong(
                            &permission.system,
                            format!("{} is of another own one", permission.name),
                        ));
                    }
                    all[id.index()].own.insert(of);
                    all[of.index()].own.insert(id);
                }
            }
        }
    }
    Ok(())
}

fn add_role(catalog: &mut Catalog, seed: &Seed, (name, role): (&str, &SeedRole)) -> Result<(), Error> {
    let expand = |patterns: &[String]| {
        let mut found = Permissions::new();
        for pattern in patterns {
            let all = catalog.permissions().map(|(id, permission)| (id, permission.clone()));
            let matching = wildcard::matching(pattern, &seed.system, all);
            if matching.is_empty() {
                return Err(wrong(
                    &seed.system,
                    format!("the role {name} names {pattern}, which is nothing"),
                ));
            }
            found.extend(matching);
        }
        Ok(found)
    };
    let mut stated = expand(&role.permissions)?;
    if role.all_systems {
        stated.extend(catalog.ids());
    }
    for except in expand(&role.except)? {
        stated.remove(&except);
    }
    let key = RoleKey::built_in(&seed.system, name);
    let made = Role {
        key: key.clone(),
        name: name.replace('_', " "),
        about: role.about.clone(),
        workspace: None,
        holds: catalog.closed(&stated),
        stated,
    };
    for alias in &role.aliases {
        catalog
            .aliases
            .insert(RoleKey::built_in(&seed.system, alias), key.clone());
    }
    catalog.roles.insert(key, Arc::new(made));
    Ok(())
}
