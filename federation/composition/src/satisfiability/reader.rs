//! Reads the join directives of a supergraph's document.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::{
    Name, Node,
    ast::{Definition, Directive, DirectiveList, Document, FieldDefinition, Type, Value},
};
use indexmap::IndexMap;

use super::{
    selection::Selections,
    supergraph::{ApiField, ContextArgument, GraphId, Key, Kind, PartField, Supergraph, TypeInfo},
};
use crate::spec::Feature;

impl Supergraph {
    pub(super) fn read(document: &Document, features: &BTreeMap<Feature, Name>) -> Self {
        let mut supergraph = Self {
            graphs: Vec::new(),
            types: IndexMap::new(),
            roots: Vec::new(),
            selections: Selections::new(),
        };
        let graphs = supergraph.read_graphs(document);
        let mut reader = Reader {
            graphs,
            features,
            supergraph,
        };
        for definition in &document.definitions {
            reader.definition(definition);
        }
        reader.finish()
    }

    fn read_graphs(&mut self, document: &Document) -> IndexMap<Name, GraphId> {
        let mut graphs = IndexMap::new();
        let enums = document
            .definitions
            .iter()
            .filter_map(|it| it.as_enum_type_definition());
        for value in enums.filter(|it| it.name == "join__Graph").flat_map(|it| &it.values) {
            let name = value.directives.get("join__graph").and_then(|it| text(it, "name"));
            graphs.insert(value.value.clone(), self.graphs.len());
            self.graphs.push(name.unwrap_or_else(|| value.value.to_string()));
        }
        graphs
    }
}

struct Reader<'a> {
    graphs: IndexMap<Name, GraphId>,
    /// What the directives of features are called.
    features: &'a BTreeMap<Feature, Name>,
    supergraph: Supergraph,
}

