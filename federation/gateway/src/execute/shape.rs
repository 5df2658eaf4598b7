//! Which keys an object of the answer can have, worked out before any answer is here.

use crate::plan::{Node, Path, Plan, Selection, Step, of_client};

/// The shape of the objects at one place of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ShapeId(pub(crate) u32);

impl ShapeId {
    /// The shape of the whole.
    pub(crate) const ROOT: Self = Self(0);
}

/// The slot in which every object keeps its type.
pub(crate) const TYPE_SLOT: u32 = 0;

/// All shapes of one plan.
#[derive(Clone, Debug)]
pub(crate) struct Shapes(Vec<Shape>);

#[derive(Clone, Debug, Default)]
struct Shape {
    /// The keys of the slots after the first.
    keys: Vec<Key>,
    /// Aliases of the planner's that share a slot with a key.
    aliases: Vec<(String, u32)>,
}

#[derive(Clone, Debug)]
struct Key {
    name: String,
    child: Option<ShapeId>,
}

impl Shapes {
    /// The shapes of everything a plan asks for.
    pub(crate) fn new(plan: &Plan) -> Self {
        let mut shapes = Self(vec![Shape::default()]);
        if let Some(node) = &plan.node {
            shapes.visit(node);
        }
        shapes
    }

    fn visit(&mut self, node: &Node) {
        match node {
            Node::Fetch(fetch) | Node::Subscription { primary: fetch } => self.grow_at(&fetch.path, &fetch.selection),
            Node::Entities(entities) => {
                for batch in &entities.batches {
                    for path in &batch.paths {
                        self.grow_at(path, &batch.selection);
                    }
                }
            }
            Node::Sequence { nodes } | Node::Parallel { nodes } => nodes.iter().for_each(|node| self.visit(node)),
        }
    }

    fn grow_at(&mut self, path: &Path, selection: &Selection) {
        let mut shape = ShapeId::ROOT;
        for step in &path.0 {
            if let Step::Field(name) = step {
                let slot = self.slot_or_new(shape, name);
                shape = self.child_or_new(shape, slot);
            }
        }
        self.grow(shape, selection);
    }

    fn grow(&mut self, shape: ShapeId, selection: &Selection) {
        for field in selection.fields.iter().filter(|field| !field.is_typename()) {
            let slot = self.slot_or_new(shape, &field.kept_as);
            if field.key != field.kept_as {
                self.0[shape.0 as usize].aliases.push((field.key.clone(), slot));
            }
            if !field.children.fields.is_empty() {
                let child = self.child_or_new(shape, slot);
                self.grow(child, &field.children);
            }
        }
    }

    fn slot_or_new(&mut self, shape: ShapeId, name: &str) -> u32 {
        if let Some(slot) = self.slot(shape, name) {
            return slot;
        }
        let keys = &mut self.0[shape.0 as usize].keys;
        keys.push(Key {
            name: name.to_owned(),
            child: None,
        });
        super::value::place(keys.len())
    }

    fn child_or_new(&mut self, shape: ShapeId, slot: u32) -> ShapeId {
        if let Some(child) = self.child(shape, slot) {
            return child;
        }
        let child = ShapeId(super::value::place(self.0.len()));
        self.0.push(Shape::default());
        self.0[shape.0 as usize].keys[slot as usize - 1].child = Some(child);
        child
    }

    /// The slot of a key, or of an alias.
    pub(crate) fn slot(&self, shape: ShapeId, name: &str) -> Option<u32> {
        let Shape { keys, aliases } = &self.0[shape.0 as usize];
        let by_name = (1u32..)
            .zip(keys)
            .find(|(_, key)| key.name == name)
            .map(|(slot, _)| slot);
        by_name.or_else(|| {
            aliases
                .iter()
                .rev()
                .find(|(alias, _)| alias == name)
                .map(|(_, slot)| *slot)
        })
    }

    /// The shape below a slot.
    pub(crate) fn child(&self, shape: ShapeId, slot: u32) -> Option<ShapeId> {
        self.0[shape.0 as usize]
            .keys
            .get((slot as usize).checked_sub(1)?)?
            .child
    }

    /// The key of a slot, as the client knows it.
    pub(crate) fn key(&self, shape: ShapeId, slot: u32) -> &str {
        let key = (slot as usize)
            .checked_sub(1)
            .and_then(|index| self.0[shape.0 as usize].keys.get(index));
        key.map_or("__typename", |key| of_client(&key.name))
    }

    /// How many slots an object has.
    #[inline]
    pub(crate) fn slots(&self, shape: ShapeId) -> usize {
        self.0[shape.0 as usize].keys.len() + 1
    }

    /// The memory they take, about.
    pub(crate) fn weight(&self) -> usize {
        self.0.iter().map(|shape| 64 + shape.keys.len() * 64).sum()
    }
}
