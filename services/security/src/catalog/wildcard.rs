//! Wildcards of the seeds: `*` stands for exactly one segment, so that `view:*` never means `view:own:…`.

use super::{Permission, PermissionId, Permissions};

/// The permissions of `system` that a pattern means. A pattern without a star is the name of one.
pub(super) fn matching(
    pattern: &str,
    system: &str,
    permissions: impl Iterator<Item = (PermissionId, Permission)>,
) -> Permissions {
    let fits = |permission: &Permission| match pattern.contains('*') {
        false => *permission.name == *pattern,
        true => permission.system == system && is_match(pattern, &permission.name),
    };
    permissions
        .filter(|(_, permission)| fits(permission))
        .map(|(id, _)| id)
        .collect()
}

fn is_match(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.split(':'), name.split(':'));
    loop {
        match (pattern.next(), name.next()) {
            (None, None) => return true,
            (Some("*"), Some(segment)) if segment != "own" => {}
            (Some(wanted), Some(segment)) if wanted == segment => {}
            _ => return false,
        }
    }
}
