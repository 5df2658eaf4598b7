//! How large an operation may be, refused before any work is done on it.

use std::collections::HashMap;

use graphql_tools::static_graphql::query::{FragmentDefinition, Selection, SelectionSet};
use platform_error::{Code, Coded};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::outline::Operation;

/// Selection sets inside one another, fragments included, before the walk itself would become a risk.
const DEEPEST_WALK: usize = 512;

/// What one operation may be made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Words and signs of the text.
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

/// An operation that is refused for its size.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operation has more {what} than the {limit} that are allowed; ask for less or split it")]
pub(crate) struct LimitError {
    /// What there is too much of.
    pub what: &'static str,
    /// How much is allowed.
    pub limit: usize,
    /// How much there is, where it was counted to the end.
    pub value: Option<usize>,
}

impl Coded for LimitError {
    fn code(&self) -> Code {
        Code::Invalid
    }

    fn details(&self) -> Option<Value> {
        Some(json!({ "limit": self.what, "allowed": self.limit, "found": self.value }))
    }
}

/// Refuses an operation that is larger than allowed. Fragments that use themselves are left to validation.
pub(crate) fn check(operation: &Operation<'_>, limits: &LimitSettings) -> Result<(), LimitError> {
    let mut walk = Walk {
        fragments: &operation.fragments,
        known: HashMap::new(),
        level: 0,
    };
    let size = walk.set(operation.selection)?;
    let found = [
        ("levels (depth)", size.depth, limits.depth),
        ("root fields", size.fields, limits.root_fields),
        ("fields (height)", size.height, limits.height),
        ("aliases", size.aliases, limits.aliases),
        ("directives", size.directives, limits.directives),
    ];
    match found.into_iter().find(|(_, value, limit)| value > limit) {
        Some((what, value, limit)) => Err(beyond(what, limit, Some(value))),
        None => Ok(()),
    }
}

fn beyond(what: &'static str, limit: usize, value: Option<usize>) -> LimitError {
    LimitError { what, limit, value }
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
}

impl Size {
    fn add(&mut self, other: Self) {
        self.depth = self.depth.max(other.depth);
        self.fields = self.fields.saturating_add(other.fields);
        self.height = self.height.saturating_add(other.height);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
    }
}

struct Walk<'a> {
    fragments: &'a HashMap<&'a str, &'a FragmentDefinition>,
    /// Nothing while a fragment is being measured.
    known: HashMap<&'a str, Option<Size>>,
    level: usize,
}

impl<'a> Walk<'a> {
    fn set(&mut self, set: &'a SelectionSet) -> Result<Size, LimitError> {
        self.level += 1;
        if self.level > DEEPEST_WALK {
            return Err(beyond("nested selections", DEEPEST_WALK, None));
        }
        let mut size = Size::default();
        for selection in &set.items {
            size.add(self.selection(selection)?);
        }
        self.level -= 1;
        Ok(size)
    }

    fn selection(&mut self, selection: &'a Selection) -> Result<Size, LimitError> {
        let mut size = Size::default();
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
        if let Some(known) = self.known.get(name) {
            return Ok(known.unwrap_or_default());
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
