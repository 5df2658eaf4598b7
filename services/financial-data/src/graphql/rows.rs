//! Lists of points, written as JSON text. Resolving every field of every point takes several times longer, and long
//! lists of points are what this API is asked for most.

use std::borrow::Cow;
use std::collections::HashMap;
use std::marker::PhantomData;

use async_graphql::parser::types::{Field, FragmentDefinition, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, Name, OutputType, Positioned, ServerResult, Value};
use platform_error::Error;
use platform_graphql::to_graphql;

use super::extras::Extras;
use super::points::PointIds;
use super::room::room;
use super::text;
use crate::aside::aside;
use crate::history::{Observation, Points};
use crate::output::text::{push_date, push_integer, push_value};
use crate::question::Question;
use crate::series::SeriesId;
use crate::store::State;

/// Points that answer a question about a series, given as a list of the object type `T`.
pub(crate) struct PointList<T> {
    series: SeriesId,
    question: Question,
    points: Points,
    state: State,
    shown_as: PhantomData<fn() -> T>,
}

impl<T: OutputType> PointList<T> {
    /// The answer of a series to a question, as read from a state of the store.
    pub(super) fn new((series, question): (SeriesId, Question), points: Points, state: State) -> Self {
        Self {
            series,
            question,
            points,
            state,
            shown_as: PhantomData,
        }
    }

    async fn write(&self, ctx: &ContextSelectionSet<'_>) -> Result<String, Error> {
        room(ctx)?.take(self.points.len())?;
        let mut columns = Vec::new();
        collect(&ctx.item.node, &ctx.query_env.fragments, &mut columns);
        let extras = match columns.iter().any(|(_, column)| column.is_extra()) && !self.question.computes() {
            true => Some(Extras::read(self.state.snapshot(), self.series).await?),
            false => None,
        };
        let heads = columns.iter().enumerate().map(|(at, (key, column))| {
            let comma = if at == 0 { "" } else { "," };
            (format!("{comma}\"{key}\":"), *column)
        });
        let writer = Writer {
            typename: T::type_name().into_owned(),
            series: self.series,
            ids: PointIds::new(self.series, &self.question),
            extras,
            heads: heads.collect(),
        };
        let points = self.points.clone();
        aside(points.len(), move || writer.list(&points)).await
    }
}

/// A point given by itself.
pub(crate) struct OnePoint<T>(pub(super) PointList<T>);

/// A field of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Typename,
    Id,
    SeriesId,
    Timestamp,
    Date,
    Value,
    RevisionDate,
    IsOriginalRelease,
    ReleaseRank,
    Metadata,
    CreatedAt,
    UpdatedAt,
}

impl Column {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "__typename" => Self::Typename,
            "id" => Self::Id,
            "seriesId" => Self::SeriesId,
            "timestamp" => Self::Timestamp,
            "date" => Self::Date,
            "value" => Self::Value,
            "revisionDate" => Self::RevisionDate,
            "isOriginalRelease" => Self::IsOriginalRelease,
            "releaseRank" => Self::ReleaseRank,
            "metadata" => Self::Metadata,
            "createdAt" => Self::CreatedAt,
            "updatedAt" => Self::UpdatedAt,
            _ => return None,
        })
    }

    fn is_extra(self) -> bool {
        matches!(self, Self::Metadata | Self::CreatedAt | Self::UpdatedAt)
    }
}

/// How a point is written: what stands in front of each selected field, and where its value comes from.
struct Writer {
    typename: String,
    series: SeriesId,
    ids: PointIds,
    extras: Option<Extras>,
    heads: Vec<(String, Column)>,
}

impl Writer {
    fn list(&self, points: &Points) -> String {
        let width: usize = self.heads.iter().map(|(head, _)| head.len() + 16).sum();
        let mut out = Vec::with_capacity(2 + points.len() * (width + 3));
        out.push(b'[');
        for (at, point) in points.iter().enumerate() {
            out.extend_from_slice(if at == 0 { b"{" } else { b",{" });
            self.push(&mut out, &point);
            out.push(b'}');
        }
        out.push(b']');
        String::from_utf8(out).expect("only names of ours, numbers, dates and checked text were written")
    }

