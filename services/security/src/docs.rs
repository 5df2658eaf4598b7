//! The permissions reference, written from the seeds and the policies: `docs/permissions.md` for people, and the names alone
//! for services.

mod matrix;

use std::fmt::Write;

use crate::{
    audit::LARGEST,
    catalog::{Catalog, Permission, Reach, System},
    engine::Reason,
    error::Error,
    policies::{Described, Policies, SHIPPED},
    settings::Settings,
};

const OPENING: &str = "# Permissions

This page is written from `services/security/seed` and `services/security/policies` by
`cargo run -p security --example permissions`; a test fails while it is out of date. Do not edit it by hand.

A **permission** is the name of something that can be done, unique over all systems. A **role** is a set of permissions.
A **grant** gives a role to a person or a service at a place. A **policy** is a rule in
[Cedar](https://www.cedarpolicy.com): the policies decide, from the roles that the asker holds at the places that the
question touches. What no policy permits is denied, and a policy that forbids wins over all that permit.

## Places and reach

| a role granted | reaches |
|---|---|
| everywhere | everything, in every workspace and outside of them |
| in a workspace | what belongs to that workspace |
| on one resource | that resource |

A permission marked *own* reaches, within its place, only what the asker owns. A person owns things; a service owns
nothing. Where an own permission is *of* another one, each is asked for by its name: asked whether somebody may
`view:estimates` on an estimate, the answer is yes for who holds `view:estimates` there and for the estimate's owner who
holds `view:own:estimates` there, and no for anybody else. Asked in general, about nothing in particular, an own
permission means what is the asker's own, and never stands for the permission it is of.

Names are exact. There are no wildcards in questions, in API keys or in roles that are made by hand. In the seeds `*`
stands for one segment of a name, and never for `own`.

## Rules that hold for everybody

- Nobody grants, revokes or puts into a role what they do not hold themselves at that place.
- Who holds something for a while gives it for no longer.
- Who leaves a workspace loses every grant in it, whoever gave it.
- Who becomes something else in a workspace loses the roles of what they were, whoever gave them, and the roles that they
  gave themselves there and could not give now. What others gave them stays, and what they gave others: look at the grants.
- What the system gives is given however much somebody holds, and nobody can fill the list of somebody else.
- Who may explain decisions in a workspace alone is answered about others by what is held in that workspace, and learns
  nothing of what they hold elsewhere or everywhere.
- Built-in roles cannot be changed. A role that a workspace makes is granted in that workspace alone.
- The last person who can grant roles in a workspace, or everywhere, cannot be removed.
- An API key does what its scopes name and its owner may, and never administrates. A scope is a permission's name; beside those
  are `users:read`, `users:write` and those of `auth.key-scopes`, which are no permissions: [what they let a key
  do](identity.md#api-keys).
- Nobody suspends, signs out or otherwise administrates a person (an administrative permission, asked about a resource of the
  type `user`) who holds an administrative permission everywhere that they do not hold everywhere themselves.
- A permission, a role or a person that is not known is denied. So is everything while a policy fails.
";

const POLICIES: &str = "
## Policies

Those that are shipped are below. An operator adds others as files `*.cedar` in the folder that `security.policies` names. Each
has an `@id` of its own, says in `@says` what it means, and can only `forbid`. It speaks of permissions and of kinds of
resources (`resource.kind`), not of roles, and not of one workspace, resource or owner by its name: a list is made from one
row of many that are alike to it, and would show what a decision about such a row denies. Whether a resource is the asker's own
(`resource.owner == principal`), and what the asker holds where it is (`principal.getTag(resource.workspace)`), lists know. To
keep people away from one place, take away the roles that were granted there. A policy that breaks these rules is named with
its file, and the service does not start.
";

/// The names of all permissions, one a line.
pub fn names() -> Result<String, Error> {
    let catalog = Catalog::shipped()?;
    Ok(catalog
        .permissions()
        .map(|(_, one)| format!("{}\n", one.name))
        .collect())
}

/// The page.
pub fn page() -> Result<String, Error> {
    let catalog = Catalog::shipped()?;
    let policies = Policies::read(&catalog, SHIPPED)?;
    let mut page = OPENING.to_owned();
    page.push_str(&settings(&Settings::default()));
    page.push_str(POLICIES);
    for (file, _) in SHIPPED {
        page.push_str(&file_of(file, policies.described()));
    }
    for system in catalog.systems() {
        page.push_str(&of(&catalog, system));
    }
    page.push_str(&reasons());
    Ok(page)
}

fn settings(settings: &Settings) -> String {
    let list = |roles: &[crate::catalog::RoleKey]| {
        let roles: Vec<_> = roles.iter().map(|role| format!("`{role}`")).collect();
        roles.join(", ")
    };
    let mut text = "\n## Roles that come by themselves\n\n".to_owned();
    let _ = writeln!(text, "Section `[security]` of the settings changes them.\n");
    let _ = writeln!(text, "| who | gets |\n|---|---|");
    let _ = writeln!(
        text,
        "| who registers (`registered`) | {} everywhere |",
        list(&settings.registered)
    );
    let _ = writeln!(
        text,
        "| who did not sign in (`nobody`) | {} everywhere |",
        list(&settings.nobody)
    );
    for (service, roles) in &settings.services {
        let _ = writeln!(
            text,
            "| the service `{service}` (`services`) | {} everywhere |",
            list(roles)
        );
    }
    for (part, roles) in &settings.members {
        let _ = writeln!(
            text,
            "| a workspace's {part} (`members`) | {} in the workspace |",
            list(roles)
        );
    }
    let _ = writeln!(
        text,
        "\nA change is seen at once in the process that makes it, by other processes within `refresh` ({}), and never \
         later than `staleness` ({}). A batch has at most {} questions, a subject at most {} grants by the same giver, a workspace at most \
         {} roles of its own, and the facts of an entry of the audit log at most {} KB.",
        settings.refresh,
        settings.staleness,
        settings.batch,
        settings.grants_per_subject,
        settings.roles_per_workspace,
        LARGEST / 1024,
    );
    text
}

fn file_of(file: &str, described: &[Described]) -> String {
    let mut text = format!("\n### `{file}.cedar`\n\n| policy | | says |\n|---|---|---|\n");
    for policy in described.iter().filter(|policy| policy.file == file) {
        let effect = if policy.forbids { "forbids" } else { "permits" };
        let _ = writeln!(text, "| `{}` | {effect} | {} |", policy.id, policy.says);
    }
    text
}

fn of(catalog: &Catalog, system: &System) -> String {
    let mut text = format!(
        "\n## {}\n\n{}\n\n### Permissions of `{}`\n\n",
        system.title, system.about, system.name
    );
    text.push_str("| permission | allows to | |\n|---|---|---|\n");
    for (_, permission) in catalog
        .permissions()
        .filter(|(_, permission)| permission.system == system.name)
    {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} |",
            permission.name,
            permission.about,
            notes(catalog, permission)
        );
    }
    text.push_str(&matrix::of(catalog, system));
    text
}

