//! What a supergraph needs besides its types: links, definitions of the join directives, the list of subgraphs.

use std::fmt::Write;

use apollo_compiler::{
    Node,
    ast::{Definition, Directive, Document},
};

use crate::{
    merge::Merged,
    spec::{Feature, SPECS, Version, definition, types_of},
    subgraph::Schema,
};

/// The machinery of a supergraph.
pub(super) struct Header {
    pub(super) links: Vec<Node<Directive>>,
    pub(super) definitions: Vec<Definition>,
}

/// Links and definitions for what is merged.
pub(super) fn header(merged: &Merged, schemas: &[Schema]) -> Header {
    let newest = schemas
        .iter()
        .map(Schema::needed_version)
        .max()
        .unwrap_or(Version::FEDERATION_2);
    let join = join_version(newest);
    let mut text = String::from("schema\n  @link(url: \"https://specs.apollo.dev/link/v1.0\")\n");
    let _ = writeln!(text, "  @link(url: \"{SPECS}join/{join}\", for: EXECUTION)");
    for spec in specs(merged) {
        text.push_str(&spec.link());
    }
    for (link, alias) in merged.links.iter().zip(aliases(merged)) {
        let version = link.version.map(|version| format!("/{version}")).unwrap_or_default();
        let imports = link.imports.iter().map(|(element, alias)| import(element, alias));
        let imports = imports.collect::<Vec<_>>().join(", ");
        let url = quoted(&format!("{}{version}", link.identity));
        let _ = writeln!(text, "  @link(url: {url}{alias}, import: [{imports}])");
    }
    text.push_str("{ query: Query }\n");
    text.push_str(LINK);
    text.push_str(join_definitions(join).as_str());
    for spec in specs(merged) {
        text.push_str(&spec.definitions());
    }
    text.push_str(&graphs(schemas));

    let parsed = Document::parse(text, "header").unwrap_or_else(|partial| partial.partial);
    let (schema, definitions): (Vec<_>, Vec<_>) = parsed
        .definitions
        .into_iter()
        .partition(|definition| matches!(definition, Definition::SchemaDefinition(_)));
    let links = schema
        .first()
        .map(|schema| schema.directives().0.clone())
        .unwrap_or_default();
    Header { links, definitions }
}

/// The oldest version of the join specification that can say what the subgraphs may say.
fn join_version(newest: Version) -> Version {
    match newest {
        newest if newest >= Version::new(2, 8) => Version::new(0, 5),
        newest if newest >= Version::new(2, 7) => Version::new(0, 4),
        _ => Version::new(0, 3),
    }
}

/// A specification that the supergraph links, with what its directives are called.
struct Spec {
    name: &'static str,
    version: &'static str,
    is_security: bool,
    directives: Vec<(Feature, String, bool)>,
}

impl Spec {
    fn link(&self) -> String {
        let purpose = if self.is_security { ", for: SECURITY" } else { "" };
        let imported = self
            .directives
            .iter()
            .filter(|(feature, local, is_used)| *is_used && *local != self.usual(*feature));
        let imports = imported.map(|(feature, local, _)| import(&format!("@{}", feature.name()), &format!("@{local}")));
        let imports = imports.collect::<Vec<_>>();
        let import = match imports.as_slice() {
            [] => String::new(),
            imports => format!(", import: [{}]", imports.join(", ")),
        };
        format!(
            "  @link(url: \"{SPECS}{}/{}\"{purpose}{import})\n",
            self.name, self.version
        )
    }

    fn definitions(&self) -> String {
        let mut text = String::new();
        for (feature, local, _) in &self.directives {
            let type_name = |element: &str| format!("{}__{element}", self.name);
            text.push_str(&definition(*feature, Version::NEWEST, local, type_name));
            for element in types_of(*feature) {
                let _ = writeln!(text, "scalar {}", type_name(element));
            }
        }
        text
    }

    /// What a directive of the specification is called if nothing else is said.
    fn usual(&self, feature: Feature) -> String {
        usual(self.name, feature)
    }
}

