//! Labels of `@override`: which fields are moving from one subgraph to another, and for which share of requests.

use std::collections::{BTreeSet, HashSet};

use graphql_tools::static_graphql::{
    query::{self, Selection, SelectionSet},
    schema::{Definition, Document, TypeDefinition},
};

use platform_service::Ids;

use super::text;
use crate::plan::Overrides;

const WHOLE: u64 = 100 * PERCENT;
const PERCENT: u64 = Overrides::PERCENT;
/// The digits after the point that a label may have, and that [`PERCENT`] has zeros.
const DIGITS: usize = 8;

/// The labels of a supergraph.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    /// The shares of `percent(n)`, each once, in order.
    shares: Vec<u64>,
    /// The other labels.
    named: BTreeSet<String>,
    /// Names of fields with a share, and of fields that require them.
    fields: HashSet<String>,
    /// Whether a key consists of such a field, so that any join may meet it.
    is_in_keys: bool,
}

impl Labels {
    pub(super) fn new(supergraph: &Document) -> Self {
        let mut labels = Self::default();
        let (mut shares, mut requires, mut keys) = (BTreeSet::new(), Vec::new(), Vec::new());
        for definition in &supergraph.definitions {
            let (directives, fields) = match definition {
                Definition::TypeDefinition(TypeDefinition::Object(object)) => (&object.directives, &object.fields),
                Definition::TypeDefinition(TypeDefinition::Interface(it)) => (&it.directives, &it.fields),
                _ => continue,
            };
            keys.extend(
                directives
                    .iter()
                    .filter_map(|directive| text(&directive.arguments, "key")),
            );
            for field in fields {
                for join in field.directives.iter().filter(|join| join.name == "join__field") {
                    requires.extend(text(&join.arguments, "requires").map(|requires| (&field.name, requires)));
                    let Some(label) = text(&join.arguments, "overrideLabel") else {
                        continue;
                    };
                    match share(label) {
                        Some(share) => {
                            shares.insert(share);
                            labels.fields.insert(field.name.clone());
                        }
                        None => drop(labels.named.insert(label.to_owned())),
                    }
                }
            }
        }
        labels.shares = shares.into_iter().collect();
        // What requires a moving field moves with it, and so on.
        while let Some((name, _)) = requires.iter().find(|(name, requires)| {
            !labels.fields.contains(*name) && words(requires).any(|word| labels.fields.contains(word))
        }) {
            labels.fields.insert((*name).clone());
        }
        labels.is_in_keys = keys
            .iter()
            .any(|key| words(key).any(|word| labels.fields.contains(word)));
        labels
    }

    /// Says which labels are switched on and stand nowhere: a slip of the pen, or of tomorrow's supergraph.
    pub(crate) fn check(&self, switched_on: &BTreeSet<String>) {
        for label in switched_on.difference(&self.named) {
            tracing::warn!(
                label,
                "gateway.overrides.labels names a label that no @override of the supergraph has"
            );
        }
    }

    /// Whether a document may be planned differently for different requests. By the names of its fields alone: a name
    /// that only looks like that of a moving field costs a few plans more.
    pub(crate) fn concern(&self, document: &query::Document) -> bool {
        if self.shares.is_empty() {
            return false;
        }
        self.is_in_keys
            || document.definitions.iter().any(|definition| {
                self.is_met_in(match definition {
                    query::Definition::Fragment(fragment) => &fragment.selection_set,
                    query::Definition::Operation(operation) => operation.selection_set(),
                })
            })
    }

    fn is_met_in(&self, set: &SelectionSet) -> bool {
        set.items.iter().any(|item| match item {
            Selection::Field(field) => self.fields.contains(&field.name) || self.is_met_in(&field.selection_set),
            Selection::InlineFragment(fragment) => self.is_met_in(&fragment.selection_set),
            Selection::FragmentSpread(_) => false,
        })
    }

    /// The draws that stand for all: what is drawn between two shares is planned as the lower of them.
    pub(crate) fn draws(&self) -> impl Iterator<Item = u64> {
        std::iter::once(0).chain(self.shares.iter().copied())
    }

    /// The draw that stands for another.
    pub(crate) fn standing_for(&self, draw: u64) -> u64 {
        self.draws()
            .take_while(|share| *share <= draw)
            .last()
            .unwrap_or_default()
    }
}

/// Where in a hundred per cent a request falls.
pub(crate) fn draw(ids: &Ids) -> u64 {
    let [.., a, b, c, d, e, f] = *ids.v4().as_bytes();
    u64::from_be_bytes([0, 0, a, b, c, d, e, f]) % WHOLE
}

fn words(selection: &str) -> impl Iterator<Item = &str> {
    selection.split(|letter: char| letter != '_' && !letter.is_ascii_alphanumeric())
}

/// The share of `percent(12.5)`; nothing, if the label is a name. Composition lets no other form through.
fn share(label: &str) -> Option<u64> {
    let number = label.strip_prefix("percent(")?.strip_suffix(')')?;
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let part: u64 = format!("{part:0<DIGITS$}").get(..DIGITS)?.parse().ok()?;
    Some(
        whole
            .parse::<u64>()
            .ok()?
            .checked_mul(PERCENT)?
            .checked_add(part)?
            .min(WHOLE),
    )
}
