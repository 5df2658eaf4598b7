//! Where a role is granted, and what is asked about.

use std::fmt;

use uuid::Uuid;

use crate::{error::Error, text};

/// Kinds are words of a service's domain: `estimate`, `chart`.
const LONGEST_KIND: usize = 64;
const LONGEST_ID: usize = 200;
/// The name of no place in particular.
pub(crate) const EVERYWHERE: &str = "everywhere";
/// The kind of a workspace itself.
const WORKSPACE: &str = "workspace";
/// The kind of a person, to whom something is done.
pub(crate) const PERSON: &str = "user";

/// Where a role is granted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// In every workspace and outside of them.
    Everywhere,
    /// On everything in a workspace.
    Workspace(Uuid),
    /// On one thing.
    Resource {
        /// What it is.
        kind: String,
        /// Which one.
        id: String,
    },
}

/// What is asked about. Nothing of it is looked up: the service that keeps a thing says whose and where it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Target {
    kind: String,
    id: String,
    workspace: Option<Uuid>,
    owner: Option<Uuid>,
    part: Option<Part>,
}

/// What a subject is in a workspace, as the service says that keeps who is in it: a name that the settings know, or
/// nothing for who is not in it.
pub type Part = Option<String>;

impl Place {
    /// One thing, after its kind and id were looked at.
    pub fn resource(kind: &str, id: &str) -> Result<Self, Error> {
        let target = Target::resource(kind, id)?;
        if target.id.is_empty() {
            return Err(Error::field(
                "resource id",
                "is needed: a role is granted on one resource",
            ));
        }
        match target.kind.as_str() {
            WORKSPACE => Ok(Self::Workspace(workspace_id(&target.id)?)),
            _ => Ok(Self::Resource {
                kind: target.kind,
                id: target.id,
            }),
        }
    }

    /// The workspace, where it is one.
    pub fn workspace(&self) -> Option<Uuid> {
        match self {
            Self::Workspace(id) => Some(*id),
            Self::Everywhere | Self::Resource { .. } => None,
        }
    }

    /// What to ask about to learn what somebody may do at this place.
    pub fn target(&self) -> Target {
        match self {
            Self::Everywhere => Target::default(),
            Self::Workspace(id) => Target::workspace(*id),
            Self::Resource { kind, id } => Target {
                kind: kind.clone(),
                id: id.clone(),
                ..Target::default()
            },
        }
    }
}

/// Its name: `everywhere`, `workspace:ID` or `KIND:ID`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everywhere => f.write_str(EVERYWHERE),
            Self::Workspace(id) => write!(f, "{WORKSPACE}:{id}"),
            Self::Resource { kind, id } => write!(f, "{kind}:{id}"),
        }
    }
}

impl Target {
    /// Nothing in particular.
    pub fn everywhere() -> Self {
        Self::default()
    }

    /// A workspace itself.
    pub fn workspace(id: Uuid) -> Self {
        Self {
            kind: WORKSPACE.into(),
            id: id.to_string(),
            workspace: Some(id),
            ..Self::default()
        }
    }

    /// A thing, or with an empty id one that is yet to be made.
    pub fn resource(kind: &str, id: &str) -> Result<Self, Error> {
        let is_long = id.len() > LONGEST_ID;
        if is_long || id.chars().any(char::is_control) {
            let reason = format!("has at most {LONGEST_ID} bytes and no control characters");
            return Err(Error::field("resource id", reason));
        }
        let kind = text::word("resource kind", kind, LONGEST_KIND)?;
        let workspace = match kind == WORKSPACE && !id.is_empty() {
            true => Some(workspace_id(id)?),
            false => None,
        };
        Ok(Self {
            // A workspace has one way to be written, whatever way its id came.
            id: workspace.map_or_else(|| id.to_owned(), |id| id.to_string()),
            kind,
            workspace,
            ..Self::default()
        })
    }

    /// The same in a workspace. A workspace itself is in no other.
    pub fn within(mut self, workspace: Option<Uuid>) -> Result<Self, Error> {
        if self.kind == WORKSPACE && self.workspace.is_some() && workspace.is_some() && self.workspace != workspace {
            return Err(Error::field("workspace", "is another than the workspace asked about"));
        }
        self.workspace = self.workspace.or(workspace);
        Ok(self)
    }

    /// The same with an owner.
    pub fn owned_by(self, owner: Option<Uuid>) -> Self {
        Self { owner, ..self }
    }

    /// The same with what the subject is in its workspace.
    pub fn as_part(self, part: Option<Part>) -> Self {
        Self { part, ..self }
    }

    /// What it is; empty for nothing in particular.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Which one.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The workspace it belongs to.
    pub fn workspace_id(&self) -> Option<Uuid> {
        self.workspace
    }

    /// Who owns it.
    pub fn owner(&self) -> Option<Uuid> {
        self.owner
    }

    /// What the subject is in its workspace, where that is said.
    pub fn part(&self) -> Option<&Part> {
        self.part.as_ref()
    }

    /// Its name as a place, empty for nothing in particular.
    pub(crate) fn place(&self) -> String {
        match self.kind.is_empty() {
            true => String::new(),
            false => format!("{}:{}", self.kind, self.id),
        }
    }

    /// The name of its workspace as a place.
    pub(crate) fn workspace_place(&self) -> Option<String> {
        self.workspace.map(|id| Place::Workspace(id).to_string())
    }
}

fn workspace_id(text: &str) -> Result<Uuid, Error> {
    text.parse()
        .map_err(|_| Error::field("resource id", "of a workspace is a UUID"))
}
