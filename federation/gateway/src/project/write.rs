//! Writes the answer: the selection over the data, straight to bytes, with nulls where the specification wants them.

use std::ops::Range;

use bytes::Bytes;
use platform_config::ByteSize;
use platform_error::Code;
use rustc_hash::FxHashMap;

use super::{
    FieldNode, NodeId, Projection, Scalar, Source, Ty, TyKind,
    introspect::{Full, Schema},
    leaf,
    wrong::Segment,
};
use crate::{
    execute::{Data, Kind, Leaf, ROOT, Scanner, TYPE_SLOT, Value, place},
    fault::{Fault, PathSegment},
    request::Variables,
    supergraph::{Supergraph, TypeId},
};

/// A null that the place must not have: the object or list above becomes null instead. Or the answer is too large, and
/// all of it becomes null.
struct Bubble;

/// What comes before the data.
const OPENING: &[u8] = b"{\"data\":";

/// Writes one answer.
pub(crate) struct Projector<'a> {
    projection: &'a Projection,
    supergraph: &'a Supergraph,
    variables: &'a Variables,
    data: &'a Data,
    out: Vec<u8>,
    /// Where lists have been written whole: what several parents share is copied from there.
    written: FxHashMap<(u32, *const Ty), Range<usize>>,
    pub(super) path: Vec<Segment<'a>>,
    pub(super) faults: Vec<Fault>,
    pub(super) lost: Vec<Vec<PathSegment>>,
    /// How often something was wrong, whether or not it was added to the errors.
    pub(super) wrongs: usize,
    /// How many bytes the answer may have.
    most: usize,
    is_full: bool,
}

impl<'a> Projector<'a> {
    /// For one request; `faults` are the errors so far, and `lost` the places that lack a value because of them.
    pub(crate) fn new(
        projection: &'a Projection,
        supergraph: &'a Supergraph,
        variables: &'a Variables,
        data: &'a Data,
        (faults, lost): (Vec<Fault>, Vec<Vec<PathSegment>>),
    ) -> Self {
        Self {
            projection,
            supergraph,
            variables,
            data,
            out: Vec::with_capacity(projection.room.expected().max(data.size()) + 256),
            written: FxHashMap::default(),
            path: Vec::with_capacity(16),
            faults,
            lost,
            wrongs: 0,
            most: usize::MAX,
            is_full: false,
        }
    }

    /// The answer as `{"data":…}`, and all errors. An answer of more bytes than `limit` is null.
    pub(crate) fn write(mut self, limit: ByteSize) -> (Bytes, Vec<Fault>) {
        self.most = limit.as_usize();
        self.out.extend_from_slice(OPENING);
        let written = self.object(self.projection.root, ROOT);
        if self.is_full || self.out.len() > self.most {
            let message = format!("the answer is larger than {limit}; ask for less at once");
            self.faults.push(Fault::new(Code::Invalid, message));
            self.out = [OPENING, b"null"].concat();
        } else if written.is_err() {
            self.out.truncate(OPENING.len());
            self.out.extend_from_slice(b"null");
        }
        self.out.push(b'}');
        self.projection.room.learn(self.out.len());
        (self.out.into(), self.faults)
    }

    fn object(&mut self, node: NodeId, object: u32) -> Result<(), Bubble> {
        let projection = self.projection;
        let node = &projection.objects[node.0 as usize];
        if node.fields.is_empty() {
            self.out.push(b'{');
        }
        for field in &node.fields {
            field.opening.append_to(&mut self.out);
            if self.writes_plain(object, field) {
                continue;
            }
            self.path.push(Segment::Key(&field.key));
            match &field.source {
                Source::Slot(slot) => {
                    let value = slot.map_or(Value::Missing, |slot| self.data.at(object, slot));
                    self.place(value, &field.ty)?;
                }
                Source::Unasked => {
                    self.report_unasked();
                    self.place(Value::Null, &field.ty)?;
                }
                Source::Typename => self.typename(object, &node.type_name)?,
                Source::Schema { name, arguments } => {
                    let schema = Schema {
                        projection,
                        supergraph: self.supergraph,
                        variables: self.variables,
                        most: self.most,
                    };
                    let written = schema.root(name, arguments, &field.ty, &mut self.out);
                    written.map_err(|Full| self.overflow())?;
                }
            }
            self.path.pop();
        }
        self.out.push(b'}');
        Ok(())
    }

    /// Writes a field without more ado if it is what most are: a leaf that is as its type says.
    #[inline]
    fn writes_plain(&mut self, object: u32, field: &FieldNode) -> bool {
        let (Source::Slot(Some(slot)), TyKind::Scalar(scalar)) = (&field.source, &field.ty.kind) else {
            return false;
        };
        match self.data.at(object, *slot) {
            Value::Leaf(leaf) if self.out.len() <= self.most => {
                leaf::write(scalar, leaf, self.data, &mut self.out) == Ok(true)
            }
            _ => false,
        }
    }

