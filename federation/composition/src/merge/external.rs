//! `@external` fields must be declared like the fields they stand for.

use apollo_compiler::{
    Node,
    ast::{Type, Value},
};

use super::{Merger, Source, parts, value::is_same_value};
use crate::{error::Code, model::Field};

/// Faults of one kind that several subgraphs may share.
struct Mismatch<'f> {
    code: Code,
    coordinate: String,
    what: &'f str,
}

impl Merger<'_> {
    /// Compares external declarations with the merged field.
    pub(super) fn check_external(
        &mut self,
        coordinate: &str,
        external: &[Source<'_, Field>],
        merged: &Field,
        is_unanimous: bool,
    ) {
        if external.is_empty() {
            return;
        }
        let fits = |ty: &Type| *ty == merged.ty || (!is_unanimous && self.is_subtype(ty, &merged.ty));
        let wrong = external
            .iter()
            .filter(|source| !fits(&source.part.ty))
            .copied()
            .collect::<Vec<_>>();
        let mismatch = Mismatch {
            code: Code::ExternalTypeMismatch,
            coordinate: coordinate.to_owned(),
            what: "type",
        };
        self.report(&mismatch, &merged.ty, wrong, |field| field.ty.to_string());
        for argument in merged.arguments.values() {
            self.check_external_argument(coordinate, external, argument);
        }
    }

    fn check_external_argument(&mut self, coordinate: &str, external: &[Source<'_, Field>], merged: &Field) {
        let name = &merged.name;
        let argument_coordinate = format!("{coordinate}({name}:)");
        let missing = external
            .iter()
            .filter(|source| !source.part.arguments.contains_key(name))
            .map(|source| (source.index, source.part.location))
            .collect::<Vec<_>>();
        if !missing.is_empty() {
            let message = format!(
                "\"{coordinate}\" is @external without its argument \"{argument_coordinate}\" in {}: declare it there",
                self.names(missing.iter().map(|(index, _)| *index))
            );
            self.error(Code::ExternalArgumentMissing, message, missing);
        }
        let given = parts(external, |field| field.arguments.get(name));
        let mut mismatch = Mismatch {
            code: Code::ExternalArgumentTypeMismatch,
            coordinate: argument_coordinate,
            what: "type",
        };
        let wrong_type = given
            .iter()
            .filter(|source| !self.is_subtype(&merged.ty, &source.part.ty));
        let wrong_type = wrong_type.copied().collect::<Vec<_>>();
        self.report(&mismatch, &merged.ty, wrong_type, |field| field.ty.to_string());
        mismatch.code = Code::ExternalArgumentDefaultMismatch;
        mismatch.what = "default";
        let describe = |field: &Field| match &field.default {
            Some(value) => value.to_string(),
            None => "(none)".to_owned(),
        };
        let wrong_default = given
            .iter()
            .filter(|source| !has_default(source.part, merged.default.as_ref()));
        let wrong_default = wrong_default.copied().collect::<Vec<_>>();
        self.report(&mismatch, &describe(merged), wrong_default, describe);
    }

    fn report(
        &mut self,
        mismatch: &Mismatch<'_>,
        expected: &dyn ToString,
        wrong: Vec<Source<'_, Field>>,
        describe: impl Fn(&Field) -> String,
    ) {
        if wrong.is_empty() {
            return;
        }
        let said = wrong.iter().map(|source| (source.index, describe(source.part)));
        let said = self.disagreement(mismatch.what, said);
        let message = format!(
            "\"{}\" is declared differently where it is @external: expected {} {}, but it has {said}",
            mismatch.coordinate,
            mismatch.what,
            expected.to_string()
        );
        let places = wrong.iter().map(|source| (source.index, source.part.location));
        self.error(mismatch.code, message, places);
    }
}

fn has_default(argument: &Field, expected: Option<&Node<Value>>) -> bool {
    match (&argument.default, expected) {
        (Some(own), Some(expected)) => is_same_value(own, expected),
        (own, expected) => own.is_none() && expected.is_none(),
    }
}
