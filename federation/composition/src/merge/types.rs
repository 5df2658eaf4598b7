//! Merging types, kind by kind.

use apollo_compiler::{Name, Node, ast::Value, name};
use indexmap::IndexSet;

use super::{
    Merger, Source,
    join::{join_implements, join_type, join_union_member},
    kinds::merged_kind,
};
use crate::{
    hint::HintCode,
    model::{Applied, Directives, Kind, Type},
    spec::Feature,
};

impl<'a> Merger<'a> {
    /// Merges all types, and the definitions of directives. Enums come last: how their values merge depends on where the
    /// merged schema uses them.
    pub(super) fn merge_types(&mut self) {
        let names = self.type_names();
        let (enums, others): (Vec<_>, Vec<_>) = names
            .iter()
            .cloned()
            .partition(|name| merged_kind(self.sources(name)[0].part) == Kind::Enum);
        for name in others {
            let merged = self.merge_type(&name);
            self.out.types.insert(name, merged);
        }
        self.merge_definitions();
        self.track_enum_usage(enums);
        self.out
            .types
            .sort_by_cached_key(|name, _| names.iter().position(|other| other == name));
        self.add_query();
    }

    /// The parts every kind has; then the rest.
    pub(super) fn merge_head(&mut self, name: &Name) -> (Type, Vec<Source<'a, Type>>) {
        let sources = self.sources(name);
        let mut merged = Type::new(name.clone(), merged_kind(sources[0].part));
        merged.description = self.merge_descriptions(name, &sources, |ty| ty.description.as_ref());
        for source in &sources {
            self.join_types(*source, &mut merged);
        }
        let applied = sources.iter().map(|source| source.map(|ty| &ty.directives));
        self.merge_directives(name, &applied.collect::<Vec<_>>(), &mut merged.directives);
        self.merge_contexts(&sources, &mut merged.directives);
        (merged, sources)
    }

    fn merge_type(&mut self, name: &Name) -> Type {
        let (mut merged, sources) = self.merge_head(name);
        match merged.kind {
            Kind::Object | Kind::Interface => {
                self.merge_implements(&sources, &mut merged);
                self.check_consistency(&sources, merged.kind);
                self.merge_fields(&sources, &mut merged);
            }
            Kind::Union => self.merge_members(&sources, &mut merged),
            Kind::Input => self.merge_input_fields(&sources, &mut merged),
            Kind::Scalar | Kind::Enum => {}
        }
        merged
    }

    fn join_types(&self, source: Source<'_, Type>, merged: &mut Type) {
        let schema = &self.schemas[source.index];
        let ty = source.part;
        // Federation 1 extended types where Federation 2 declares them again.
        let extends = |key: &Applied| match schema.is_federation_1() {
            true => ty.directives.has(Feature::Extends),
            false => key.is_on_extension,
        };
        let interface_object = ty.is_interface_object().then_some(true);
        let join = |key: Option<&Applied>| {
            let resolvable = key.is_none_or(Applied::is_resolvable);
            join_type(&schema.graph)
                .text(name!("key"), key.map(Applied::fields))
                .flag(name!("extension"), key.is_some_and(extends).then_some(true))
                .flag(name!("resolvable"), (!resolvable).then_some(false))
                .flag(name!("isInterfaceObject"), interface_object)
                .build()
        };
        let keys = ty.directives.all(Feature::Key).collect::<Vec<_>>();
        if keys.is_empty() {
            merged.directives.push(join(None));
        }
        merged.directives.extend(keys.into_iter().map(|key| join(Some(key))));
    }

