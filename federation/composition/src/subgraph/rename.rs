//! Gives types other names, wherever a subgraph names them.

use apollo_compiler::{Name, ast};

use crate::{
    model::{Applied, Kind, Type, Types},
    spec::Feature,
};

/// Renames types from the first name of each pair to the second.
pub(super) fn rename(types: Types, renames: &[(Name, Name)]) -> Types {
    if renames.is_empty() {
        return types;
    }
    let renamed = types.into_values().map(|mut ty| {
        rename_within(&mut ty, renames);
        (ty.name.clone(), ty)
    });
    renamed.collect()
}

fn rename_within(ty: &mut Type, renames: &[(Name, Name)]) {
    rename_one(&mut ty.name, renames);
    for member in &mut ty.members {
        rename_one(member, renames);
    }
    rename_conditions(&mut ty.directives, renames);
    for field in ty.fields.values_mut().filter(|_| ty.kind != Kind::Input) {
        rename_reference(&mut field.ty, renames);
        rename_conditions(&mut field.directives, renames);
        for argument in field.arguments.values_mut() {
            rename_conditions(&mut argument.directives, renames);
        }
    }
}

fn rename_one(name: &mut Name, renames: &[(Name, Name)]) {
    if let Some((_, to)) = renames.iter().find(|(from, _)| from == name) {
        *name = to.clone();
    }
}

fn rename_reference(ty: &mut ast::Type, renames: &[(Name, Name)]) {
    match ty {
        ast::Type::Named(name) | ast::Type::NonNullNamed(name) => rename_one(name, renames),
        ast::Type::List(item) | ast::Type::NonNullList(item) => rename_reference(item, renames),
    }
}

/// Renames the types that selections in directives are conditional on.
fn rename_conditions(directives: &mut [Applied], renames: &[(Name, Name)]) {
    for applied in directives {
        let selection = match applied.feature {
            Some(Feature::Key | Feature::Requires | Feature::Provides) => "fields",
            Some(Feature::FromContext) => "field",
            _ => continue,
        };
        if let Some(text) = applied.text(selection) {
            let text = with_conditions(text, renames);
            applied.set_text(selection, &text);
        }
    }
}

/// A selection whose `... on` name the types by their new names.
fn with_conditions(text: &str, renames: &[(Name, Name)]) -> String {
    let mut parts = text.split("...");
    let mut renamed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        renamed.push_str("...");
        let condition = part.trim_start().strip_prefix("on").map(str::trim_start);
        let rest = condition.and_then(|it| renames.iter().find_map(|(from, to)| Some((to, after_name(it, from)?))));
        match rest {
            Some((to, rest)) => renamed.push_str(&format!(" on {to}{rest}")),
            None => renamed.push_str(part),
        }
    }
    renamed
}

/// What follows a name at the beginning of a text.
fn after_name<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(name)?;
    let is_whole = !rest.starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_');
    is_whole.then_some(rest)
}
