//! How large an operation may be, refused before any work is done on it.

use std::collections::HashMap;

use graphql_tools::static_graphql::query::{
    Definition, Document, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
};
use platform_error::{Code, Coded};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Selection sets inside one another, fragments included, before the walk itself would become a risk.
const DEEPEST_WALK: usize = 512;
/// Selections of any kind, uses of fragments included, for each field that is allowed.
const SELECTIONS_PER_FIELD: usize = 4;
/// The same of all operations and fragments of a document together.
const SELECTIONS_IN_ALL: usize = 16;

/// What one operation may be made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub(crate) struct LimitSettings {
    /// Words, numbers, strings and signs of the text.
    pub tokens: usize,
    /// Fields inside one another.
    pub depth: usize,
    /// Fields in all, fragments counted where they are used.
    pub height: usize,
    /// Fields under another name.
    pub aliases: usize,
    /// Fields at the top.
    pub root_fields: usize,
    /// Directives in all.
    pub directives: usize,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            tokens: 15_000,
            depth: 40,
            height: 2_000,
            aliases: 100,
            root_fields: 100,
            directives: 200,
        }
    }
}

/// A document that is refused for its size, or because that cannot be told.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LimitError {
    /// There is too much of something.
    #[error("the operation has more {what} than the {limit} that are allowed; ask for less or split it")]
    Beyond {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: usize,
        /// How much there is, where it was counted to the end.
        value: Option<usize>,
    },
    /// A fragment without an end.
    #[error("the fragment {0} is used inside itself; leave it out there")]
    Endless(String),
    /// Fragments of one name, of which validation may take another one than is measured.
    #[error("there are several fragments called {0}; give each a name of its own")]
    Ambiguous(String),
}

impl Coded for LimitError {
    fn code(&self) -> Code {
        Code::Invalid
    }

    fn details(&self) -> Option<Value> {
        match self {
            Self::Beyond { what, limit, value } => Some(json!({ "limit": what, "allowed": limit, "found": value })),
            Self::Endless(_) | Self::Ambiguous(_) => None,
        }
    }
}

/// Refuses a document if what is asked for is larger than allowed, or any other operation or fragment of it: validation
/// goes through all of them, used or not, and its time grows with what they stand for.
pub(crate) fn check(
    document: &Document,
    asked: &OperationDefinition,
    limits: &LimitSettings,
) -> Result<(), LimitError> {
    let mut walk = Walk {
        fragments: fragments(document)?,
        known: HashMap::new(),
        level: 0,
    };
    let size = walk.set(asked.selection_set())?;
    fits(&size, limits)?;
    let mut all = size.selections;
    for definition in &document.definitions {
        let size = match definition {
            Definition::Operation(operation) if std::ptr::eq(operation, asked) => continue,
            Definition::Operation(operation) => walk.set(operation.selection_set())?,
            Definition::Fragment(fragment) => {
                let size = walk.fragment(&fragment.name)?;
                // What is at the top of a fragment is not at the top of an operation.
                Size { fields: 0, ..size }
            }
        };
        fits(&size, limits)?;
        all = all.saturating_add(size.selections);
    }
    let limit = limits.height.saturating_mul(SELECTIONS_IN_ALL);
    match all > limit {
        true => Err(beyond("selections in all definitions", limit, Some(all))),
        false => Ok(()),
    }
}

fn fragments(document: &Document) -> Result<HashMap<&str, &FragmentDefinition>, LimitError> {
    let mut fragments = HashMap::new();
    for definition in &document.definitions {
        if let Definition::Fragment(fragment) = definition
            && fragments.insert(fragment.name.as_str(), fragment).is_some()
        {
            return Err(LimitError::Ambiguous(fragment.name.clone()));
        }
    }
    Ok(fragments)
}

fn fits(size: &Size, limits: &LimitSettings) -> Result<(), LimitError> {
    let selections = limits.height.saturating_mul(SELECTIONS_PER_FIELD);
    let found = [
        ("levels (depth)", size.depth, limits.depth),
        ("root fields", size.fields, limits.root_fields),
        ("fields (height)", size.height, limits.height),
        ("aliases", size.aliases, limits.aliases),
        ("directives", size.directives, limits.directives),
        ("selections", size.selections, selections),
    ];
    match found.into_iter().find(|(_, value, limit)| value > limit) {
        Some((what, value, limit)) => Err(beyond(what, limit, Some(value))),
        None => Ok(()),
    }
}

/// A document has more of something than is allowed.
pub(crate) fn beyond(what: &'static str, limit: usize, value: Option<usize>) -> LimitError {
    LimitError::Beyond { what, limit, value }
}

fn too_nested() -> LimitError {
    beyond("nested selections", DEEPEST_WALK, None)
}

/// The size of a selection set. A fragment is measured once, however often it is used: counts that double with every
/// level cost nothing to find.
#[derive(Clone, Copy, Default)]
struct Size {
    depth: usize,
    /// At this level only.
    fields: usize,
    height: usize,
    aliases: usize,
    directives: usize,
    /// Fields, inline fragments and uses of fragments.
    selections: usize,
    /// Selection sets inside one another.
    nesting: usize,
}

impl Size {
    fn add(&mut self, other: Self) {
        self.depth = self.depth.max(other.depth);
        self.fields = self.fields.saturating_add(other.fields);
        self.height = self.height.saturating_add(other.height);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.selections = self.selections.saturating_add(other.selections);
        self.nesting = self.nesting.max(other.nesting);
    }
}

struct Walk<'a> {
    fragments: HashMap<&'a str, &'a FragmentDefinition>,
    /// Nothing while a fragment is being measured.
    known: HashMap<&'a str, Option<Size>>,
    level: usize,
}

impl<'a> Walk<'a> {
    fn set(&mut self, set: &'a SelectionSet) -> Result<Size, LimitError> {
        self.level += 1;
        if self.level > DEEPEST_WALK {
            return Err(too_nested());
        }
        let mut size = Size::default();
        for selection in &set.items {
            size.add(self.selection(selection)?);
        }
        self.level -= 1;
        size.nesting += 1;
        Ok(size)
    }

    fn selection(&mut self, selection: &'a Selection) -> Result<Size, LimitError> {
        let mut size = Size {
            selections: 1,
            ..Size::default()
        };
        match selection {
            Selection::Field(field) => {
                let inside = self.set(&field.selection_set)?;
                size.add(Size { fields: 0, ..inside });
                size.add(Size {
                    depth: inside.depth + 1,
                    fields: 1,
                    height: 1,
                    aliases: usize::from(field.alias.as_ref().is_some_and(|alias| *alias != field.name)),
                    directives: field.directives.len(),
                    ..Size::default()
                });
            }
            Selection::InlineFragment(fragment) => {
                size.directives = fragment.directives.len();
                size.add(self.set(&fragment.selection_set)?);
            }
            Selection::FragmentSpread(spread) => {
                size.directives = spread.directives.len();
                size.add(self.fragment(&spread.fragment_name)?);
            }
        }
        Ok(size)
    }

    fn fragment(&mut self, name: &'a str) -> Result<Size, LimitError> {
        match self.known.get(name) {
            Some(Some(size)) if self.level + size.nesting > DEEPEST_WALK => return Err(too_nested()),
            Some(Some(size)) => return Ok(*size),
            Some(None) => return Err(LimitError::Endless(name.to_owned())),
            None => {}
        }
        let Some(fragment) = self.fragments.get(name) else {
            return Ok(Size::default());
        };
        self.known.insert(name, None);
        let size = self.set(&fragment.selection_set)?;
        self.known.insert(name, Some(size));
        Ok(size)
    }
}
