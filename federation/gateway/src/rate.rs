//! How often callers may ask: each client address, each principal, all who count as one under a plan, and for what.

use std::collections::BTreeMap;

use axum::http::{HeaderValue, header};
use platform_auth::{Kind, Principal};
use platform_cache::{Caches, Settings as CacheSettings, SharedLimit};
use platform_error::Result;
use platform_http::Quota;
use platform_service::Context;
use serde::{Deserialize, Serialize};

use crate::{fault::Refusal, request::Caller};

/// Who has not signed in, each address by itself.
const ANONYMOUS: &str = "anonymous";
/// Who has signed in, and no other plan is known of.
const FREE: &str = "free";
/// An API key, each by itself and not by its person.
const KEY: &str = "key";
/// Who acts in a workspace: all of its members together.
const WORKSPACE: &str = "workspace";

/// How often callers may ask; as often as they like where nothing is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct RateSettings {
    /// Per client address; an IPv6 client holds a whole /64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Quota>,
    /// Per person or service, wherever they ask from and by whichever of their tokens and keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<Quota>,
    /// By their names: `anonymous`, `free`, `key`, `workspace`, and those that tokens name.
    pub plans: BTreeMap<String, Quota>,
    /// By the names of operations, each principal by itself, and each address of those who have not signed in.
    pub operations: BTreeMap<String, Quota>,
    /// The claim in which tokens name their plan, instead of the one that their kind has.
    pub plan_claim: String,
}

impl Default for RateSettings {
    fn default() -> Self {
        Self {
            address: None,
            principal: None,
            plans: BTreeMap::new(),
            operations: BTreeMap::new(),
            plan_claim: "plan".into(),
        }
    }
}

impl RateSettings {
    fn is_used(&self) -> bool {
        self.address.is_some() || self.principal.is_some() || !self.plans.is_empty() || !self.operations.is_empty()
    }
}

/// The limits in use, counted by all processes together where they share a Redis.
#[derive(Default)]
pub(crate) struct RateLimits {
    address: Option<SharedLimit>,
    principal: Option<SharedLimit>,
    plans: BTreeMap<String, SharedLimit>,
    operations: BTreeMap<String, SharedLimit>,
    plan_claim: String,
}

impl RateLimits {
    /// Limits with nothing used yet. Redis is left alone where there is no limit.
    pub(crate) fn open(settings: &RateSettings, context: &Context) -> Result<Self> {
        context.section::<CacheSettings>("cache")?;
        if !settings.is_used() {
            return Ok(Self::default());
        }
        let caches = Caches::open(context)?;
        let limit = |name, quota: &Quota| SharedLimit::new(&caches, name, *quota);
        let limits = |name, quotas: &BTreeMap<String, Quota>| {
            let named = quotas.iter().map(|(of, quota)| (of.clone(), limit(name, quota)));
            named.collect()
        };
        Ok(Self {
            address: settings.address.as_ref().map(|quota| limit("gateway.address", quota)),
            principal: settings
                .principal
                .as_ref()
                .map(|quota| limit("gateway.principal", quota)),
            plans: limits("gateway.plan", &settings.plans),
            operations: limits("gateway.operation", &settings.operations),
            plan_claim: settings.plan_claim.clone(),
        })
    }

    /// Counts a request of an address, before anything is done for it.
    pub(crate) async fn check_address(&self, caller: &Caller) -> Result<(), Refusal> {
        match &self.address {
            Some(limit) => Box::pin(check(limit, &caller.network(), None)).await,
            None => Ok(()),
        }
    }

    /// Counts a request, once it is known who asks.
    pub(crate) async fn check_caller(&self, caller: &Caller) -> Result<(), Refusal> {
        if let (Some(limit), Some(_)) = (&self.principal, &caller.principal) {
            Box::pin(check(limit, &caller.client(), None)).await?;
        }
        match self.plan_of(caller) {
            Some((plan, limit, counted)) => {
                let key = format!("{plan}:{counted}");
                Box::pin(check(limit, &key, Some(("plan", plan)))).await
            }
            None => Ok(()),
        }
    }

    /// Counts an operation that has a name, once it is known.
    pub(crate) async fn check_operation(&self, caller: &Caller, name: Option<&str>) -> Result<(), Refusal> {
        let Some((name, limit)) = name.and_then(|name| self.operations.get_key_value(name)) else {
            return Ok(());
        };
        let key = format!("{name}:{}", caller.client());
        Box::pin(check(limit, &key, Some(("operation", name)))).await
    }

    /// The plan that a caller is under, and who counts together with them. Services of ours have none.
    fn plan_of<'a>(&'a self, caller: &'a Caller) -> Option<(&'a str, &'a SharedLimit, String)> {
        if self.plans.is_empty() {
            return None;
        }
        let Some(principal) = &caller.principal else {
            return self.plan(ANONYMOUS, || caller.network());
        };
        let named = self.named_by(principal);
        let in_workspace = principal
            .workspace
            .and_then(|workspace| self.plan(named.unwrap_or(WORKSPACE), || workspace.to_string()));
        in_workspace.or_else(|| match principal.kind {
            Kind::User => self.plan(named.unwrap_or(FREE), || caller.client()),
            Kind::Key => self.plan(named.unwrap_or(KEY), || key_of(principal)),
            Kind::Service => None,
        })
    }

    fn plan<'a>(&'a self, name: &str, counted: impl FnOnce() -> String) -> Option<(&'a str, &'a SharedLimit, String)> {
        let (name, limit) = self.plans.get_key_value(name)?;
        Some((name, limit, counted()))
    }

    /// The plan that a token names, if there is one of that name.
    fn named_by<'a>(&self, principal: &'a Principal) -> Option<&'a str> {
        let named = principal.claims.get(&self.plan_claim)?.as_str()?;
        self.plans.contains_key(named).then_some(named)
    }
}

fn key_of(principal: &Principal) -> String {
    match principal.session {
        Some(key) => key.to_string(),
        None => principal.identity().to_owned(),
    }
}

/// Counts one. The refusal has the header that says when to try again, and the plan or operation that is used up.
async fn check(limit: &SharedLimit, key: &str, used_up: Option<(&str, &str)>) -> Result<(), Refusal> {
    let Err(limited) = limit.check(key).await else {
        return Ok(());
    };
    let seconds = HeaderValue::from(limited.retry_after_seconds);
    let mut refusal = Refusal::from(limited);
    refusal.headers.insert(header::RETRY_AFTER, seconds);
    if let (Some((what, name)), Some(fault)) = (used_up, refusal.faults.first_mut()) {
        fault.extensions.insert(what.into(), name.into());
    }
    Err(refusal)
}