    fn merge_implements(&mut self, sources: &[Source<'_, Type>], merged: &mut Type) {
        for source in sources {
            for interface in &source.part.implements {
                let graph = &self.schemas[source.index].graph;
                merged.directives.push(join_implements(graph, interface));
                if !merged.implements.contains(interface) {
                    merged.implements.push(interface.clone());
                }
            }
        }
    }

    fn merge_members(&mut self, sources: &[Source<'_, Type>], merged: &mut Type) {
        for source in sources {
            for member in &source.part.members {
                let graph = &self.schemas[source.index].graph;
                merged.directives.push(join_union_member(graph, member));
                if !merged.members.contains(member) {
                    merged.members.push(member.clone());
                }
            }
        }
        for member in &merged.members {
            let lacking = sources
                .iter()
                .filter(|source| !source.part.members.contains(member))
                .map(|source| (source.index, source.part.location))
                .collect::<Vec<_>>();
            if !lacking.is_empty() {
                let message = format!(
                    "union \"{}\" has the member \"{member}\" in some subgraphs only: it lacks it in {}",
                    merged.name,
                    self.names(lacking.iter().map(|(index, _)| *index))
                );
                self.hint(HintCode::InconsistentUnionMember, &merged.name, message, lacking);
            }
        }
    }

    /// Hints about entities without keys, and about types without keys whose fields differ.
    fn check_consistency(&mut self, sources: &[Source<'_, Type>], kind: Kind) {
        let name = &sources[0].part.name;
        if matches!(name.as_str(), "Query" | "Mutation" | "Subscription") {
            return;
        }
        // What stands for an interface as an object has fields of its own.
        let (objects, own): (Vec<Source<'_, Type>>, Vec<Source<'_, Type>>) =
            sources.iter().partition(|source| source.part.is_interface_object());
        let (entities, values): (Vec<&Source<'_, Type>>, Vec<&Source<'_, Type>>) =
            own.iter().partition(|source| source.part.is_entity());
        if !entities.is_empty() && !values.is_empty() && kind == Kind::Object {
            let message = format!(
                "type \"{name}\" has a @key in some subgraphs only: it has none in {}",
                self.names(values.iter().map(|source| source.index))
            );
            let places = values.iter().map(|source| (source.index, source.part.location));
            self.hint(HintCode::InconsistentEntity, name, message, places);
        }
        if entities.is_empty() {
            let code = match kind {
                Kind::Object => HintCode::InconsistentObjectValueTypeField,
                _ => HintCode::InconsistentInterfaceValueTypeField,
            };
            self.compare_fields(code, name, &own, &objects);
        }
    }

    /// Hints about fields of a type that some declarations lack and that nobody adds.
    fn compare_fields(&mut self, code: HintCode, name: &Name, own: &[Source<'_, Type>], adding: &[Source<'_, Type>]) {
        let fields = own.iter().flat_map(|source| source.part.fields.keys());
        let is_added = |field: &Name| adding.iter().any(|source| source.part.fields.contains_key(field));
        for field in fields.filter(|field| !is_added(field)).collect::<IndexSet<_>>() {
            let lacking = own.iter().filter(|source| {
                // A type of external fields is there for a selection, which may leave some out.
                let usage = &self.schemas[source.index].usage;
                let mut fields = source.part.fields.keys();
                let resolves = fields.any(|field| !usage.is_external(name, field));
                resolves && !source.part.fields.contains_key(field)
            });
            let lacking = lacking
                .map(|source| (source.index, source.part.location))
                .collect::<Vec<_>>();
            if lacking.is_empty() {
                continue;
            }
            let message = format!(
                "field \"{name}.{field}\" of a type without keys is defined in some subgraphs only: it is not defined in {}",
                self.names(lacking.iter().map(|(index, _)| *index))
            );
            self.hint(code, &format!("{name}.{field}"), message, lacking);
        }
    }

    /// Every subgraph has a query root, if only to serve the gateway.
    fn add_query(&mut self) {
        let Some(query) = self.out.types.get_mut("Query") else {
            return;
        };
        for schema in self.schemas {
            let graph = Node::new(Value::Enum(schema.graph.clone()));
            let is_joined = query
                .directives
                .iter()
                .any(|applied| applied.name == "join__type" && applied.argument("graph") == Some(&graph));
            if !is_joined {
                query.directives.push(join_type(&schema.graph).build());
            }
        }
    }
}
