//! Decisions: what is asked becomes a small graph of entities, and the policies of the permission are asked about it.

mod decision;
mod entities;
mod explain;

use std::{collections::BTreeSet, sync::Arc};

use cedar_policy::{Authorizer, Context, Decision as Effect, EntityUid, Request, RestrictedExpression};
use chrono::{DateTime, Utc};

use crate::{
    catalog::{Catalog, Permission, PermissionId, Permissions},
    error::Error,
    place::Target,
    policies::{Names, Policies},
    standing::Standing,
};

pub use decision::{Decision, Reason, Verdict, Via};
pub(crate) use entities::Seats;

/// What an API key is limited to: the names of permissions. Nothing for somebody who signed in.
pub type Scopes = Option<Arc<BTreeSet<String>>>;

/// A question about one subject.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Who asks, and what they hold.
    pub standing: &'a Standing,
    /// What their key is limited to.
    pub scopes: Option<&'a BTreeSet<String>>,
    /// The permission's name.
    pub permission: &'a str,
    /// About what.
    pub target: &'a Target,
}

/// Decides. It holds no state but the catalog and the policies.
#[derive(Debug)]
pub struct Engine {
    catalog: Catalog,
    policies: Policies,
    names: Names,
    contexts: Vec<Context>,
    authorizer: Authorizer,
}

/// A question in the terms of the catalog.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) subject: &'a crate::subject::Subject,
    pub(crate) scopes: Option<&'a BTreeSet<String>>,
    pub(crate) permission: (PermissionId, &'a Permission),
    pub(crate) target: &'a Target,
}

impl Engine {
    /// An engine over what is shipped and the policies that an operator adds.
    pub fn new(catalog: Catalog, policies: Policies) -> Result<Self, Error> {
        let names = Names::of(&catalog)?;
        let context = |(_, permission): (_, &Permission)| context(&names, permission, None);
        Ok(Self {
            contexts: catalog.permissions().map(context).collect::<Result<_, _>>()?,
            authorizer: Authorizer::new(),
            catalog,
            policies,
            names,
        })
    }

    /// Permissions and roles.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Policies.
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// Whether it is allowed now, and the policies that say so. A permission that nobody declared is denied.
    pub fn check(&self, question: Question<'_>, now: DateTime<Utc>) -> Verdict {
        match self.catalog.find(question.permission) {
            Some(id) => self.check_known(id, question, now),
            None => Verdict::denied(),
        }
    }

    fn check_known(&self, id: PermissionId, question: Question<'_>, now: DateTime<Utc>) -> Verdict {
        let permission = self.catalog.permission(id);
        let own;
        let target = match permission.asks_about_own(question) {
            Some(target) => {
                own = target;
                &own
            }
            None => question.target,
        };
        let seats = Seats::of(question.standing, target, (permission, now));
        let asked = Asked {
            subject: question.standing.subject(),
            scopes: question.scopes,
            permission: (id, permission),
            target,
        };
        self.ask(asked, &seats)
    }

    /// Asks the policies. Whatever goes wrong is a denial.
    pub(crate) fn ask(&self, asked: Asked<'_>, seats: &Seats<'_>) -> Verdict {
        match self.try_ask(asked, seats) {
            Ok(verdict) => verdict,
            Err(error) => {
                tracing::error!(%error, permission = %asked.permission.1.name, "a question could not be put to the policies");
                Verdict::fault()
            }
        }
    }

    fn try_ask(&self, asked: Asked<'_>, seats: &Seats<'_>) -> Result<Verdict, Error> {
        let (id, permission) = asked.permission;
        let graph = entities::graph(&self.names, asked, seats)?;
        let context = match asked.scopes {
            None => self.contexts[id.index()].clone(),
            Some(scopes) => context(&self.names, permission, Some(scopes))?,
        };
        let request = Request::new(
            graph.principal,
            self.names.action(id).clone(),
            graph.resource,
            context,
            None,
        );
        let request = request.map_err(|error| Error::Policy(error.to_string()))?;
        let response = self
            .authorizer
            .is_authorized(&request, self.policies.about(id), &graph.entities);
        // A policy that fails is skipped by the authorizer. Were it one that forbids, skipping it would allow.
        if response.diagnostics().errors().next().is_some() {
            let errors: Vec<_> = response.diagnostics().errors().map(ToString::to_string).collect();
            return Err(Error::Policy(errors.join("; ")));
        }
        let policies = response
            .diagnostics()
            .reason()
            .map(|id| AsRef::<str>::as_ref(id).into());
        Ok(Verdict::new(response.decision() == Effect::Allow, policies.collect()))
    }
}

impl Permission {
    /// A permission that reaches only what is one's own, asked for without an owner and about nothing in particular,
    /// is meant in general: whether the asker may do it with what is theirs.
    fn asks_about_own(&self, question: Question<'_>) -> Option<Target> {
        let is_general = self.any.is_empty() && question.target.owner().is_none() && question.target.kind().is_empty();
        is_general.then(|| question.target.clone().owned_by(question.standing.subject().user()))
    }
}

fn context(names: &Names, permission: &Permission, scopes: Option<&BTreeSet<String>>) -> Result<Context, Error> {
    let entity = |id: &PermissionId| RestrictedExpression::new_entity_uid(EntityUid::clone(names.permission(*id)));
    let set = |permissions: &Permissions| RestrictedExpression::new_set(permissions.iter().map(entity));
    let mut pairs = vec![
        (
            "permission".to_owned(),
            RestrictedExpression::new_string((*permission.name).to_owned()),
        ),
        ("any".to_owned(), set(&permission.any)),
        ("own".to_owned(), set(&permission.own)),
    ];
    if let Some(scopes) = scopes {
        let scopes = scopes.iter().cloned().map(RestrictedExpression::new_string);
        pairs.push(("scopes".to_owned(), RestrictedExpression::new_set(scopes)));
    }
    Context::from_pairs(pairs).map_err(|error| Error::Policy(error.to_string()))
}
