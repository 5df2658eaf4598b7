//! From the schema of a service that is no subgraph, and its description, to the schema of a subgraph.

use apollo_compiler::{
    Name, Node, Schema,
    ast::{Argument as Given, Directive, FieldDefinition, OperationType, Value},
    schema::{Component, ExtendedType},
};

use super::{
    FIELD, SPECIFICATION,
    entity::{self, Argument, Entity, Template, leaves},
    reach,
    settings::{Resolver, Stitch},
};
use crate::Error;

/// The oldest version of Federation that composes directives of others and has keys on all that may have one.
const FEDERATION: &str = "https://specs.apollo.dev/federation/v2.3";
const FIELD_DEFINITION: &str =
    "directive @stitch__field(subgraph: String!, name: String!) repeatable on FIELD_DEFINITION";
const ROOTS: [(&str, OperationType); 3] = [
    ("Query", OperationType::Query),
    ("Mutation", OperationType::Mutation),
    ("Subscription", OperationType::Subscription),
];

/// The schema of the subgraph that a service becomes.
pub(crate) fn subgraph_sdl(name: &str, stitch: &Stitch, text: &str) -> Result<String, Error> {
    let refuse = |reason: String| Error::Stitch {
        name: name.to_owned(),
        reason,
    };
    let schema = Schema::parse_and_validate(text, format!("{name}.graphql"))
        .map_err(|invalid| refuse(format!("its schema is not valid: {}", invalid.errors)))?;
    let mut service = Service {
        name,
        schema: schema.into_inner(),
    };
    service.describe(stitch).map_err(refuse)
}

pub(super) struct Service<'a> {
    name: &'a str,
    pub(super) schema: Schema,
}

