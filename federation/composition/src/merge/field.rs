//! Merging the fields of objects and interfaces.

use apollo_compiler::{Name, ast::Value, name};
use indexmap::IndexSet;

use super::{Merger, Source, join::join_field, overrides::label, parts, type_ref::Position};
use crate::{
    error::Code,
    model::{Applied, Directives, Field, Kind, Type},
    spec::Feature,
};

/// A field in the subgraphs that have its type.
pub(super) struct Fields<'s, 'a> {
    pub(super) parent: &'s Name,
    pub(super) kind: Kind,
    pub(super) name: &'s Name,
    /// All subgraphs that have the type.
    pub(super) parents: &'s [Source<'a, Type>],
    /// Those that have the field.
    pub(super) declared: Vec<Source<'a, Field>>,
}

impl Fields<'_, '_> {
    pub(super) fn coordinate(&self) -> String {
        format!("{}.{}", self.parent, self.name)
    }
}

impl<'a> Merger<'a> {
    /// Merges the fields of an object or interface: it has every field that some subgraph has.
    pub(super) fn merge_fields(&mut self, parents: &[Source<'a, Type>], merged: &mut Type) {
        let names = parents.iter().flat_map(|parent| parent.part.fields.keys());
        for name in names.collect::<IndexSet<_>>() {
            let fields = Fields {
                parent: &merged.name,
                kind: merged.kind,
                name,
                parents,
                declared: parts(parents, |ty| ty.fields.get(name)),
            };
            if let Some(field) = self.merge_field(&fields) {
                merged.fields.insert(name.clone(), field);
            }
        }
    }

    fn merge_field(&mut self, fields: &Fields<'_, 'a>) -> Option<Field> {
        let coordinate = fields.coordinate();
        let (external, internal): (Vec<_>, Vec<_>) = fields.declared.iter().copied().partition(|source| {
            let usage = &self.schemas[source.index].usage;
            usage.is_external(fields.parent, fields.name)
        });
        let is_unresolved = internal.is_empty()
            && !(fields.kind == Kind::Object && self.is_resolved_for_interface(fields.parent, fields.name));
        if is_unresolved {
            self.error_missing_on_base(&coordinate, &external);
            return None;
        }
        // Where an interface object alone resolves it, it is declared only where it is external.
        let declared = if internal.is_empty() { &external } else { &internal };
        self.check_directives_on_external(&coordinate, &external);
        let description = self.merge_descriptions(&coordinate, declared, |field| field.description.as_ref());
        let ty = self.merge_type_refs(Position::Output, &coordinate, declared);
        let mut merged = Field {
            name: fields.name.clone(),
            description,
            ty: ty.ty,
            arguments: self.merge_arguments(&coordinate, declared),
            default: None,
            directives: Vec::new(),
            location: declared[0].part.location,
        };
        self.check_external(&coordinate, &external, &merged, ty.is_unanimous);
        if fields.kind == Kind::Object {
            self.check_sharing(fields);
        }
        if self.needs_join_field(fields, ty.is_unanimous) {
            merged.directives = self.join_fields(fields, ty.is_unanimous);
        }
        let applied = internal.iter().map(|source| source.map(|field| &field.directives));
        self.merge_directives(&coordinate, &applied.collect::<Vec<_>>(), &mut merged.directives);
        self.merge_slicing(&coordinate, &internal, &mut merged);
        Some(merged)
    }

    fn error_missing_on_base(&mut self, coordinate: &str, external: &[Source<'_, Field>]) {
        let message = format!(
            "field \"{coordinate}\" is @external wherever it is declared ({}): a subgraph must resolve it",
            self.names(external.iter().map(|source| source.index))
        );
        let places = external.iter().map(|source| (source.index, source.part.location));
        self.error(Code::ExternalMissingOnBase, message, places);
    }

    fn check_directives_on_external(&mut self, coordinate: &str, external: &[Source<'_, Field>]) {
        for source in external {
            for applied in &source.part.directives {
                if self.is_merged(source.index, applied) {
                    let message = format!(
                        "@{} cannot be applied to \"{coordinate}\", which is @external: apply it where the field is resolved",
                        applied.name
                    );
                    let schema = &self.schemas[source.index];
                    let error = schema.error(Code::MergedDirectiveApplicationOnExternal, message, applied.location);
                    self.out.errors.push(error);
                }
            }
        }
    }

    /// A field needs no `@join__field` if every subgraph that has the type resolves it in the same way.
    fn needs_join_field(&self, fields: &Fields<'_, 'a>, is_unanimous: bool) -> bool {
        let parents = match fields.parent.as_str() {
            // Every subgraph has a query root.
            "Query" => self.schemas.len(),
            _ => fields.parents.len(),
        };
        if !is_unanimous || fields.declared.len() < parents {
            return true;
        }
        fields.declared.iter().any(|source| {
            let usage = &self.schemas[source.index].usage;
            let directives = &source.part.directives;
            usage.is_external(fields.parent, fields.name)
                || directives.has(Feature::Requires)
                || directives.has(Feature::Provides)
                || self.overrides.get(source.index, fields.parent, fields.name).is_some()
                || !contextual(source.part).is_empty()
        })
    }

    fn join_fields(&self, fields: &Fields<'_, 'a>, is_unanimous: bool) -> Vec<Applied> {
        let mut joins = Vec::new();
        for source in &fields.declared {
            let overridden = self.overrides.get(source.index, fields.parent, fields.name);
            if overridden.is_some_and(|overridden| overridden.label.is_none() && !overridden.is_used) {
                continue;
            }
            let schema = &self.schemas[source.index];
            let directives = &source.part.directives;
            let argument = |feature, name| directives.first(feature).and_then(|applied| applied.text(name));
            let ty = (!is_unanimous).then(|| source.part.ty.to_string());
            let is_external = schema.usage.is_external(fields.parent, fields.name);
            let is_taken_from = argument(Feature::Override, "from");
            let is_in_migration = is_taken_from.is_some_and(|from| self.migrates(from, fields));
            let override_label = match overridden {
                Some(overridden) => overridden.label.as_deref(),
                None => directives
                    .first(Feature::Override)
                    .and_then(label)
                    .filter(|_| is_in_migration),
            };
            let used = overridden.filter(|overridden| overridden.is_used).map(|_| true);
            let mut join = join_field(&schema.graph)
                .text(name!("requires"), argument(Feature::Requires, "fields"))
                .text(name!("provides"), argument(Feature::Provides, "fields"))
                .text(name!("type"), ty.as_deref())
                .flag(name!("external"), is_external.then_some(true))
                .text(name!("override"), is_taken_from)
                .flag(name!("usedOverridden"), used)
                .text(name!("overrideLabel"), override_label);
            let contextual = contextual(source.part);
            if !contextual.is_empty() {
                let arguments = contextual
                    .iter()
                    .map(|argument| self.context_argument(source.index, argument));
                join = join.with(name!("contextArguments"), Value::List(arguments.collect()));
            }
            joins.push(join.build());
        }
        joins
    }

    /// Whether the field still is in the subgraph it is taken from, so that the label decides.
    fn migrates(&self, from: &str, fields: &Fields<'_, 'a>) -> bool {
        let index = self.schemas.iter().position(|schema| schema.name == from);
        index.is_some_and(|index| self.overrides.get(index, fields.parent, fields.name).is_some())
    }
}

/// The arguments of a field that a context fills.
pub(super) fn contextual(field: &Field) -> Vec<&Field> {
    let arguments = field.arguments.values();
    arguments
        .filter(|argument| argument.directives.has(Feature::FromContext))
        .collect()
}
