//! From the answer to an introspection query to a schema's text.

use std::fmt::Write;

use serde::Deserialize;
use serde_json::Value;

/// A schema as introspection tells it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Schema {
    query_type: Root,
    #[serde(default)]
    mutation_type: Option<Root>,
    #[serde(default)]
    subscription_type: Option<Root>,
    types: Vec<Type>,
}

#[derive(Deserialize)]
struct Root {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Type {
    kind: String,
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    fields: Option<Vec<Field>>,
    #[serde(default)]
    input_fields: Option<Vec<Input>>,
    #[serde(default)]
    interfaces: Option<Vec<Reference>>,
    #[serde(default)]
    enum_values: Option<Vec<EnumValue>>,
    #[serde(default)]
    possible_types: Option<Vec<Reference>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Field {
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    args: Vec<Input>,
    #[serde(rename = "type")]
    ty: Reference,
    #[serde(flatten)]
    deprecation: Deprecation,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EnumValue {
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(flatten)]
    deprecation: Deprecation,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deprecation {
    #[serde(default)]
    is_deprecated: bool,
    #[serde(default)]
    deprecation_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(rename = "type")]
    ty: Reference,
    #[serde(default)]
    default_value: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    of_type: Option<Box<Reference>>,
}

impl Schema {
    /// The text. What introspection does not tell, directives above all, is not in it.
    pub(super) fn sdl(&self) -> String {
        let mut out = format!("schema {{\n  query: {}\n", self.query_type.name);
        for (operation, root) in [
            ("mutation", &self.mutation_type),
            ("subscription", &self.subscription_type),
        ] {
            if let Some(root) = root {
                let _ = writeln!(out, "  {operation}: {}", root.name);
            }
        }
        out.push_str("}\n");
        let built_in = ["Boolean", "Float", "ID", "Int", "String"];
        let own = |ty: &&Type| !ty.name.starts_with("__") && !built_in.contains(&ty.name.as_str());
        for ty in self.types.iter().filter(own) {
            ty.print(&mut out);
        }
        out
    }
}

impl Type {
    fn print(&self, out: &mut String) {
        describe(self.description.as_deref(), "", out);
        match self.kind.as_str() {
            "SCALAR" => {
                let _ = writeln!(out, "scalar {}", self.name);
            }
            "UNION" => {
                let members = names(self.possible_types.as_deref()).join(" | ");
                let _ = writeln!(out, "union {} = {members}", self.name);
            }
            "ENUM" => {
                let _ = writeln!(out, "enum {} {{", self.name);
                for value in self.enum_values.iter().flatten() {
                    describe(value.description.as_deref(), "  ", out);
                    let _ = writeln!(out, "  {}{}", value.name, value.deprecation.print());
                }
                out.push_str("}\n");
            }
            "INPUT_OBJECT" => {
                let _ = writeln!(out, "input {} {{", self.name);
                for field in self.input_fields.iter().flatten() {
                    describe(field.description.as_deref(), "  ", out);
                    let _ = writeln!(out, "  {}", field.print());
                }
                out.push_str("}\n");
            }
            kind => {
                let keyword = if kind == "INTERFACE" { "interface" } else { "type" };
                let interfaces = names(self.interfaces.as_deref());
                let implements = match interfaces.is_empty() {
                    true => String::new(),
                    false => format!(" implements {}", interfaces.join(" & ")),
                };
                let _ = writeln!(out, "{keyword} {}{implements} {{", self.name);
                self.fields.iter().flatten().for_each(|field| field.print(out));
                out.push_str("}\n");
            }
        }
    }
}

impl Field {
    fn print(&self, out: &mut String) {
        describe(self.description.as_deref(), "  ", out);
        let _ = write!(out, "  {}", self.name);
        if !self.args.is_empty() {
            out.push_str("(\n");
            for argument in &self.args {
                describe(argument.description.as_deref(), "    ", out);
                let _ = writeln!(out, "    {}", argument.print());
            }
            out.push_str("  )");
        }
        let _ = writeln!(out, ": {}{}", self.ty.print(), self.deprecation.print());
    }
}

impl Input {
    fn print(&self) -> String {
        let default = self
            .default_value
            .as_ref()
            .map(|value| format!(" = {value}"))
            .unwrap_or_default();
        format!("{}: {}{default}", self.name, self.ty.print())
    }
}

impl Deprecation {
    fn print(&self) -> String {
        match (&self.deprecation_reason, self.is_deprecated) {
            (Some(reason), true) => format!(" @deprecated(reason: {})", quoted(reason)),
            (None, true) => " @deprecated".into(),
            _ => String::new(),
        }
    }
}

impl Reference {
    fn print(&self) -> String {
        let inner = || self.of_type.as_ref().map(|inner| inner.print()).unwrap_or_default();
        match self.kind.as_str() {
            "NON_NULL" => format!("{}!", inner()),
            "LIST" => format!("[{}]", inner()),
            _ => self.name.clone().unwrap_or_default(),
        }
    }
}

fn names(references: Option<&[Reference]>) -> Vec<String> {
    references.into_iter().flatten().map(Reference::print).collect()
}

fn describe(description: Option<&str>, indent: &str, out: &mut String) {
    if let Some(text) = description.filter(|text| !text.is_empty()) {
        let _ = writeln!(out, "{indent}{}", quoted(text));
    }
}

/// JSON strings are GraphQL strings.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