impl Service<'_> {
    fn describe(&mut self, stitch: &Stitch) -> Result<String, String> {
        let is_subgraph = ["_service", "_entities"]
            .iter()
            .any(|field| self.root_field(field).is_some());
        if is_subgraph {
            return Err("it is a subgraph already; list it without a description".into());
        }
        // Looked up before anything is left out: what clients do not see may still find entities.
        let mut entities = Vec::new();
        for (type_name, resolvers) in &stitch.entities {
            for resolver in resolvers.all() {
                let entity = self.entity(type_name, resolver, stitch.batch);
                let entity = entity.map_err(|reason| format!("entities.{type_name}: {reason}"))?;
                entities.push((type_name, entity));
            }
        }
        for hidden in &stitch.hide {
            self.hide(hidden)?;
        }
        for (from, to) in &stitch.rename {
            self.rename(from, to)?;
        }
        let mut kept = Vec::new();
        for (type_name, entity) in &entities {
            let key = directive("federation__key", &[("fields", &entity.key)]);
            let object = self.object(type_name)?;
            object.directives.push(key);
            object.directives.push(entity.directive());
            kept.push(object.name.clone());
        }
        for shared in &stitch.shareable {
            self.share(shared)?;
        }
        self.drop_empty_roots();
        reach::prune(&mut self.schema, &kept);
        let is_special = !entities.is_empty() || !stitch.rename.is_empty();
        Ok(self.written(is_special))
    }

    fn written(&self, is_special: bool) -> String {
        let body = self.schema.to_string();
        let mut head = format!("extend schema @link(url: \"{FEDERATION}\")");
        if is_special {
            head += &format!(
                " @link(url: \"{SPECIFICATION}\") @federation__composeDirective(name: \"@{}\") \
                 @federation__composeDirective(name: \"@{FIELD}\")\n{}\n{FIELD_DEFINITION}",
                super::ENTITY,
                entity::DEFINITION
            );
        }
        format!("{head}\n{body}")
    }

    fn entity(&self, type_name: &str, resolver: &Resolver, batch: usize) -> Result<Entity, String> {
        let Resolver { key, field, arguments } = resolver;
        if self.schema.get_object(type_name).is_none() {
            return Err("the schema has no such object type".into());
        }
        let leaves =
            leaves(key).ok_or_else(|| format!("{key:?} is not a key such as \"id\" or \"owner {{ id }} nr\""))?;
        let definition = self
            .root_field(field)
            .ok_or_else(|| format!("queries have no field {field}"))?;
        let given = definition.ty.inner_named_type();
        if given != type_name && !self.schema.is_subtype(given, type_name) {
            return Err(format!("the field {field} gives {given}"));
        }
        let mut read = Vec::new();
        for (name, value) in arguments {
            let known = definition.argument_by_name(name);
            let known = known.ok_or_else(|| format!("the field {field} has no argument {name}"))?;
            let value = Template::read(value).map_err(|reason| format!("arguments.{name}: {reason}"))?;
            if let Some(path) = value
                .paths()
                .into_iter()
                .find(|path| !leaves.iter().any(|leaf| leaf == path))
            {
                return Err(format!(
                    "arguments.{name}: {} is not a field of the key {key:?}",
                    path.join(".")
                ));
            }
            read.push(Argument {
                name: name.clone(),
                ty: known.ty.to_string(),
                value,
            });
        }
        let missing = definition
            .arguments
            .iter()
            .find(|known| known.is_required() && !arguments.contains_key(known.name.as_str()));
        if let Some(missing) = missing {
            return Err(format!("the field {field} needs the argument {}", missing.name));
        }
        let entity = Entity {
            subgraph: self.name.to_owned(),
            key: key.clone(),
            leaves,
            field: field.clone(),
            arguments: read,
            batch: batch.max(1),
        };
        match (definition.ty.is_list(), entity.is_list()) {
            (true, false) => Err(format!(
                "the field {field} gives a list, so one of its arguments must be one as well: {{ ids = [\"id\"] }}"
            )),
            (false, true) => Err(format!(
                "the field {field} gives one entity, so its arguments cannot be a list of all"
            )),
            _ => Ok(entity),
        }
    }

    fn root_field(&self, field: &str) -> Option<&Component<FieldDefinition>> {
        let query = self.schema.root_operation(OperationType::Query)?;
        self.schema.get_object(query)?.fields.get(field)
    }

    /// The type of a name. Root types may be called by their usual names, whatever the service calls them.
    pub(super) fn real<'n>(&'n self, name: &'n str) -> &'n str {
        let usual = ROOTS.iter().find(|(usual, _)| *usual == name);
        match usual.and_then(|(_, operation)| self.schema.root_operation(*operation)) {
            Some(root) => root,
            None => name,
        }
    }

    fn object(&mut self, name: &str) -> Result<&mut apollo_compiler::schema::ObjectType, String> {
        let real = self.real(name).to_owned();
        match self.schema.types.get_mut(real.as_str()) {
            Some(ExtendedType::Object(object)) => Ok(object.make_mut()),
            _ => Err(format!("there is no object type {name}")),
        }
    }

    fn rename(&mut self, from: &str, to: &str) -> Result<(), String> {
        let subgraph = self.name.to_owned();
        let refuse = |reason: &str| format!("rename: {from}: {reason}");
        let (owner, field) = from
            .split_once('.')
            .filter(|(owner, _)| ROOTS.iter().any(|(usual, _)| usual == owner))
            .ok_or_else(|| refuse("only fields of Query, Mutation and Subscription can be renamed"))?;
        let new = Name::new(to).map_err(|_| refuse("the new name is not one"))?;
        let object = self.object(owner).map_err(|reason| refuse(&reason))?;
        if object.fields.contains_key(&new) {
            return Err(refuse("there is a field of the new name"));
        }
        let (position, old, mut definition) = object
            .fields
            .shift_remove_full(field)
            .ok_or_else(|| refuse("there is no such field"))?;
        let inner = definition.make_mut();
        inner.name = new.clone();
        let original = directive(FIELD, &[("subgraph", &subgraph), ("name", &old)]);
        inner.directives.push(Node::new(original));
        object.fields.shift_insert(position, new, definition);
        Ok(())
    }

    fn share(&mut self, shared: &str) -> Result<(), String> {
        let shareable = || directive("federation__shareable", &[]);
        let refuse = |reason: &str| format!("shareable: {shared}: {reason}");
        let Some((owner, field)) = shared.split_once('.') else {
            let object = self.object(shared).map_err(|reason| refuse(&reason))?;
            object.directives.push(shareable());
            return Ok(());
        };
        let object = self.object(owner).map_err(|reason| refuse(&reason))?;
        let field = object
            .fields
            .get_mut(field)
            .ok_or_else(|| refuse("there is no such field"))?;
        field.make_mut().directives.push(Node::new(shareable()));
        Ok(())
    }

    /// A root type of which everything is left out is none.
    fn drop_empty_roots(&mut self) {
        for (_, operation) in ROOTS {
            let Some(root) = self.schema.root_operation(operation).cloned() else {
                continue;
            };
            if self
                .schema
                .get_object(&root)
                .is_some_and(|root| !root.fields.is_empty())
            {
                continue;
            }
            self.schema.types.shift_remove(&root);
            let definition = self.schema.schema_definition.make_mut();
            match operation {
                OperationType::Query => definition.query = None,
                OperationType::Mutation => definition.mutation = None,
                OperationType::Subscription => definition.subscription = None,
            }
        }
    }
}

fn directive(name: &str, arguments: &[(&str, &str)]) -> Directive {
    let argument = |(name, value): &(&str, &str)| {
        Node::new(Given {
            name: Name::new_unchecked(name),
            value: Node::new(Value::String((*value).to_owned())),
        })
    };
    Directive {
        name: Name::new_unchecked(name),
        arguments: arguments.iter().map(argument).collect(),
    }
}