impl Reader<'_> {
    fn definition(&mut self, definition: &Definition) {
        match definition {
            Definition::SchemaDefinition(schema) => {
                let roots = schema.root_operations.iter().map(|root| (root.0, root.1.clone()));
                self.supergraph.roots.extend(roots);
            }
            Definition::ObjectTypeDefinition(it) => {
                let info = self.type_info(Kind::Object, &it.directives, &it.fields, &it.implements_interfaces);
                self.add(&it.name, info);
            }
            Definition::InterfaceTypeDefinition(it) => {
                let info = self.type_info(Kind::Interface, &it.directives, &it.fields, &it.implements_interfaces);
                self.add(&it.name, info);
            }
            Definition::UnionTypeDefinition(it) => {
                let mut info = self.type_info(Kind::Union, &it.directives, &[], &[]);
                info.possible.extend(it.members.iter().cloned());
                for member in it.directives.get_all("join__unionMember") {
                    let part = self.graph(member).and_then(|graph| info.parts.get_mut(&graph));
                    let name = text(member, "member").and_then(|it| Name::new(&it).ok());
                    if let (Some(part), Some(name)) = (part, name) {
                        part.possible.insert(name);
                    }
                }
                self.add(&it.name, info);
            }
            _ => {}
        }
    }

    fn add(&mut self, name: &Name, info: TypeInfo) {
        self.supergraph.types.insert(name.clone(), info);
    }

    fn type_info(
        &mut self,
        kind: Kind,
        directives: &DirectiveList,
        fields: &[Node<FieldDefinition>],
        interfaces: &[Name],
    ) -> TypeInfo {
        let mut info = TypeInfo {
            kind,
            inaccessible: self.is_inaccessible(directives),
            interfaces: interfaces.to_vec(),
            contexts: self.contexts(directives),
            ..TypeInfo::default()
        };
        for join in directives.get_all("join__type") {
            let Some(graph) = self.graph(join) else { continue };
            let part = info.parts.entry(graph).or_default();
            part.is_interface_object |= flag(join, "isInterfaceObject").unwrap_or(false);
            if let Some(key) = text(join, "key") {
                part.keys.push(Key {
                    fields: self.supergraph.selections.parse(&key),
                    text: key,
                    resolvable: flag(join, "resolvable").unwrap_or(true),
                });
            }
        }
        for field in fields {
            self.field(&mut info, field);
        }
        // Which interfaces an object has in which subgraph is kept until all types are known.
        for implements in directives.get_all("join__implements") {
            let part = self.graph(implements).and_then(|graph| info.parts.get_mut(&graph));
            let name = text(implements, "interface").and_then(|it| Name::new(&it).ok());
            if let (Some(part), Some(name), Kind::Object) = (part, name, kind) {
                part.possible.insert(name);
            }
        }
        info
    }

    fn field(&mut self, info: &mut TypeInfo, field: &FieldDefinition) {
        let ty = field.ty.inner_named_type();
        let joins: Vec<_> = field.directives.get_all("join__field").collect();
        let api = ApiField {
            ty: ty.clone(),
            inaccessible: self.is_inaccessible(&field.directives),
        };
        info.fields.insert(field.name.clone(), api);
        if joins.is_empty() {
            for part in info.parts.values_mut() {
                part.fields.insert(field.name.clone(), PartField::plain(ty));
            }
        }
        for join in joins {
            let Some(graph) = self.graph(join) else { continue };
            let part_field = self.part_field(join, ty);
            let part = info.parts.entry(graph).or_default();
            part.fields.insert(field.name.clone(), part_field);
        }
    }

    fn part_field(&mut self, join: &Directive, ty: &Name) -> PartField {
        let selections = &mut self.supergraph.selections;
        let label = text(join, "overrideLabel").map(|label| (label, text(join, "override").is_some()));
        PartField {
            ty: text(join, "type")
                .and_then(|it| named(&it))
                .unwrap_or_else(|| ty.clone()),
            external: flag(join, "external").unwrap_or(false),
            overridden: label.is_none() && flag(join, "usedOverridden").unwrap_or(false),
            overrides: text(join, "override"),
            requires: text(join, "requires").map(|it| selections.parse(&it)),
            provides: text(join, "provides").map(|it| selections.parse(&it)),
            label,
            contexts: context_arguments(join, selections),
        }
    }

    fn is_inaccessible(&self, directives: &DirectiveList) -> bool {
        let name = self.features.get(&Feature::Inaccessible);
        name.is_some_and(|it| directives.has(it))
    }

    fn contexts(&self, directives: &DirectiveList) -> Vec<String> {
        let name = self.features.get(&Feature::Context).into_iter();
        let applied = name.flat_map(|it| directives.get_all(it));
        applied.filter_map(|it| text(it, "name")).collect()
    }

    fn graph(&self, directive: &Directive) -> Option<GraphId> {
        let name = directive.specified_argument_by_name("graph")?.as_enum()?;
        self.graphs.get(name).copied()
    }

    /// Turns what each object implements into what each interface stands for.
    fn finish(mut self) -> Supergraph {
        let types = &mut self.supergraph.types;
        let objects: Vec<Name> = types
            .iter()
            .filter(|(_, it)| it.kind == Kind::Object)
            .map(|(name, _)| name.clone())
            .collect();
        for object in objects {
            let info = &mut types[&object];
            info.possible.insert(object.clone());
            let interfaces = info.interfaces.clone();
            let implemented: Vec<_> = info
                .parts
                .iter_mut()
                .map(|(graph, part)| {
                    (
                        *graph,
                        std::mem::replace(&mut part.possible, BTreeSet::from([object.clone()])),
                    )
                })
                .collect();
            for interface in interfaces {
                if let Some(interface) = types.get_mut(&interface) {
                    interface.possible.insert(object.clone());
                }
            }
            for (graph, interfaces) in implemented {
                for interface in interfaces {
                    if let Some(part) = types.get_mut(&interface).and_then(|it| it.parts.get_mut(&graph)) {
                        part.possible.insert(object.clone());
                    }
                }
            }
        }
        self.supergraph
    }
}

fn context_arguments(join: &Directive, selections: &mut Selections) -> Vec<ContextArgument> {
    let arguments = join
        .specified_argument_by_name("contextArguments")
        .and_then(|it| it.as_list());
    let read = |value: &Value, name: &str| {
        let (_, value) = value.as_object()?.iter().find(|(key, _)| key == name)?;
        value.as_str().map(str::to_owned)
    };
    let arguments = arguments.into_iter().flatten().filter_map(|argument| {
        Some(ContextArgument {
            context: read(argument, "context")?,
            selection: selections.parse(&read(argument, "selection")?),
        })
    });
    arguments.collect()
}

fn text(directive: &Directive, argument: &str) -> Option<String> {
    directive
        .specified_argument_by_name(argument)?
        .as_str()
        .map(str::to_owned)
}

fn flag(directive: &Directive, argument: &str) -> Option<bool> {
    directive.specified_argument_by_name(argument)?.to_bool()
}

fn named(text: &str) -> Option<Name> {
    Some(Type::parse(text, "type").ok()?.inner_named_type().clone())
}
