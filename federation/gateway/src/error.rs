//! Why a request or a supergraph is refused.

use std::path::PathBuf;

use platform_error::{Code, Coded};

/// What can go wrong outside a subgraph.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The body has neither a query nor the name of a persisted one.
    #[error("the request must have a query: {{\"query\": \"{{ … }}\"}}")]
    NoQuery,
    /// The document has several operations and none, or an unknown one, is named.
    #[error("name one of the document's operations in operationName: {0}")]
    OperationName(String),
    /// A document of fragments alone.
    #[error("the document must have an operation")]
    NoOperation,
    /// A mutation or subscription by GET.
    #[error("send mutations by POST")]
    ReadsOnly,
    /// A subscription over plain HTTP.
    #[error("subscriptions need a connection that lasts: WebSocket, or accept: text/event-stream or multipart/mixed")]
    NeedsStream,
    /// An operation of a kind that the schema does not have.
    #[error("the schema has no type for a {0}, so there is nothing to ask for")]
    NoRoot(&'static str),
    /// A subscription of which nothing is left.
    #[error("nothing of this subscription can be listened to")]
    NothingToListenTo,
    /// A variable that does not fit its type.
    #[error("variable ${name}{path}: {reason}")]
    Variable {
        /// Which variable.
        name: String,
        /// Where in its value, such as `.items[2]`.
        path: String,
        /// What was expected.
        reason: String,
    },
    /// The schema is not to be asked for.
    #[error("introspection is switched off; ask for the schema's file instead")]
    IntrospectionOff,
    /// Lists of the schema inside one another, which multiply.
    #[error(
        "the schema's fields, inputFields, interfaces and possibleTypes may be asked for two deep only; ask for less, or for the schema's file"
    )]
    IntrospectionDepth,
    /// Planning took longer than its budget.
    #[error("planning this operation takes longer than {0}; ask for less at once")]
    PlanningBudget(platform_config::Duration),
    /// The planner knows no plan that respects several `@requires` inside one another.
    #[error(
        "this operation asks for fields whose @requires depend on each other across subgraphs, or on a key that another subgraph has, which cannot be planned; ask for them in two operations"
    )]
    NestedRequires,
    /// One field required with different arguments, of which the planner forgets one.
    #[error(
        "this operation asks for fields that require {0} with different arguments, which cannot be planned; ask for them in two operations"
    )]
    ConflictingRequires(String),
    /// A field whose arguments come from `@fromContext`.
    #[error("{0} takes arguments from @fromContext, which this gateway does not plan; ask for it from its subgraph")]
    FromContext(String),
    /// The answer's shape is too large to prepare.
    #[error("the operation expands to more than {0} fields; ask for less at once")]
    TooManyFields(usize),
    /// A supergraph that leads nowhere.
    #[error(
        "no subgraph answers {0} where it is asked for, because the supergraph breaks a rule of composition; leave it out, and compose the supergraph anew"
    )]
    NoPath(String),
    /// The planner knows no plan. Why not is its own affair: the text is for the log.
    #[error("no plan is known that answers this operation; ask for its parts in operations of their own")]
    Unplannable(String),
    /// The gateway stops.
    #[error("the gateway stops; ask again")]
    Stopping,
    /// A supergraph that cannot be served.
    #[error("the supergraph cannot be served: {0}")]
    Supergraph(String),
    /// The subgraphs do not compose.
    #[error("the subgraphs do not compose:\n{0}")]
    Composition(String),
    /// A file that cannot be read.
    #[error("cannot read {file}: {reason}")]
    File {
        /// Which file.
        file: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A subgraph that cannot be asked for its schema now.
    #[error("subgraph {name} at {url} is away: {reason}")]
    Away {
        /// Which subgraph.
        name: String,
        /// Where it was asked.
        url: String,
        /// What happened.
        reason: String,
    },
    /// Nothing is served yet.
    #[error("the supergraph is not complete yet: {0}; ask again in a moment")]
    Incomplete(String),
    /// A subgraph that does not say its schema.
    #[error("subgraph {name} at {url} does not tell its schema: {reason}")]
    Sdl {
        /// Which subgraph.
        name: String,
        /// Where it was asked.
        url: String,
        /// What it said.
        reason: String,
    },
    /// A service that its description does not fit.
    #[error("subgraph {name} cannot be stitched in: {reason}")]
    Stitch {
        /// Which subgraph it would be.
        name: String,
        /// Why not.
        reason: String,
    },
    /// A setting that cannot be used.
    #[error("{0}")]
    Setting(String),
}

impl Error {
    /// Whether it is the planner that knows no way, and another one may be found.
    pub(crate) fn is_of_planner(&self) -> bool {
        matches!(
            self,
            Self::NestedRequires | Self::ConflictingRequires(_) | Self::Unplannable(_)
        )
    }
}

impl Coded for Error {
    fn code(&self) -> Code {
        match self {
            Self::Away { .. } | Self::Incomplete(_) | Self::Stopping => Code::Unavailable,
            _ => Code::Invalid,
        }
    }

    fn http_status(&self) -> u16 {
        match self {
            Self::ReadsOnly => 405,
            _ => self.code().http_status(),
        }
    }
}
