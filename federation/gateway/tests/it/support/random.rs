//! Random operations over a schema, the same ones for the same seed.

use graphql_tools::{
    parser::parse_schema,
    static_graphql::schema::{Document, Field, Type, TypeDefinition},
};

use super::world::inner;

/// Writes operations.
pub(crate) struct Operations<'a> {
    schema: &'a Document,
    state: u64,
    fragments: Vec<String>,
}

/// The schema that operations are written for.
pub(crate) fn schema(sdl: &str) -> Document {
    parse_schema::<String>(sdl)
        .expect("the schema for clients can be read")
        .into_static()
}

impl<'a> Operations<'a> {
    pub(crate) fn new(schema: &'a Document, seed: u64) -> Self {
        Self {
            schema,
            state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03,
            fragments: Vec::new(),
        }
    }

    /// A query with the variables `$yes: Boolean = true` and `$no: Boolean = false`.
    pub(crate) fn query(&mut self) -> String {
        self.fragments.clear();
        let depth = 2 + self.below(4);
        let set = self.set("Query", depth);
        let fragments = self.fragments.join(" ");
        let declared: Vec<&str> = [("$yes", "$yes: Boolean! = true"), ("$no", "$no: Boolean! = false")]
            .into_iter()
            .filter(|(name, _)| set.contains(name) || fragments.contains(name))
            .map(|(_, declaration)| declaration)
            .collect();
        let variables = if declared.is_empty() {
            String::new()
        } else {
            format!("({})", declared.join(", "))
        };
        format!("query{variables} {set} {fragments}")
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }

    fn set(&mut self, parent: &str, depth: u64) -> String {
        let mut items = Vec::new();
        let fields: Vec<Field> = match self.schema.type_by_name(parent) {
            Some(TypeDefinition::Object(object)) => object.fields.clone(),
            Some(TypeDefinition::Interface(interface)) => interface.fields.clone(),
            _ => Vec::new(),
        };
        if !fields.is_empty() {
            for _ in 0..1 + self.below(4) {
                let index = self.below(fields.len() as u64) as usize;
                if let Some(field) = self.field(&fields[index], depth, items.len()) {
                    items.push(field);
                }
            }
        }
        let members: Vec<String> = self.members(parent);
        for member in members {
            if depth > 0 && self.below(2) == 0 {
                let below = self.set(&member, depth - 1);
                items.push(self.fragment(&member, &below));
            }
        }
        if items.is_empty() || self.below(3) == 0 {
            items.push("__typename".to_owned());
        }
        format!("{{ {} }}", items.join(" "))
    }

    fn field(&mut self, field: &Field, depth: u64, index: usize) -> Option<String> {
        let of = inner(&field.field_type);
        let is_composite = matches!(
            self.schema.type_by_name(of),
            Some(TypeDefinition::Object(_) | TypeDefinition::Interface(_) | TypeDefinition::Union(_))
        );
        if is_composite && depth == 0 {
            return None;
        }
        // Without an alias, arguments may clash with another occurrence: such an operation is refused, and left out.
        let has_arguments = !field.arguments.is_empty();
        let alias = match (has_arguments && self.below(4) > 0) || self.below(4) == 0 {
            true => format!("{}_{depth}_{index}_{}: ", field.name, self.below(1_000_000)),
            false => String::new(),
        };
        let arguments = self.arguments(field);
        let condition = match self.below(8) {
            0 => " @include(if: $yes)",
            1 => " @skip(if: $no)",
            2 => " @include(if: $no)",
            _ => "",
        };
        let below = if is_composite {
            format!(" {}", self.set(of, depth - 1))
        } else {
            String::new()
        };
        Some(format!("{alias}{}{arguments}{condition}{below}", field.name))
    }

    fn arguments(&mut self, field: &Field) -> String {
        let mut given = Vec::new();
        for argument in &field.arguments {
            let is_required = matches!(argument.value_type, Type::NonNullType(_));
            if is_required || self.below(2) == 0 {
                let value = match inner(&argument.value_type) {
                    "Int" => self.below(5).to_string(),
                    "Boolean" => (self.below(2) == 0).to_string(),
                    _ => format!("\"x{}\"", self.below(3)),
                };
                given.push(format!("{}: {value}", argument.name));
            }
        }
        if given.is_empty() {
            String::new()
        } else {
            format!("({})", given.join(", "))
        }
    }

    fn members(&self, parent: &str) -> Vec<String> {
        match self.schema.type_by_name(parent) {
            Some(TypeDefinition::Union(union)) => union.types.clone(),
            Some(TypeDefinition::Interface(interface)) => {
                let implements = |definition: &&TypeDefinition| matches!(definition, TypeDefinition::Object(object) if object.implements_interfaces.contains(&interface.name));
                let types = self.schema.type_map();
                let mut names: Vec<String> = types
                    .values()
                    .copied()
                    .filter(implements)
                    .map(|definition| definition.name().to_owned())
                    .collect();
                names.sort();
                names
            }
            _ => Vec::new(),
        }
    }

    fn fragment(&mut self, on: &str, set: &str) -> String {
        if self.below(2) == 0 {
            return format!("... on {on} {set}");
        }
        let name = format!("F{}", self.fragments.len());
        self.fragments.push(format!("fragment {name} on {on} {set}"));
        format!("...{name}")
    }
}
