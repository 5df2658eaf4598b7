//! What the client gets to see: the operation's selection, worked out once, and written for each answer.

mod collect;
mod introspect;
mod leaf;
pub(crate) mod write;
mod wrong;

use std::{collections::HashMap, sync::Arc};

use graphql_tools::static_graphql::{
    query::{Document, Value},
    schema::{Type, TypeDefinition},
};

use self::collect::{Collected, Collector, Sets};
use crate::{
    Error,
    execute::{Room, ShapeId, Shapes, Short},
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
    /// `,"key":`, or `{"key":` of the first one.
    pub(crate) opening: Short,
    pub(crate) source: Source,
    pub(crate) ty: Ty,
}

/// Where a field's value comes from.
#[derive(Debug)]
pub(crate) enum Source {
    /// The object's type.
    Typename,
    /// The data; no slot if the caller may not see it.
    Slot(Option<u32>),
    /// Nowhere: no subgraph is asked for it, because no object of this type was expected here.
    Unasked,
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
    /// One of these names; null where clients do not see it.
    Enum(Arc<HashMap<String, bool>>),
    /// Any JSON.
    Custom,
}

/// What is answered: a valid document's operation, whose conditions are decided.
pub(crate) struct Shown<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) whole: &'a Document,
    /// What is left of it where the caller may not see all. The rest is null, also where a plan fetches it as a key.
    pub(crate) permitted: Option<&'a Document>,
}

impl Projection {
    /// Works out the selection of an operation.
    pub(crate) fn new(supergraph: &Supergraph, shown: &Shown<'_>, shapes: &Shapes, most: usize) -> Result<Self, Error> {
        let operation = parse::operation(shown.whole, shown.name)?;
        let root = supergraph.root_type(parse::kind_of(operation)).unwrap_or_default();
        let permitted = shown
            .permitted
            .map(|document| parse::operation(document, shown.name))
            .transpose()?;
        let sets = Sets {
            asked: vec![operation.selection_set()],
            permitted: permitted.map(|operation| vec![operation.selection_set()]),
        };
        let mut compiler = Compiler {
            supergraph,
            shapes,
            collector: Collector::new(supergraph, shown.whole),
            permitted: shown.permitted.map(|document| Collector::new(supergraph, document)),
            objects: Vec::new(),
            fields: 0,
            most,
            introspects: false,
            listed: 0,
        };
        let root = compiler.object(root, &sets, Some(ShapeId::ROOT))?;
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
    /// Knows what is left for the caller, where that is not all.
    permitted: Option<Collector<'a>>,
    objects: Vec<ObjectNode>,
    fields: usize,
    most: usize,
    introspects: bool,
    /// How many lists of the schema are around this place.
    listed: usize,
}

impl<'a> Compiler<'a> {
    fn object(&mut self, type_name: &str, sets: &Sets<'a>, shape: Option<ShapeId>) -> Result<NodeId, Error> {
        let collected = self.collector.fields(type_name, &sets.asked);
        let permitted = self.permitted.as_ref().zip(sets.permitted.as_ref());
        let permitted = permitted.map(|(collector, sets)| collector.fields(type_name, sets));
        // Each time that a field is asked for counts: all of them are gone through for every type of its place.
        self.fields += 1 + collected.iter().map(|field| field.sets.len()).sum::<usize>();
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
            let before = if fields.is_empty() { '{' } else { ',' };
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
                let is_same = |left: &&Collected<'_>| left.key == field.key && left.name == field.name;
                let left = permitted.as_ref().map(|left| left.iter().find(is_same));
                let sets = Sets {
                    asked: field.sets,
                    permitted: left.map(|left| left.map(|left| left.sets.clone()).unwrap_or_default()),
                };
                let has_arguments = !field.arguments.is_empty();
                let kept = self.supergraph.planner.kept_as(field.key, field.name, has_arguments);
                let slot = match left {
                    Some(None) => None,
                    _ => shape.and_then(|shape| self.shapes.slot(shape, &kept)),
                };
                let is_meta = type_name.starts_with("__") || field.name.starts_with("__");
                let below = match is_meta {
                    true => None,
                    false => shape.zip(slot).and_then(|(shape, slot)| self.shapes.child(shape, slot)),
                };
                self.introspects |= is_meta;
                let source = match (is_meta, slot, left) {
                    (true, ..) => Source::Schema {
                        name: field.name.to_owned(),
                        arguments: field.arguments.to_vec(),
                    },
                    (false, None, None | Some(Some(_))) => Source::Unasked,
                    (false, slot, _) => Source::Slot(slot),
                };
                let is_list = is_meta && introspect::LISTS.contains(&field.name);
                self.listed += usize::from(is_list);
                if self.listed > introspect::MOST_LISTS {
                    return Err(Error::IntrospectionDepth);
                }
                let ty = self.ty(&definition.field_type, &sets, below)?;
                self.listed -= usize::from(is_list);
                (source, ty)
            };
            fields.push(FieldNode {
                key: field.key.to_owned(),
                opening: Short::new(&format!("{before}\"{}\":", field.key)),
                source,
                ty,
            });
        }
        self.objects[id.0 as usize].fields = fields;
        Ok(id)
    }

    fn ty(&mut self, of: &Type, sets: &Sets<'a>, shape: Option<ShapeId>) -> Result<Ty, Error> {
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

    fn named(&mut self, name: &str, sets: &Sets<'a>, shape: Option<ShapeId>) -> Result<TyKind, Error> {
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
            (_, Some(TypeDefinition::Enum(shown))) => Scalar::Enum(Arc::new(leaf::values(self.supergraph, shown))),
            _ => Scalar::Custom,
        }
    }
}
