//! `@override`: fields that move from one subgraph to another.

use std::collections::HashMap;

use apollo_compiler::{Name, parser::SourceSpan};

use super::Merger;
use crate::{
    error::Code,
    hint::HintCode,
    model::{Applied, Directives, Field, Kind, Type},
    spec::Feature,
};

/// Which fields of which subgraphs are overridden by others.
#[derive(Debug, Default)]
pub(super) struct Overrides {
    overridden: HashMap<(usize, Name, Name), Overridden>,
}

/// What an override means for the field it takes over from.
#[derive(Clone, Debug)]
pub(super) struct Overridden {
    /// For whom the override holds; for everybody if there is none.
    pub(super) label: Option<String>,
    /// Whether the subgraph still needs the field in its own directives.
    pub(super) is_used: bool,
}

impl Overrides {
    /// Whether and how a subgraph's field is overridden.
    pub(super) fn get(&self, index: usize, ty: &Name, field: &Name) -> Option<&Overridden> {
        self.overridden.get(&(index, ty.clone(), field.clone()))
    }
}

/// An `@override` where it stands.
struct Claim<'a> {
    index: usize,
    ty: &'a Type,
    field: &'a Field,
    applied: &'a Applied,
}

impl Claim<'_> {
    fn coordinate(&self) -> String {
        format!("{}.{}", self.ty.name, self.field.name)
    }

    fn place(&self) -> (usize, Option<SourceSpan>) {
        (self.index, self.applied.location)
    }

    fn from(&self) -> &str {
        self.applied.text("from").unwrap_or_default()
    }
}

