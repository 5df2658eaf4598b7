//! The policies: read, checked against the schema, and sorted by the permission that they can say something about.

mod rows;
mod schema;

use std::sync::Arc;

use async_graphql::SimpleObject;
use cedar_policy::{
    ActionConstraint, Effect, EntityUid, Policy, PolicyId, PolicySet, Schema, ValidationMode, Validator,
};
use serde::Serialize;

use crate::{
    catalog::{Catalog, PermissionId},
    error::Error,
};

pub(crate) use schema::Names;

/// The action that all administrative ones are in.
pub const ADMINISTRATION: &str = "administration";

/// A file of policies: its name and its text.
pub type File<'a> = (&'a str, &'a str);

/// The policies that are shipped.
pub const SHIPPED: &[File<'static>] = &[
    ("core", include_str!("../policies/core.cedar")),
    ("platform", include_str!("../policies/platform.cedar")),
    ("economic", include_str!("../policies/economic.cedar")),
    ("contracting", include_str!("../policies/contracting.cedar")),
    ("analytics", include_str!("../policies/analytics.cedar")),
    ("markets", include_str!("../policies/markets.cedar")),
];

/// The most text of policies that an operator or a workspace adds.
const LONGEST: usize = 64 * 1024;

/// Policies that were found to fit the schema. For each permission there is a set with those alone that can apply to
/// it, so that a check does not get slower with the number of policies.
#[derive(Clone, Debug)]
pub struct Policies {
    schema: Arc<Schema>,
    sets: Vec<PolicySet>,
    described: Vec<Described>,
}

/// A rule that decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, SimpleObject)]
#[graphql(name = "AccessPolicy")]
pub struct Described {
    /// Its name.
    pub id: String,
    /// What it says.
    pub says: String,
    /// The file it is in.
    pub file: String,
    /// Whether it takes away instead of giving.
    pub forbids: bool,
}

impl Policies {
    /// Reads files of policies. Each policy has an `@id` of its own and says in `@says` what it means; it speaks of
    /// permissions and kinds of resources, not of roles nor of one place or owner; and the schema's strict validation
    /// finds nothing to say about it.
    pub fn read(catalog: &Catalog, files: &[File<'_>]) -> Result<Self, Error> {
        let schema = schema::of(catalog)?;
        let (mut all, mut described) = (PolicySet::new(), Vec::new());
        for (file, text) in files {
            for policy in parse(file, text)? {
                described.push(describe(file, &policy)?);
                let added = all.add(policy);
                added.map_err(|error| Error::Policy(format!("{file}: {error}")))?;
            }
        }
        validate(&schema, &all)?;
        let names = Names::of(catalog)?;
        Ok(Self {
            sets: catalog
                .ids()
                .map(|id| subset(&all, &names, id))
                .collect::<Result<_, _>>()?,
            schema: Arc::new(schema),
            described,
        })
    }

    /// What is shipped, and files that an operator adds, which can only forbid.
    pub fn with(catalog: &Catalog, added: &[File<'_>]) -> Result<Self, Error> {
        for (file, text) in added {
            let permits = |policy: &Policy| policy.effect() == Effect::Permit;
            if parse(file, text)?.iter().any(permits) {
                return Err(Error::Policy(format!(
                    "{file}: an added policy can only forbid; give a role what is to be allowed"
                )));
            }
        }
        let files: Vec<_> = SHIPPED.iter().chain(added).copied().collect();
        Self::read(catalog, &files)
    }

    /// The policies that can apply to a permission.
    pub(crate) fn about(&self, permission: PermissionId) -> &PolicySet {
        &self.sets[permission.index()]
    }

    /// The schema that they fit.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// All policies in words.
    pub fn described(&self) -> &[Described] {
        &self.described
    }

    /// What a policy says.
    pub fn says(&self, id: &str) -> Option<&str> {
        let found = self.described.iter().find(|policy| policy.id == id);
        found.map(|policy| policy.says.as_str())
    }
}

fn parse(file: &str, text: &str) -> Result<Vec<Policy>, Error> {
    if text.len() > LONGEST {
        return Err(Error::Policy(format!(
            "{file}: a file of policies has at most {LONGEST} bytes"
        )));
    }
    let set: PolicySet = text
        .parse()
        .map_err(|error| Error::Policy(format!("{file}: {error}")))?;
    if set.templates().next().is_some() {
        return Err(Error::Policy(format!("{file}: a policy has no slots")));
    }
    let named = set.policies().map(|policy| match policy.annotation("id") {
        Some(id) => Ok(policy.new_id(PolicyId::new(id))),
        None => Err(Error::Policy(format!("{file}: {policy} needs an @id"))),
    });
    named.collect()
}

fn describe(file: &str, policy: &Policy) -> Result<Described, Error> {
    let id = policy.id().to_string();
    let says = policy.annotation("says");
    let says = says.ok_or_else(|| Error::Policy(format!("{file}: {id} needs an @says")))?;
    // A check sees only the roles that hold what is asked for, so a policy about other roles would be wrong. As text a
    // policy is what was written, with spaces and remarks within a name; as JSON it has each name in one way.
    let parsed = policy.to_json();
    let parsed = parsed.map_err(|error| Error::Policy(format!("{file}: {id}: {error}")))?;
    if parsed.to_string().contains(r#""Hansa::Role""#) {
        return Err(Error::Policy(format!(
            "{file}: {id} names a role; name permissions, which roles hold"
        )));
    }
    if rows::are_named(policy)? {
        return Err(Error::Policy(format!(
            "{file}: {id} names a workspace, a resource or an owner, which lists cannot follow; forbid it for all of a \
             `resource.kind`, and take the roles away that were granted at that one place"
        )));
    }
    Ok(Described {
        says: says.to_owned(),
        file: (*file).to_owned(),
        forbids: policy.effect() == Effect::Forbid,
        id,
    })
}

fn validate(schema: &Schema, policies: &PolicySet) -> Result<(), Error> {
    let found = Validator::new(schema.clone()).validate(policies, ValidationMode::Strict);
    if found.validation_passed_without_warnings() {
        return Ok(());
    }
    let errors = found.validation_errors().map(ToString::to_string);
    let warnings = found.validation_warnings().map(ToString::to_string);
    let all: Vec<_> = errors.chain(warnings).take(5).collect();
    Err(Error::Policy(all.join("; ")))
}

fn subset(all: &PolicySet, names: &Names, id: PermissionId) -> Result<PolicySet, Error> {
    let is_meant = |uid: &EntityUid| uid == names.action(id) || names.groups(id).contains(uid);
    let applies = |policy: &&Policy| match policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(uid) => is_meant(&uid),
        ActionConstraint::In(uids) => uids.iter().any(is_meant),
    };
    let applying = all.policies().filter(applies).cloned();
    PolicySet::from_policies(applying).map_err(|error| Error::Policy(error.to_string()))
}