fn notes(catalog: &Catalog, permission: &Permission) -> String {
    let mut notes = Vec::new();
    if permission.reach == Reach::Own {
        notes.push(match permission.of {
            Some(of) => format!("own, of `{}`", catalog.permission(of).name),
            None => "own".to_owned(),
        });
    }
    if permission.is_administrative {
        notes.push("administrative".to_owned());
    }
    if !permission.implies.is_empty() {
        let names: Vec<_> = catalog
            .names(&permission.implies)
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        notes.push(format!("implies {}", names.join(", ")));
    }
    notes.join("; ")
}

fn reasons() -> String {
    let rows = [
        (Reason::Allowed, "a policy permits it, and none forbids it"),
        (Reason::UnknownPermission, "no permission has this name"),
        (Reason::NotHeld, "no role that is held allows it anywhere"),
        (
            Reason::Elsewhere,
            "a role that is held allows it, but was granted somewhere else",
        ),
        (
            Reason::NotOwner,
            "a role that is held here allows it only on what one owns",
        ),
        (Reason::Forbidden, "a policy forbids it; the answer names the policy"),
        (
            Reason::Outranked,
            "it would be done to a person who may administrate what the asker may not",
        ),
        (Reason::Fault, "the policies could not be asked, which denies"),
    ];
    let mut text =
        "\n## Reasons\n\nAn explained decision gives one of these words, the policies that decided, and the roles \
                    through which it is allowed.\n\n| reason | means |\n|---|---|\n"
            .to_owned();
    for (reason, means) in rows {
        let _ = writeln!(text, "| `{}` | {means} |", reason.as_str());
    }
    text
}
