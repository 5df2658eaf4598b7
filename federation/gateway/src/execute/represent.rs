//! Writes the representations of entities, straight from the data into the request.

use std::iter;

use super::{
    shape::{ShapeId, Shapes, TYPE_SLOT},
    value::{Data, Value},
};
use crate::{
    plan::Requirement,
    supergraph::{TypeId, TypeSet, Types},
};

/// What is needed of the objects of one shape.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    items: Vec<Need>,
    /// Whether a key may come up twice, so that its parts have to be brought together first.
    has_twins: bool,
    /// The slots of all that it is made of: the type, and the fields of any type.
    pub(super) slots: Vec<u32>,
}

#[derive(Debug)]
enum Need {
    Field(FieldNeed),
    On {
        condition: TypeId,
        of: TypeSet,
        needs: Needs,
    },
    /// The type, which every representation starts with anyway.
    Typename,
}

#[derive(Debug)]
struct FieldNeed {
    /// `"key":`
    key: Vec<u8>,
    slot: u32,
    needs: Needs,
}

/// Entities of these types are presented under another name.
#[derive(Debug)]
pub(crate) struct Renamed {
    pub(crate) of: TypeSet,
    pub(crate) as_type: Option<TypeId>,
    /// The name in quotes.
    pub(crate) to: Vec<u8>,
}

impl Needs {
    /// Works out requirements for objects of a shape.
    pub(crate) fn new(requires: &[Requirement], shape: ShapeId, shapes: &Shapes, types: &Types) -> Self {
        let mut items = Vec::with_capacity(requires.len());
        for requirement in requires {
            match requirement {
                Requirement::Field { key, .. } if key == "__typename" => items.push(Need::Typename),
                Requirement::Field { key, source, fields } => {
                    let Some(slot) = shapes.slot(shape, source).or_else(|| shapes.slot(shape, key)) else {
                        continue;
                    };
                    let needs = match shapes.child(shape, slot) {
                        Some(child) => Self::new(fields, child, shapes, types),
                        None => Self::default(),
                    };
                    let key = format!("\"{key}\":").into_bytes();
                    items.push(Need::Field(FieldNeed { key, slot, needs }));
                }
                Requirement::On { condition, fields } => {
                    let Some(id) = types.id(condition) else { continue };
                    items.push(Need::On {
                        condition: id,
                        of: types.possible(id).clone(),
                        needs: Self::new(fields, shape, shapes, types),
                    });
                }
            }
        }
        let mut fields = Vec::new();
        collect_fields(&items, &mut fields);
        let slots = fields.iter().map(|field| field.slot);
        let slots = iter::once(TYPE_SLOT).chain(slots).collect();
        fields.sort_unstable_by_key(|field| &field.key);
        let has_twins = fields.windows(2).any(|pair| pair[0].key == pair[1].key);
        Self {
            items,
            has_twins,
            slots,
        }
    }

    /// Whether all of it is about one type of a set.
    fn is_about_one_of(&self, types: &TypeSet) -> bool {
        matches!(self.items.as_slice(), [Need::On { condition, .. }] if types.contains(*condition))
    }
}

fn collect_fields<'a>(items: &'a [Need], fields: &mut Vec<&'a FieldNeed>) {
    for item in items {
        match item {
            Need::Field(field) => fields.push(field),
            Need::On { needs, .. } => collect_fields(&needs.items, fields),
            Need::Typename => {}
        }
    }
}

/// Writes representations of objects of one request.
pub(crate) struct Writer<'a> {
    pub(crate) data: &'a Data,
    pub(crate) types: &'a Types,
    pub(crate) out: &'a mut Vec<u8>,
}