fn usual(spec: &str, feature: Feature) -> String {
    if feature.name() == spec {
        return spec.to_owned();
    }
    format!("{spec}__{}", feature.name())
}

fn specs(merged: &Merged) -> Vec<Spec> {
    let mut specs: Vec<Spec> = Vec::new();
    for feature in Feature::FEDERATION {
        let Some(spec) = feature.supergraph_spec() else {
            continue;
        };
        let is_linked = merged
            .features
            .keys()
            .any(|used| used.supergraph_spec().is_some_and(|other| other.name == spec.name));
        if !is_linked {
            continue;
        }
        let used = merged.features.get(&feature);
        let local = used.map_or_else(|| usual(spec.name, feature), |name| name.to_string());
        let directive = (feature, local, used.is_some());
        match specs.iter_mut().find(|known| known.name == spec.name) {
            Some(known) => known.directives.push(directive),
            None => specs.push(Spec {
                name: spec.name,
                version: spec.version,
                is_security: spec.is_security,
                directives: vec![directive],
            }),
        }
    }
    specs
}

/// Under which names the specifications of composed directives are linked, where their own are taken by other
/// specifications or by directives that are not theirs.
fn aliases(merged: &Merged) -> Vec<String> {
    let own = specs(merged);
    let mut specifications: Vec<&str> = own.iter().map(|spec| spec.name).chain(["link", "join"]).collect();
    let (mut aliases, mut count) = (Vec::new(), 0);
    for link in &merged.links {
        let name = link.name();
        let imported = merged.links.iter().flat_map(|other| {
            let imports = other.imports.iter();
            let imports = imports.filter(|(element, alias)| other.identity != link.identity || element != alias);
            imports.filter_map(|(_, alias)| alias.strip_prefix('@'))
        });
        let mut directives = imported.chain(merged.features.values().map(|name| name.as_str()));
        if !specifications.contains(&name) && !directives.any(|directive| directive == name) {
            specifications.push(name);
            aliases.push(String::new());
            continue;
        }
        let letters: String = name.chars().filter(char::is_ascii_alphabetic).collect();
        aliases.push(format!(", as: \"_{count}{letters}\""));
        count += 1;
    }
    aliases
}

fn import(element: &str, alias: &str) -> String {
    if element == alias {
        return format!("\"{element}\"");
    }
    format!("{{name: \"{element}\", as: \"{alias}\"}}")
}

const LINK: &str = r#"
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
scalar link__Import
enum link__Purpose {
  """`SECURITY` features provide metadata necessary to securely resolve fields."""
  SECURITY
  """`EXECUTION` features provide metadata necessary for operation execution."""
  EXECUTION
}
"#;

const JOIN: &str = "
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
scalar join__FieldSet
";

const JOIN_DIRECTIVE: &str = "
directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments) repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION
scalar join__DirectiveArguments
";

const JOIN_CONTEXT: &str = "
input join__ContextArgument { name: String! type: String! context: String! selection: join__FieldValue! }
scalar join__FieldValue
";

fn join_definitions(version: Version) -> String {
    let mut text = JOIN.to_owned();
    text.push_str("directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean");
    if version >= Version::new(0, 4) {
        text.push_str(", overrideLabel: String");
    }
    if version >= Version::new(0, 5) {
        text.push_str(", contextArguments: [join__ContextArgument!]");
    }
    text.push_str(") repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION\n");
    if version >= Version::new(0, 4) {
        text.push_str(JOIN_DIRECTIVE);
    }
    if version >= Version::new(0, 5) {
        text.push_str(JOIN_CONTEXT);
    }
    text
}

fn graphs(schemas: &[Schema]) -> String {
    let mut text = String::from("enum join__Graph {\n");
    for schema in schemas {
        let (name, url) = (quoted(&schema.name), quoted(&schema.url));
        let _ = writeln!(text, "  {} @join__graph(name: {name}, url: {url})", schema.graph);
    }
    text.push_str("}\n");
    text
}

/// A text as a literal: strings of JSON are strings of GraphQL.
fn quoted(text: &str) -> serde_json::Value {
    text.into()
}