    fn typename(&mut self, object: u32, known: &str) -> Result<(), Bubble> {
        let supergraph = self.supergraph;
        let name = match self.data.at(object, TYPE_SLOT) {
            Value::Type(id) if object != ROOT && supergraph.types.is_object(id) => supergraph.types.name(id),
            _ => {
                let mut objects = supergraph.types.objects_of(known);
                match (objects.next(), objects.next()) {
                    (Some(only), None) => only,
                    _ => {
                        self.misfit("__typename");
                        return Err(Bubble);
                    }
                }
            }
        };
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'"');
        Ok(())
    }

    fn place(&mut self, value: Value, ty: &'a Ty) -> Result<(), Bubble> {
        let (mark, depth) = (self.out.len(), self.path.len());
        if mark > self.most {
            return Err(self.overflow());
        }
        match self.value(value, &ty.kind) {
            Ok(true) => Ok(()),
            Ok(false) if ty.is_non_null => {
                self.report_null();
                Err(Bubble)
            }
            Err(Bubble) if ty.is_non_null || self.is_full => Err(Bubble),
            Ok(false) | Err(Bubble) => {
                if self.out.len() > mark {
                    self.out.truncate(mark);
                    self.written.clear();
                }
                self.path.truncate(depth);
                self.out.extend_from_slice(b"null");
                Ok(())
            }
        }
    }

    /// Writes a value; false if it is null, which is left to the caller to write.
    fn value(&mut self, value: Value, kind: &'a TyKind) -> Result<bool, Bubble> {
        match (value, kind) {
            (Value::Missing | Value::Null, _) => Ok(false),
            (Value::Leaf(leaf), TyKind::Scalar(scalar)) => Ok(self.leaf(leaf, scalar)),
            (Value::Object { start, .. }, TyKind::Composite { of, nodes }) => self.composite(start, *of, nodes),
            (Value::List { start, len }, TyKind::List(ty)) => self.list(start, len, ty).map(|()| true),
            (Value::Leaf(leaf), TyKind::List(ty)) if leaf.kind == Kind::List => self.raw_list(leaf, ty).map(|()| true),
            (_, TyKind::List(_)) => Ok(self.misfit("list")),
            (_, TyKind::Composite { .. }) => Ok(self.misfit("object")),
            (_, TyKind::Scalar(_)) => Ok(self.misfit("scalar")),
        }
    }

    fn list(&mut self, start: u32, len: u32, ty: &'a Ty) -> Result<(), Bubble> {
        let key = (start, std::ptr::from_ref(ty));
        if len > 0
            && let Some(range) = self.written.get(&key).cloned()
        {
            if self.out.len() + range.len() > self.most {
                return Err(self.overflow());
            }
            self.out.extend_from_within(range);
            return Ok(());
        }
        let (from, wrongs) = (self.out.len(), self.wrongs);
        self.out.push(b'[');
        for index in 0..len {
            self.element(index, self.data.at(start, index), ty)?;
        }
        self.out.push(b']');
        // Errors have a path, so what has some is written again for each place.
        if len > 0 && self.wrongs == wrongs {
            self.written.insert(key, from..self.out.len());
        }
        Ok(())
    }

    fn element(&mut self, index: u32, value: Value, ty: &'a Ty) -> Result<(), Bubble> {
        if index > 0 {
            self.out.push(b',');
        }
        self.path.push(Segment::Index(index));
        self.place(value, ty)?;
        self.path.pop();
        Ok(())
    }

    /// A list of leaves, which is kept as the bytes it came in.
    fn raw_list(&mut self, list: Leaf, ty: &'a Ty) -> Result<(), Bubble> {
        let data = self.data;
        let bytes = data.bytes(list);
        let mut scan = Scanner::at(bytes, 1);
        self.out.push(b'[');
        let mut index = 0;
        // The bytes were read before, so what cannot be read here is the end.
        while !matches!(scan.peek(), None | Some(b']')) {
            let start = scan.position();
            let Ok(kind) = scan.skip(1) else { break };
            let value = match kind {
                Kind::Null => Value::Null,
                kind => Value::Leaf(Leaf {
                    kind,
                    start: list.start + place(start),
                    len: place(scan.position() - start),
                    ..list
                }),
            };
            self.element(index, value, ty)?;
            index += 1;
            scan.eat(b',');
        }
        self.out.push(b']');
        Ok(())
    }

    fn composite(&mut self, object: u32, of: TypeId, nodes: &[(TypeId, NodeId)]) -> Result<bool, Bubble> {
        let id = match self.data.at(object, TYPE_SLOT) {
            Value::Type(id) if !self.supergraph.types.is_object(of) => id,
            Value::Null if !self.supergraph.types.is_object(of) => {
                return Ok(self.misfit(self.supergraph.types.name(of)));
            }
            _ => of,
        };
        let Ok(found) = nodes.binary_search_by_key(&id, |(id, _)| *id) else {
            // A type that clients do not see is as good as no object.
            return Ok(match self.supergraph.types.is_visible(id) {
                true => self.misfit(self.supergraph.types.name(of)),
                false => false,
            });
        };
        self.object(nodes[found].1, object)?;
        Ok(true)
    }

    fn leaf(&mut self, leaf: Leaf, scalar: &Scalar) -> bool {
        match leaf::write(scalar, leaf, self.data, &mut self.out) {
            Ok(is_shown) => is_shown,
            Err(expected) => self.misfit(expected),
        }
    }

    fn overflow(&mut self) -> Bubble {
        self.is_full = true;
        Bubble
    }
}