impl Writer<'_> {
    /// Writes an entity. False, with nothing written, if nothing is known that tells it from others.
    pub(crate) fn entity(&mut self, needs: &Needs, object: u32, renamed: &[Renamed]) -> bool {
        let mark = self.out.len();
        let id = match self.data.at(object, TYPE_SLOT) {
            Value::Type(id) => Some(id),
            _ => None,
        };
        let renamed = id.and_then(|id| renamed.iter().rev().find(|renamed| renamed.of.contains(id)));
        self.out.push(b'{');
        if let Some(id) = id {
            self.out.extend_from_slice(b"\"__typename\":");
            match renamed {
                Some(renamed) => self.out.extend_from_slice(&renamed.to),
                None => self.name(id),
            }
        }
        let before = self.out.len();
        // The planner sometimes names only one of the objects that it presents under the name of their interface.
        let presented = renamed.and_then(|renamed| renamed.as_type);
        let is_named_by_another =
            presented.is_some_and(|presented| needs.is_about_one_of(self.types.possible(presented)));
        self.fields(needs, object, if is_named_by_another { None } else { id });
        let wrote = self.out.len() > before;
        if !wrote && !asks_for_type_alone(needs) {
            self.out.truncate(mark);
            return false;
        }
        self.out.push(b'}');
        true
    }

    fn name(&mut self, id: TypeId) {
        self.out.push(b'"');
        self.out.extend_from_slice(self.types.name(id).as_bytes());
        self.out.push(b'"');
    }

    fn fields(&mut self, needs: &Needs, object: u32, id: Option<TypeId>) {
        if !needs.has_twins {
            return self.each(&needs.items, object, id);
        }
        let mut fields: Vec<(&FieldNeed, Vec<&Needs>)> = Vec::new();
        self.gather(&needs.items, id, &mut fields);
        for (field, parts) in fields {
            self.one(field, &parts, object);
        }
    }

    fn each(&mut self, items: &[Need], object: u32, id: Option<TypeId>) {
        for item in items {
            match item {
                Need::Field(field) => self.one(field, &[&field.needs], object),
                Need::On { condition, of, needs } if self.applies(*condition, of, id) => {
                    self.each(&needs.items, object, id);
                }
                Need::On { .. } | Need::Typename => {}
            }
        }
    }

    fn gather<'n>(&self, items: &'n [Need], id: Option<TypeId>, out: &mut Vec<(&'n FieldNeed, Vec<&'n Needs>)>) {
        for item in items {
            match item {
                Need::Field(field) => match out.iter_mut().find(|(known, _)| known.key == field.key) {
                    Some((_, parts)) => parts.push(&field.needs),
                    None => out.push((field, vec![&field.needs])),
                },
                Need::On { condition, of, needs } if self.applies(*condition, of, id) => {
                    self.gather(&needs.items, id, out);
                }
                Need::On { .. } | Need::Typename => {}
            }
        }
    }

    fn applies(&self, condition: TypeId, of: &TypeSet, id: Option<TypeId>) -> bool {
        id.is_none_or(|id| of.contains(id) || self.types.possible(id).contains(condition))
    }

    fn one(&mut self, field: &FieldNeed, parts: &[&Needs], object: u32) {
        let value = self.data.at(object, field.slot);
        if value == Value::Missing {
            return;
        }
        let mark = self.out.len();
        if self.out.last() != Some(&b'{') {
            self.out.push(b',');
        }
        self.out.extend_from_slice(&field.key);
        if !self.value(value, parts) {
            self.out.truncate(mark);
        }
    }

    /// Writes a value; false if there is nothing to say of it.
    fn value(&mut self, value: Value, parts: &[&Needs]) -> bool {
        match value {
            Value::Missing => return false,
            Value::Null => self.out.extend_from_slice(b"null"),
            Value::Type(id) => self.name(id),
            Value::Leaf(leaf) => self.out.extend_from_slice(self.data.bytes(leaf)),
            Value::List { start, len } => {
                self.out.push(b'[');
                for index in 0..len {
                    if index > 0 {
                        self.out.push(b',');
                    }
                    if !self.value(self.data.at(start, index), parts) {
                        self.out.extend_from_slice(b"null");
                    }
                }
                self.out.push(b']');
            }
            Value::Object { start, .. } => return self.nested(start, parts),
        }
        true
    }

    fn nested(&mut self, object: u32, parts: &[&Needs]) -> bool {
        let mark = self.out.len();
        let id = match self.data.at(object, TYPE_SLOT) {
            Value::Type(id) => Some(id),
            _ => None,
        };
        self.out.push(b'{');
        if let Some(id) = id {
            self.out.extend_from_slice(b"\"__typename\":");
            self.name(id);
        }
        match parts {
            [one] => self.fields(one, object, id),
            _ => {
                let mut fields = Vec::new();
                parts
                    .iter()
                    .for_each(|needs| self.gather(&needs.items, id, &mut fields));
                for (field, below) in fields {
                    self.one(field, &below, object);
                }
            }
        }
        self.out.push(b'}');
        let is_empty = self.out.len() == mark + 2;
        if is_empty {
            self.out.truncate(mark);
        }
        !is_empty
    }
}

fn asks_for_type_alone(needs: &Needs) -> bool {
    needs.items.iter().all(|item| match item {
        Need::Typename => true,
        Need::On { needs, .. } => asks_for_type_alone(needs),
        Need::Field(_) => false,
    })
}
