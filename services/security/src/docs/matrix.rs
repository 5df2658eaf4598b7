//! Who holds what: a table of a system's roles and permissions.

use std::fmt::Write;

use crate::catalog::{Catalog, Role, System};

/// The roles of a system and the matrix of what they hold.
pub(super) fn of(catalog: &Catalog, system: &System) -> String {
    let begins = format!("{}/", system.name);
    let roles: Vec<&Role> = catalog
        .roles()
        .map(|role| &**role)
        .filter(|role| role.key.as_str().starts_with(&begins))
        .collect();
    let mut text = format!(
        "\n### Roles of `{}`\n\n| role | | holds |\n|---|---|---|\n",
        system.name
    );
    for role in &roles {
        let aliases: Vec<_> = catalog
            .aliases_of(&role.key)
            .map(|alias| format!("; also `{alias}`"))
            .collect();
        let about = format!("{}{}", role.about, aliases.concat());
        let _ = writeln!(text, "| `{}` | {about} | {} permissions |", role.key, role.holds.len());
    }
    let name = |role: &&Role| role.key.as_str().trim_start_matches(&begins).to_owned();
    let names: Vec<_> = roles.iter().map(name).collect();
    let _ = writeln!(text, "\n`●` given, `○` implied by another permission.\n");
    let _ = writeln!(text, "| permission | {} |", names.join(" | "));
    let _ = writeln!(text, "|---|{}|", vec![":-:"; roles.len()].join("|"));
    for (id, permission) in catalog.permissions() {
        let is_ours = permission.system == system.name;
        let is_held = roles
            .iter()
            .any(|role| role.holds.contains(&id) && !is_universal(catalog, role));
        if !is_ours && !is_held {
            continue;
        }
        let cell = |role: &&Role| match (role.stated.contains(&id), role.holds.contains(&id)) {
            (true, _) => "●",
            (false, true) => "○",
            _ => "",
        };
        let cells: Vec<_> = roles.iter().map(cell).collect();
        let _ = writeln!(text, "| `{}` | {} |", permission.name, cells.join(" | "));
    }
    text
}

/// Whether a role holds everything of every system, which says nothing about one of them.
fn is_universal(catalog: &Catalog, role: &Role) -> bool {
    role.holds.len() == catalog.ids().count()
}
