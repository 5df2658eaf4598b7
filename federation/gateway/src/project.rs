//! What the client gets to see: the operation's selection, worked out once, and written for each answer.

mod collect;
pub(crate) mod introspect;
mod leaf;
pub(crate) mod write;

use std::{collections::HashSet, sync::Arc};

use graphql_tools::static_graphql::{
    query::{Document, SelectionSet, Value},
    schema::{Type, TypeDefinition},
};

use self::collect::Collector;
use crate::{
    Error,
    execute::{Room, ShapeId, Shapes},
    outline::OperationKind,
    parse,
    supergraph::{Supergraph, TypeId},
};

/// A selection ready to be written.
#[derive(Debug)]
pub(crate) struct Projection {
    pub(crate) objects: Vec<ObjectNode>,
    pub(crate) root: NodeId,
    /// Whether the schema is asked for.
    pub(crate) introspects: bool,
    /// How many bytes its answers have.
    pub(crate) room: Room,
}

/// Which object node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeId(pub(crate) u32);

/// The fields of objects of one type at one place.
#[derive(Debug)]
pub(crate) struct ObjectNode {
    pub(crate) type_name: String,
    pub(crate) fields: Vec<FieldNode>,
}

/// A field of the answer.
#[derive(Debug)]
pub(crate) struct FieldNode {
    pub(crate) key: String,
    /// `"key":`
    pub(crate) written: Box<[u8]>,
    pub(crate) source: Source,
    pub(crate) ty: Ty,
}

/// Where a field's value comes from.
#[derive(Debug)]
pub(crate) enum Source {
    /// The object's type.
    Typename,
    /// The data; no slot if no subgraph is ever asked for it.
    Slot(Option<u32>),
    /// The schema.
    Schema {
        name: String,
        arguments: Vec<(String, Value)>,
    },
}

/// The type of a place.
#[derive(Debug)]
pub(crate) struct Ty {
    pub(crate) is_non_null: bool,
    pub(crate) kind: TyKind,
}

#[derive(Debug)]
pub(crate) enum TyKind {
    List(Box<Ty>),
    Scalar(Scalar),
    /// An object, or one of several: which node for which type, in the order of the types.
    Composite {
        of: TypeId,
        nodes: Vec<(TypeId, NodeId)>,
    },
}

/// What a leaf may be.
#[derive(Clone, Debug)]
pub(crate) enum Scalar {
    Int,
    Float,
    String,
    Boolean,
    Id,
    /// One of these names.
    Enum(Arc<HashSet<String>>),
    /// Any JSON.
    Custom,
}

impl Projection {
    /// Works out the selection of a valid document's operation, whose conditions are decided.
    pub(crate) fn new(
        supergraph: &Supergraph,
        document: &Document,
        name: Option<&str>,
        shapes: &Shapes,
        most: usize,
    ) -> Result<Self, Error> {
        let operation = parse::operation(document, name)?;
        let root = match parse::kind_of(operation) {
            OperationKind::Query => Some(supergraph.query_type()),
            OperationKind::Mutation => supergraph.mutation_type(),
            OperationKind::Subscription => supergraph.subscription_type(),
        };
        let root = root.unwrap_or_default().to_owned();
        let mut compiler = Compiler {
            supergraph,
            shapes,
            collector: Collector::new(supergraph, document),
            objects: Vec::new(),
            fields: 0,
            most,
            introspects: false,
        };
        let root = compiler.object(&root, &[operation.selection_set()], Some(ShapeId::ROOT))?;
        Ok(Self {
            objects: compiler.objects,
            root,
            introspects: compiler.introspects,
            room: Room::default(),
        })
    }

    /// The memory it takes, about.
    pub(crate) fn weight(&self) -> usize {
        self.objects.iter().map(|object| 64 + object.fields.len() * 200).sum()
    }
}

struct Compiler<'a> {
    supergraph: &'a Supergraph,
    shapes: &'a Shapes,
    collector: Collector<'a>,
    objects: Vec<ObjectNode>,
    fields: usize,
    most: usize,
    introspects: bool,
}