impl Merger<'_> {
    /// Finds all overrides and checks them.
    pub(super) fn find_overrides(&mut self) {
        for (index, schema) in self.schemas.iter().enumerate() {
            for ty in schema.types.values().filter(|ty| ty.kind == Kind::Object) {
                for field in ty.fields.values() {
                    if let Some(applied) = field.directives.first(Feature::Override) {
                        self.find_override(&Claim {
                            index,
                            ty,
                            field,
                            applied,
                        });
                    }
                }
            }
        }
    }

    fn find_override(&mut self, claim: &Claim<'_>) {
        let (coordinate, from) = (claim.coordinate(), claim.from());
        let name = &self.schemas[claim.index].name;
        if claim.ty.is_interface_object() {
            return self.error_with_interface_object(claim);
        }
        if from == name {
            let message =
                format!("field \"{coordinate}\" of subgraph \"{name}\" overrides itself: name another subgraph");
            return self.error(Code::OverrideFromSelfError, message, [claim.place()]);
        }
        let Some(source_index) = self.schemas.iter().position(|schema| schema.name == from) else {
            let message = format!("field \"{coordinate}\" is overridden from \"{from}\", which is no subgraph");
            return self.hint(
                HintCode::FromSubgraphDoesNotExist,
                &coordinate,
                message,
                [claim.place()],
            );
        };
        let Some(overridden) = self.schemas[source_index].field(&claim.ty.name, &claim.field.name) else {
            let abstracted = self.abstracted(&claim.ty.name, &claim.field.name);
            if abstracted.iter().any(|it| it.index == source_index) {
                return self.error_with_interface_object(claim);
            }
            let message = format!("field \"{coordinate}\" is gone from \"{from}\": @override can be removed");
            return self.hint(
                HintCode::OverrideDirectiveCanBeRemoved,
                &coordinate,
                message,
                [claim.place()],
            );
        };
        self.take_over(claim, source_index, overridden);
    }

    /// What is resolved for all types of an interface cannot be moved for one of them, nor the other way round.
    fn error_with_interface_object(&mut self, claim: &Claim<'_>) {
        let message = format!(
            "field \"{}\" of subgraph \"{}\" is overridden from \"{}\": @override and @interfaceObject do not go together",
            claim.coordinate(),
            self.schemas[claim.index].name,
            claim.from()
        );
        self.error(Code::OverrideCollisionWithAnotherDirective, message, [claim.place()]);
    }

    /// Lets a field be overridden, unless something else about it forbids that.
    fn take_over(&mut self, claim: &Claim<'_>, source_index: usize, overridden: &Field) {
        let (coordinate, from) = (claim.coordinate(), claim.from());
        let name = &self.schemas[claim.index].name;
        let places = [claim.place(), (source_index, overridden.location)];
        if overridden.directives.has(Feature::Override) {
            let message = format!(
                "field \"{coordinate}\" of subgraph \"{from}\" is overridden by \"{name}\" and is itself marked @override: only one @override is allowed per field"
            );
            return self.error(Code::OverrideSourceHasOverride, message, places);
        }
        let is_external = |index: usize| {
            let usage = &self.schemas[index].usage;
            usage.is_external(&claim.ty.name, &claim.field.name)
        };
        let collision = is_external(claim.index).then_some(Feature::External).or_else(|| {
            let collides = |feature: &Feature| overridden.directives.has(*feature);
            [Feature::Requires, Feature::Provides].into_iter().find(collides)
        });
        if let Some(other) = collision {
            let message = format!(
                "@override cannot be used on field \"{coordinate}\" of subgraph \"{name}\" since it is marked @{} in one of \"{name}\" and \"{from}\"",
                other.name()
            );
            return self.error(Code::OverrideCollisionWithAnotherDirective, message, places);
        }
        let label = label(claim.applied);
        let is_resolved = !is_external(source_index);
        if !is_resolved {
            let message = format!("field \"{coordinate}\" is @external in \"{from}\": @override can be removed");
            let code = HintCode::OverrideDirectiveCanBeRemoved;
            self.hint(code, &coordinate, message, [claim.place()]);
            // A label still says who may get it from there, if only where it is provided.
            if label.is_none() {
                return;
            }
        }
        if let Some(label) = label.filter(|label| !is_label(label)) {
            let message = format!(
                "the label \"{label}\" of @override on \"{coordinate}\" must begin with a letter and have only letters, digits, \"_\", \"-\", \":\", \".\" and \"/\", or be like \"percent(12.5)\""
            );
            self.error(Code::OverrideLabelInvalid, message, [claim.place()]);
        }
        let usage = &self.schemas[source_index].usage;
        let entry = Overridden {
            label: label.map(str::to_owned),
            is_used: is_resolved && usage.is_used(&claim.ty.name, &claim.field.name),
        };
        self.advise(&coordinate, (source_index, overridden.location), &entry);
        let key = (source_index, claim.ty.name.clone(), claim.field.name.clone());
        self.overrides.overridden.insert(key, entry);
    }

    fn advise(&mut self, coordinate: &str, place: (usize, Option<SourceSpan>), overridden: &Overridden) {
        let (code, advice) = match (&overridden.label, overridden.is_used) {
            (Some(_), _) => (
                HintCode::OverrideMigrationInProgress,
                "is being migrated: once that is done, remove it",
            ),
            (None, true) => (
                HintCode::OverriddenFieldCanBeRemoved,
                "is overridden but still used by directives or interfaces: mark it @external",
            ),
            (None, false) => (
                HintCode::OverriddenFieldCanBeRemoved,
                "is overridden: consider removing it",
            ),
        };
        let name = &self.schemas[place.0].name;
        let message = format!("field \"{coordinate}\" of subgraph \"{name}\" {advice}");
        self.hint(code, coordinate, message, [place]);
    }
}

/// The label of an `@override`; an empty one is none.
pub(super) fn label(applied: &Applied) -> Option<&str> {
    applied.text("label").filter(|label| !label.is_empty())
}

/// Whether a text is the label of a progressive override.
fn is_label(label: &str) -> bool {
    if let Some(inner) = label.strip_prefix("percent(").and_then(|rest| rest.strip_suffix(')')) {
        return is_percentage(inner);
    }
    label.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && label
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "_-:./".contains(letter))
}

fn is_percentage(text: &str) -> bool {
    let is_digits =
        |part: &str, most: usize| (1..=most).contains(&part.len()) && part.chars().all(|digit| digit.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, fraction)) => is_digits(whole, 2) && is_digits(fraction, 8),
        None => text == "100" || is_digits(text, 2),
    }
}
