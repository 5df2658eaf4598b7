//! Merging the types of fields and arguments.

use apollo_compiler::{Name, ast::Type};

use super::{Merger, Source};
use crate::{error::Code, hint::HintCode, model::Kind};

/// What has a type, for messages and codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// A field of an object or interface: the most general type wins.
    Output,
    /// A field of an input type: the most restrictive type wins.
    InputField,
    /// An argument: the most restrictive type wins.
    Argument,
}

impl Position {
    pub(super) fn is_input(self) -> bool {
        self != Self::Output
    }

    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Output => "field",
            Self::InputField => "input field",
            Self::Argument => "argument",
        }
    }

    fn mismatch(self) -> Code {
        match self {
            Self::Output | Self::InputField => Code::FieldTypeMismatch,
            Self::Argument => Code::FieldArgumentTypeMismatch,
        }
    }

    fn inconsistency(self) -> HintCode {
        match self {
            Self::Output | Self::InputField => HintCode::InconsistentButCompatibleFieldType,
            Self::Argument => HintCode::InconsistentButCompatibleArgumentType,
        }
    }
}

/// A merged type, and whether all subgraphs said the same.
pub(super) struct MergedType {
    pub(super) ty: Type,
    pub(super) is_unanimous: bool,
}

impl Merger<'_> {
    /// The type that suits all sources; an error, and the first one, if there is none.
    pub(super) fn merge_type_refs(
        &mut self,
        position: Position,
        coordinate: &str,
        sources: &[Source<'_, crate::model::Field>],
    ) -> MergedType {
        let mut ty = sources[0].part.ty.clone();
        let is_unanimous = sources.iter().all(|source| source.part.ty == ty);
        if is_unanimous {
            return MergedType { ty, is_unanimous };
        }
        let mut is_compatible = true;
        for source in &sources[1..] {
            let other = &source.part.ty;
            let (wide, narrow) = (self.is_subtype(other, &ty), self.is_subtype(&ty, other));
            match (position.is_input(), wide, narrow) {
                (false, true, _) | (true, _, true) => {}
                (false, false, true) | (true, true, false) => ty = other.clone(),
                _ => is_compatible = false,
            }
        }

        let said = sources
            .iter()
            .map(|source| (source.index, format!("\"{}\"", source.part.ty)));
        let said = self.disagreement("type", said);
        let places = sources.iter().map(|source| (source.index, source.part.location));
        let noun = position.noun();
        if is_compatible {
            let message =
                format!("{noun} \"{coordinate}\" has different but compatible types: it has {said}; \"{ty}\" is used");
            self.hint(position.inconsistency(), coordinate, message, places);
        } else {
            let message = format!("type of {noun} \"{coordinate}\" is incompatible across subgraphs: it has {said}");
            self.error(position.mismatch(), message, places);
        }
        MergedType { ty, is_unanimous }
    }

    /// Whether every value of one type is a value of another, as far as any subgraph knows.
    pub(super) fn is_subtype(&self, narrow: &Type, wide: &Type) -> bool {
        match (narrow, wide) {
            (Type::NonNullNamed(narrow), Type::NonNullNamed(wide) | Type::Named(wide))
            | (Type::Named(narrow), Type::Named(wide)) => self.is_named_subtype(narrow, wide),
            (Type::NonNullList(narrow), Type::NonNullList(wide) | Type::List(wide))
            | (Type::List(narrow), Type::List(wide)) => self.is_subtype(narrow, wide),
            _ => false,
        }
    }

    fn is_named_subtype(&self, narrow: &Name, wide: &Name) -> bool {
        if narrow == wide {
            return true;
        }
        self.schemas.iter().any(|schema| {
            let is_member = schema
                .types
                .get(wide)
                .is_some_and(|ty| ty.kind == Kind::Union && ty.members.contains(narrow));
            let implements = schema.types.get(narrow).is_some_and(|ty| ty.implements.contains(wide));
            is_member || implements
        })
    }
}