impl<'a> Compiler<'a> {
    fn object(&mut self, type_name: &str, sets: &[&'a SelectionSet], shape: Option<ShapeId>) -> Result<NodeId, Error> {
        let collected = self.collector.fields(type_name, sets);
        self.fields += collected.len() + 1;
        if self.fields > self.most {
            return Err(Error::TooManyFields(self.most));
        }
        let id = NodeId(u32::try_from(self.objects.len()).unwrap_or(u32::MAX));
        self.objects.push(ObjectNode {
            type_name: type_name.to_owned(),
            fields: Vec::new(),
        });
        let mut fields = Vec::with_capacity(collected.len());
        for field in collected {
            let (source, ty) = if field.name == "__typename" {
                (
                    Source::Typename,
                    Ty {
                        is_non_null: true,
                        kind: TyKind::Scalar(Scalar::String),
                    },
                )
            } else {
                let Some(definition) = self.supergraph.api_field(type_name, field.name) else {
                    continue;
                };
                let slot = shape.and_then(|shape| self.shapes.slot(shape, field.key));
                let is_meta = type_name.starts_with("__") || field.name.starts_with("__");
                let below = match is_meta {
                    true => None,
                    false => shape.zip(slot).and_then(|(shape, slot)| self.shapes.child(shape, slot)),
                };
                self.introspects |= is_meta;
                let source = match is_meta {
                    true => Source::Schema {
                        name: field.name.to_owned(),
                        arguments: field.arguments.to_vec(),
                    },
                    false => Source::Slot(slot),
                };
                (source, self.ty(&definition.field_type, &field.sets, below)?)
            };
            fields.push(FieldNode {
                key: field.key.to_owned(),
                written: format!("\"{}\":", field.key).into_bytes().into(),
                source,
                ty,
            });
        }
        self.objects[id.0 as usize].fields = fields;
        Ok(id)
    }

    fn ty(&mut self, of: &Type, sets: &[&'a SelectionSet], shape: Option<ShapeId>) -> Result<Ty, Error> {
        Ok(match of {
            Type::NonNullType(inner) => Ty {
                is_non_null: true,
                ..self.ty(inner, sets, shape)?
            },
            Type::ListType(inner) => Ty {
                is_non_null: false,
                kind: TyKind::List(Box::new(self.ty(inner, sets, shape)?)),
            },
            Type::NamedType(name) => Ty {
                is_non_null: false,
                kind: self.named(name, sets, shape)?,
            },
        })
    }

    fn named(&mut self, name: &str, sets: &[&'a SelectionSet], shape: Option<ShapeId>) -> Result<TyKind, Error> {
        let Some(of) = self.supergraph.types.id(name) else {
            return Ok(TyKind::Scalar(self.scalar(name)));
        };
        let types = &self.supergraph.types;
        let mut names: Vec<&str> = types.objects_of(name).collect();
        if !names.contains(&name) {
            // An abstract type stands for objects whose type nobody told.
            names.push(name);
        }
        let mut nodes = Vec::with_capacity(names.len());
        for name in names {
            let Some(id) = types.id(name).filter(|id| types.is_visible(*id)) else {
                continue;
            };
            nodes.push((id, self.object(name, sets, shape)?));
        }
        nodes.sort_unstable_by_key(|(id, _)| *id);
        Ok(TyKind::Composite { of, nodes })
    }

    fn scalar(&self, name: &str) -> Scalar {
        match (name, self.supergraph.api_type(name)) {
            ("Int", _) => Scalar::Int,
            ("Float", _) => Scalar::Float,
            ("String", _) => Scalar::String,
            ("Boolean", _) => Scalar::Boolean,
            ("ID", _) => Scalar::Id,
            (_, Some(TypeDefinition::Enum(definition))) => Scalar::Enum(Arc::new(
                definition.values.iter().map(|value| value.name.clone()).collect(),
            )),
            _ => Scalar::Custom,
        }
    }
}
