//! One question to many series, answered as a stream: thousands of series never sit in memory.

use std::io;
use std::sync::Arc;
use std::vec::IntoIter;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use futures::{StreamExt, stream};
use platform_error::Result;
use platform_http::{Json, Problem};

use super::arguments::{Argument, Arguments, Groups, Kind, argument};
use super::query::{self, PointsQuery};
use super::{media, series};
use crate::aside::{aside, blocking};
use crate::error::Error;
use crate::output::Encoder;
use crate::question::Asking;
use crate::series::Series;
use crate::store::{SeriesFilter, Store};

/// Which series a panel by GET is about.
const MEMBERS: &[Argument] = &[
    argument(
        "series",
        Kind::List,
        "The series, separated by commas: ids, SOURCE:EXTERNAL_ID or unambiguous external ids.",
    ),
    argument("source", Kind::Text, "Instead of series: all series of this source."),
];
const NAMES: &[Argument] = &[argument(
    "names",
    Kind::OneOf(&["id", "full"]),
    "How rows name their series: id, or full for SOURCE:EXTERNAL_ID. id unless told otherwise.",
)];

/// The arguments of [`by_query`].
pub(super) const BY_QUERY: Groups = &[
    MEMBERS,
    NAMES,
    query::RANGE,
    query::PICK,
    query::TRANSFORM,
    query::MOMENT,
    query::COLUMNS,
    media::FORMAT,
];
/// The arguments of [`by_list`].
pub(super) const BY_LIST: Groups = &[
    NAMES,
    query::RANGE,
    query::PICK,
    query::TRANSFORM,
    query::MOMENT,
    query::COLUMNS,
    media::FORMAT,
];

/// The points of the series that the URL names.
pub(super) async fn by_query(
    State(store): State<Store>,
    arguments: Arguments,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    arguments.exclusive(&["series", "source"])?;
    let members = match (arguments.text("series"), arguments.text("source")) {
        (Some(names), _) => found(&store, names.split(',').map(str::trim))?,
        (None, Some(source)) => {
            let (listing, id) = (store.clone(), series::source(source));
            if store.source(id).is_none() {
                let reason = format!("{source:?} is none of GET /sources");
                return Err(Error::field("source", reason).into());
            }
            let filter = SeriesFilter {
                source: Some(id),
                ..SeriesFilter::default()
            };
            blocking(move || listing.list(&filter, None, usize::MAX).0).await?
        }
        (None, None) => return Err(Error::field("series", "or source is needed: say which series to show").into()),
    };
    answer(store, members, arguments, headers).await
}

/// The points of the series that the body lists.
pub(super) async fn by_list(
    State(store): State<Store>,
    arguments: Arguments,
    headers: HeaderMap,
    Json(names): Json<Vec<String>>,
) -> Result<Response, Problem> {
    let members = found(&store, names.iter().map(String::as_str))?;
    answer(store, members, arguments, headers).await
}

fn found<'a>(store: &Store, names: impl Iterator<Item = &'a str>) -> Result<Vec<Arc<Series>>, Error> {
    names.map(|name| store.find(name, None)).collect()
}

async fn answer(
    store: Store,
    members: Vec<Arc<Series>>,
    arguments: Arguments,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let PointsQuery { question, columns } = PointsQuery::of(&arguments)?;
    let media = media::wanted(&arguments, &headers, media::POINTS)?;
    let panel = Panel {
        // What a series cannot answer is said before the answer begins.
        asking: store.ask(question, &members).await?,
        members: members.into_iter(),
        encoder: Some(Encoder::many(media, columns, question.pick.as_of())?),
        full_names: arguments.word("names", &["id", "full"])? == Some("full"),
        store,
    };
    // What fails at once is still a problem document; later on the answer can only break off.
    let first = panel.piece().await?;
    let first = first.map(|(bytes, rest)| stream::once(async { Ok(bytes) }).chain(stream::try_unfold(rest, next)));
    Ok(media::answer(media, first.map_or_else(Body::empty, Body::from_stream)))
}

/// The rest of an answer.
struct Panel {
    store: Store,
    asking: Asking,
    members: IntoIter<Arc<Series>>,
    /// `None` when everything has been written.
    encoder: Option<Encoder>,
    full_names: bool,
}

impl Panel {
    /// The next bytes of the answer and the rest of it.
    async fn piece(mut self) -> Result<Option<(Bytes, Self)>> {
        let Some(mut encoder) = self.encoder.take() else {
            return Ok(None);
        };
        while let Some(series) = self.members.next() {
            let points = self.asking.answer(&series).await?;
            let count = points.len();
            let name = self.name(&series);
            let write = move || encoder.add(&name, &points).map(|ready| (ready, encoder));
            let (ready, rest) = aside(count, write).await??;
            encoder = rest;
            if !ready.is_empty() {
                self.encoder = Some(encoder);
                return Ok(Some((ready, self)));
            }
            // Series in the cache never wait, and others want to be answered as well.
            tokio::task::consume_budget().await;
        }
        Ok(Some((blocking(move || encoder.finish()).await??, self)))
    }

    fn name(&self, series: &Series) -> String {
        match self.full_names {
            true => format!("{}:{}", self.store.source_name(series), series.external_id),
            false => series.id.to_string(),
        }
    }
}

async fn next(rest: Panel) -> io::Result<Option<(Bytes, Panel)>> {
    rest.piece().await.map_err(|error| {
        tracing::error!(error = ?error, "a panel broke off");
        io::Error::other(error.message().to_string())
    })
}