    fn push(&self, out: &mut Vec<u8>, point: &Observation) {
        let stored = self
            .extras
            .as_ref()
            .and_then(|extras| Some((extras, extras.row(point.date, point.revision_date)?)));
        for (head, column) in &self.heads {
            out.extend_from_slice(head.as_bytes());
            match column {
                Column::Typename => quoted(out, |out| out.extend_from_slice(self.typename.as_bytes())),
                Column::Id => {
                    let mut buffer = uuid::Uuid::encode_buffer();
                    let id = self.ids.of(point.date, point.revision_date).hyphenated();
                    quoted(out, |out| {
                        out.extend_from_slice(id.encode_lower(&mut buffer).as_bytes())
                    });
                }
                Column::SeriesId => quoted(out, |out| out.extend_from_slice(self.series.to_string().as_bytes())),
                Column::Timestamp => quoted(out, |out| {
                    push_date(out, point.date);
                    out.extend_from_slice(b"T00:00:00Z");
                }),
                Column::Date => quoted(out, |out| push_date(out, point.date)),
                Column::Value => match point.value {
                    Some(value) => quoted(out, |out| push_value(out, value.unscaled(), value.digits())),
                    None => out.extend_from_slice(b"null"),
                },
                Column::RevisionDate => quoted(out, |out| push_date(out, point.revision_date)),
                Column::IsOriginalRelease => {
                    out.extend_from_slice(if point.is_original_release { b"true" } else { b"false" });
                }
                Column::ReleaseRank => push_integer(out, u64::from(point.release_rank)),
                Column::Metadata => {
                    let metadata = stored.and_then(|(extras, row)| extras.metadata(row));
                    out.extend_from_slice(metadata.unwrap_or("null").as_bytes());
                }
                Column::CreatedAt | Column::UpdatedAt => {
                    let time = stored.and_then(|(extras, row)| match column {
                        Column::CreatedAt => extras.created_at(row),
                        _ => extras.updated_at(row),
                    });
                    match time {
                        Some(time) => quoted(out, |out| out.extend_from_slice(time.text().as_bytes())),
                        None => out.extend_from_slice(b"null"),
                    }
                }
            }
        }
    }
}

fn quoted(out: &mut Vec<u8>, push: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    push(out);
    out.push(b'"');
}

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// The selected fields by response key, each once. All of them are leaves, and validation has seen to it that what is
/// selected twice under one key is the same.
fn collect<'a>(set: &'a SelectionSet, fragments: &'a Fragments, out: &mut Vec<(&'a str, Column)>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => {
                let key = field.node.response_key().node.as_str();
                if let Some(column) = Column::of(&field.node.name.node)
                    && out.iter().all(|(other, _)| *other != key)
                {
                    out.push((key, column));
                }
            }
            Selection::InlineFragment(fragment) => collect(&fragment.node.selection_set.node, fragments, out),
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = fragments.get(&spread.node.fragment_name.node) {
                    collect(&fragment.node.selection_set.node, fragments, out);
                }
            }
        }
    }
}

/// What was written as the value of its field.
fn value(ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>, json: Result<String, Error>) -> ServerResult<Value> {
    let value = json.and_then(|json| text::object(ctx, json).map_err(Error::internal));
    value.map_err(|error| ctx.set_error_path(to_graphql(error).into_server_error(field.pos)))
}

impl<T: OutputType> OutputType for PointList<T> {
    fn type_name() -> Cow<'static, str> {
        Vec::<T>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<T>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<T>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        value(ctx, field, self.write(ctx).await)
    }
}

impl<T: OutputType> OutputType for OnePoint<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let json = self.0.write(ctx).await;
        value(ctx, field, json.map(|json| json[1..json.len() - 1].to_owned()))
    }
}
