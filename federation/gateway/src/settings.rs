//! What the gateway may be told. Section `[gateway]`.

mod check;

use std::collections::{BTreeMap, BTreeSet};

use platform_auth::JwtSettings;
use platform_config::{ByteSize, Duration};
use serde::{Deserialize, Serialize};

use crate::{
    admin::AdminSettings, authorize::AuthorizationSettings, cache::CacheSettings, cost::CostSettings,
    csrf::CsrfSettings, headers::HeaderSettings, limits::LimitSettings, persisted::PersistedSettings,
    rate::RateSettings, subscribe::SubscriptionSettings, usage::UsageSettings,
};

/// All settings of the gateway. Each module has its own part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Settings {
    /// The GraphQL endpoint.
    pub(crate) http: HttpSettings,
    /// How operations become plans.
    pub(crate) planning: PlanningSettings,
    /// Which fields have moved from one subgraph to another.
    pub(crate) overrides: OverrideSettings,
    /// How answers of subgraphs become one.
    pub(crate) execution: ExecutionSettings,
    /// How subgraphs are called, unless their own part says otherwise.
    pub(crate) traffic: TrafficSettings,
    /// What differs for a subgraph, by its name.
    pub(crate) subgraphs: BTreeMap<String, SubgraphSettings>,
    /// How large an operation may be.
    pub(crate) limits: LimitSettings,
    /// How foreign web pages are kept out.
    pub(crate) csrf: CsrfSettings,
    /// Which headers reach which subgraph.
    pub(crate) headers: HeaderSettings,
    /// Whose tokens are believed.
    pub(crate) jwt: JwtSettings,
    /// What becomes of operations that ask for what their caller may not see.
    pub(crate) authorization: AuthorizationSettings,
    /// What an operation may cost.
    pub(crate) cost: CostSettings,
    /// How often callers may ask.
    pub(crate) rate: RateSettings,
    /// Operations known by their hash.
    pub(crate) persisted: PersistedSettings,
    /// Answers kept for a while.
    pub(crate) cache: CacheSettings,
    /// Events.
    pub(crate) subscriptions: SubscriptionSettings,
    /// What clients run and read, counted.
    pub(crate) usage: UsageSettings,
    /// Who may see and do what is not for clients.
    pub(crate) admin: AdminSettings,
    /// How often the supergraph and the list of persisted operations are looked at again where they come from.
    pub(crate) poll: Poll,
}

/// A pause between two looks at the supergraph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Poll(pub Duration);

impl Default for Poll {
    fn default() -> Self {
        Self(Duration::from_secs(10))
    }
}

impl std::ops::Deref for Poll {
    type Target = std::time::Duration;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The GraphQL endpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct HttpSettings {
    /// Whether clients may ask for the schema. Unless said, not in production.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection: Option<bool>,
    /// Whether browsers get a page to try queries on. Unless said, not in production.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explorer: Option<bool>,
    /// The largest body.
    pub body: ByteSize,
    /// How many operations one request may carry as a list. 1 switches batches off.
    pub batch: usize,
    /// How long a request may take as a whole.
    pub timeout: Duration,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            introspection: None,
            explorer: None,
            body: ByteSize::mb(2),
            batch: 1,
            timeout: Duration::from_secs(30),
        }
    }
}

/// How operations become plans.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct PlanningSettings {
    /// The time one operation's planning may take.
    pub budget: Duration,
    /// How many operations are planned at the same time; more wait.
    pub concurrency: usize,
    /// The memory for prepared operations.
    pub cache: ByteSize,
    /// The largest number of fields a prepared answer may have.
    pub fields: usize,
    /// How many of the most used operations are planned on a new supergraph before it serves.
    pub warm: usize,
}

impl Default for PlanningSettings {
    fn default() -> Self {
        Self {
            budget: Duration::from_millis(500),
            concurrency: 2,
            cache: ByteSize::mb(64),
            fields: 50_000,
            warm: 200,
        }
    }
}

/// Which fields have moved from one subgraph to another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct OverrideSettings {
    /// The labels of `@override(label:)` that are switched on. Those of the form `percent(n)` need no switch: they
    /// hold for n per cent of the requests.
    pub labels: BTreeSet<String>,
}

/// How answers of subgraphs become one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct ExecutionSettings {
    /// What clients see of an error that a subgraph reports.
    pub subgraph_errors: SubgraphErrors,
    /// The memory one request's answers may take together, and the bytes of the answer that is written from them.
    pub memory: ByteSize,
}

impl Default for ExecutionSettings {
    fn default() -> Self {
        Self {
            subgraph_errors: SubgraphErrors::Show,
            memory: ByteSize::mb(256),
        }
    }
}

/// What clients see of an error that a subgraph reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SubgraphErrors {
    /// Message, code and extensions, without stack traces.
    Show,
    /// That the subgraph failed, and nothing else.
    Redact,
}

/// How subgraphs are called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct TrafficSettings {
    /// To reach the subgraph.
    pub connect_timeout: Duration,
    /// Until its whole answer is here.
    pub timeout: Duration,
    /// The largest answer.
    pub answer: ByteSize,
    /// How often a query is tried again. Mutations never are.
    pub retries: u32,
    /// The share of requests that may be retries, in per cent.
    pub retry_budget: u32,
    /// Whether equal queries in flight at the same time are sent once.
    pub dedupe: bool,
    /// Whether answers may come compressed: worth it across machines, not on one.
    pub compression: bool,
    /// Whether HTTP/2 is spoken without asking first. Over TLS it is agreed upon anyway.
    pub http2: bool,
    /// How many idle connections are kept per subgraph.
    pub idle: usize,
    /// How many failures in a row open the circuit. 0 switches it off.
    pub breaker_failures: u32,
    /// How long an open circuit refuses before it tries again.
    pub breaker_pause: Duration,
}

impl Default for TrafficSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(2),
            timeout: Duration::from_secs(15),
            answer: ByteSize::mb(64),
            retries: 2,
            retry_budget: 20,
            dedupe: true,
            compression: false,
            http2: false,
            idle: 64,
            breaker_failures: 20,
            breaker_pause: Duration::from_secs(5),
        }
    }
}

/// What differs for one subgraph.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct SubgraphSettings {
    /// Its address, instead of the supergraph's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Until its whole answer is here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// The largest answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<ByteSize>,
    /// How often a query is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// Whether equal queries in flight are sent once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dedupe: Option<bool>,
    /// Whether answers may come compressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compression: Option<bool>,
    /// Whether HTTP/2 is spoken without asking first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http2: Option<bool>,
}

impl Settings {
    /// How a subgraph is called: its own part before the part for all.
    pub(crate) fn traffic_of(&self, subgraph: &str) -> TrafficSettings {
        let all = self.traffic.clone();
        let Some(own) = self.subgraphs.get(subgraph) else {
            return all;
        };
        TrafficSettings {
            timeout: own.timeout.unwrap_or(all.timeout),
            answer: own.answer.unwrap_or(all.answer),
            retries: own.retries.unwrap_or(all.retries),
            dedupe: own.dedupe.unwrap_or(all.dedupe),
            compression: own.compression.unwrap_or(all.compression),
            http2: own.http2.unwrap_or(all.http2),
            ..all
        }
    }
}
