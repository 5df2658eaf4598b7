//! From a plan to a program: works out every name in it.

use bytes::Bytes;

use super::{
    program::{BatchTask, Call, EntityTask, PlaceTask, Program, Read, ReadField, ReadId, Room, RootTask, Task},
    represent::{Needs, Renamed},
    shape::{ShapeId, Shapes},
    short::Short,
    value::place,
    walk::way,
};
use crate::{
    outline::OperationKind,
    plan::{Batch, Entities, Fetch, Node, Path, Plan, Selection, Step},
    supergraph::{TypeSet, Types},
};

impl Program {
    /// Makes a plan ready to run.
    pub(crate) fn new(plan: &Plan, types: &Types) -> Self {
        let mut compiler = Compiler {
            shapes: Shapes::new(plan),
            reads: Vec::new(),
            types,
            paths: Vec::new(),
        };
        if let Some(node) = &plan.node {
            compiler.collect_paths(node);
        }
        let start = plan.node.as_ref().map(|node| compiler.task(node));
        Self {
            start,
            shapes: compiler.shapes,
            reads: compiler.reads,
            room: Room::default(),
        }
    }
}

struct Compiler<'a> {
    shapes: Shapes,
    reads: Vec<Read>,
    types: &'a Types,
    /// Where all entity steps of the plan go.
    paths: Vec<Path>,
}

impl Compiler<'_> {
    fn collect_paths(&mut self, node: &Node) {
        match node {
            Node::Fetch(fetch) | Node::Subscription { primary: fetch } => self.paths.push(fetch.path.clone()),
            Node::Entities(entities) => {
                self.paths
                    .extend(entities.batches.iter().flat_map(|batch| batch.paths.iter().cloned()));
            }
            Node::Sequence { nodes } | Node::Parallel { nodes } => {
                nodes.iter().for_each(|node| self.collect_paths(node));
            }
        }
    }

    fn task(&mut self, node: &Node) -> Task {
        match node {
            Node::Fetch(fetch) => Task::Root(self.root(fetch)),
            Node::Subscription { primary } => Task::Subscription(self.root(primary)),
            Node::Entities(entities) => Task::Entities(self.entities(entities)),
            Node::Sequence { nodes } => Task::Sequence(nodes.iter().map(|node| self.task(node)).collect()),
            Node::Parallel { nodes } => Task::Parallel(nodes.iter().map(|node| self.task(node)).collect()),
        }
    }

    fn root(&mut self, fetch: &Fetch) -> RootTask {
        let (way, shape) = way(&fetch.path, &self.shapes, self.types);
        RootTask {
            call: call(&fetch.subgraph, fetch.operation, &fetch.document, &fetch.variables),
            way,
            read: self.read(&fetch.selection, shape),
            keys: fetch
                .selection
                .fields
                .iter()
                .map(|field| field.kept_as.clone())
                .collect(),
        }
    }

    fn entities(&mut self, entities: &Entities) -> EntityTask {
        let mut batches: Vec<BatchTask> = Vec::with_capacity(entities.batches.len());
        for batch in &entities.batches {
            let compiled = self.batch(&entities.subgraph, batch, &batches);
            batches.push(compiled);
        }
        EntityTask {
            call: call(
                &entities.subgraph,
                OperationKind::Query,
                &entities.document,
                &entities.variables,
            ),
            batches,
        }
    }

    fn batch(&mut self, subgraph: &str, batch: &Batch, earlier: &[BatchTask]) -> BatchTask {
        let place = |path: &Path, compiler: &mut Self| {
            let (way, shape) = way(path, &compiler.shapes, compiler.types);
            PlaceTask {
                way,
                shape,
                needs: Needs::new(&batch.requires, shape, &compiler.shapes, compiler.types),
                read: compiler.read(&batch.selection, shape),
            }
        };
        BatchTask {
            key: batch.key.clone(),
            variable: batch.variable.clone(),
            shares_variable_of: earlier.iter().position(|other| other.variable == batch.variable),
            renamed: self.renamed(subgraph, batch),
            may_share: !batch.paths.iter().any(|path| self.is_told_apart_below(path)),
            places: batch.paths.iter().map(|path| place(path, self)).collect(),
        }
    }

    /// Under which names entities are presented: as the plan says, and as the subgraph's interface objects want it,
    /// which the planner forgets where it brings several objects' fields together.
    fn renamed(&self, subgraph: &str, batch: &Batch) -> Vec<Renamed> {
        let quoted = |name: &str| format!("\"{name}\"").into_bytes();
        let interfaces = self.types.interface_objects(subgraph).iter().map(|id| Renamed {
            of: self.types.possible(*id).clone(),
            as_type: Some(*id),
            to: quoted(self.types.name(*id)),
        });
        let planned = batch.renamed_types.iter().map(|renamed| Renamed {
            of: set(&renamed.of, self.types),
            as_type: self.types.id(&renamed.to),
            to: quoted(&renamed.to),
        });
        interfaces.chain(planned).collect()
    }

    /// Whether a step goes further down from here and asks on its way down to here for a type. Two equal entities
    /// may then get different values for the same key, because what is above them differs.
    fn is_told_apart_below(&self, path: &Path) -> bool {
        let own = fields(path);
        self.paths.iter().any(|other| {
            fields(other).len() > own.len() && fields(other).starts_with(&own) && conditions_within(other, own.len())
        })
    }

    fn read(&mut self, selection: &Selection, shape: ShapeId) -> ReadId {
        let id = ReadId(place(self.reads.len()));
        let slots = place(self.shapes.slots(shape));
        self.reads.push(Read {
            shape,
            slots,
            fields: Vec::new(),
        });
        let mut fields = Vec::with_capacity(selection.fields.len());
        for field in &selection.fields {
            let slot = match field.is_typename() {
                true => Some(super::shape::TYPE_SLOT),
                false => self.shapes.slot(shape, &field.kept_as),
            };
            let Some(slot) = slot else { continue };
            let child = match field.children.fields.is_empty() {
                true => None,
                false => self
                    .shapes
                    .child(shape, slot)
                    .map(|child| self.read(&field.children, child)),
            };
            fields.push(ReadField {
                opening: Short::new(&format!("\"{}\":", field.key)),
                slot,
                child,
            });
        }
        self.reads[id.0 as usize].fields = fields;
        id
    }
}

fn call(subgraph: &str, kind: OperationKind, document: &str, variables: &[String]) -> Call {
    let escaped = serde_json::to_string(document).unwrap_or_default();
    Call {
        subgraph: subgraph.to_owned(),
        kind,
        opening: Bytes::from(format!("{{\"query\":{escaped}")),
        variables: variables.to_vec(),
    }
}

fn fields(path: &Path) -> Vec<&str> {
    let names = path.0.iter().filter_map(|step| match step {
        Step::Field(name) => Some(name.as_str()),
        _ => None,
    });
    names.collect()
}

fn conditions_within(path: &Path, fields: usize) -> bool {
    let mut seen = 0;
    for step in &path.0 {
        match step {
            Step::Field(_) if seen == fields => return false,
            Step::Field(_) => seen += 1,
            Step::On(_) => return true,
            Step::Each => {}
        }
    }
    false
}

/// All objects that are of one of these types.
pub(super) fn set(names: &[String], types: &Types) -> TypeSet {
    let mut set = TypeSet::default();
    for id in names.iter().filter_map(|name| types.id(name)) {
        set.extend(types.possible(id));
    }
    set
}
