//! Every route in one table, of which the router and the document are made.

use std::num::NonZeroU32;

use platform_config::{ByteSize, Duration};
use platform_http::RateLimit;

use super::route::{Body, Route, delete, get, post, put};
use super::{bulk, describe, document, lake, media, panel, points, query, series};
use crate::ingest::Format;
use crate::output::Media;
use crate::settings::Settings;

/// For so long an upload may go on, or upkeep that was asked for.
const LONG: Duration = Duration::from_secs(3600);

/// Uploads that are read at the same time: each holds a thread that waits for its sender. More of them wait.
const UPLOADS: usize = 128;

fn json(schema: &'static str) -> [Body; 1] {
    [("application/json", schema)]
}

/// Answers in formats, of which the JSON one has a schema.
fn formats(offered: &'static [Media], schema: &'static str) -> impl Iterator<Item = Body> {
    let schema_of = move |media: &Media| match media {
        Media::Json => schema,
        Media::Ndjson | Media::Csv => "Text",
        Media::Arrow | Media::Parquet => "Binary",
    };
    offered.iter().map(move |media| (media.media_type(), schema_of(media)))
}

fn uploads() -> impl Iterator<Item = Body> {
    Format::ALL.into_iter().map(|format| match format {
        Format::Json => (format.content_type(), "BulkRequest"),
        Format::Ndjson | Format::Csv => (format.content_type(), "Text"),
        Format::ArrowStream | Format::Parquet | Format::Protobuf => (format.content_type(), "Binary"),
    })
}

/// Every route of the service.
pub(super) fn all(settings: &Settings) -> Vec<Route> {
    let mut routes = vec![
        get("/api/v1/openapi.json", "openapi", document::get)
            .says("This document.")
            .gives(200, json("Document")),
    ];
    routes.extend(writes(settings));
    routes.extend(reads());
    routes.extend(upkeep(settings));
    routes
}

fn writes(settings: &Settings) -> [Route; 4] {
    let often = NonZeroU32::new(settings.uploads_per_minute).unwrap_or(NonZeroU32::MIN);
    [
        post("/api/v1/financial-data/bulk", "uploadBulk", bulk::upload)
            .says("Stores a batch of points and reports what became of its rows.")
            .asks(&[bulk::ARGUMENTS])
            .heads(bulk::HEADERS)
            .takes(uploads())
            .gives(200, json("Report"))
            .refuses(&[413, 415, 422, 429])
            .within(settings.upload_bytes, LONG)
            .at_once(UPLOADS)
            .limited(RateLimit::per_minute(often)),
        get("/api/v1/financial-data/bulk.proto", "bulkProto", bulk::proto)
            .says("The definition of the protobuf format of batches.")
            .gives(200, [("text/plain", "Text")]),
        put("/api/v1/financial-data/series/{id}", "describeSeries", describe::put)
            .says(
                "Describes a series, creating it when it is named SOURCE:EXTERNAL_ID and not there yet. \
                 Points that come with it are stored with it, all or none.",
            )
            .takes(json("SeriesInput"))
            .gives(200, json("StoredSeries"))
            .gives(201, json("StoredSeries"))
            .refuses(&[404, 413, 415, 422]),
        delete("/api/v1/financial-data/series/{id}", "deleteSeries", series::delete)
            .says("Deletes a series with all its points.")
            .gives(204, [])
            .refuses(&[404]),
    ]
}

fn reads() -> Vec<Route> {
    vec![
        get("/api/v1/financial-data/series", "listSeries", series::list)
            .says("A page of the series that fit a filter, or the best finds of a search.")
            .asks(&[series::LIST, media::LIST_FORMAT])
            .gives(200, formats(media::LISTS, "SeriesList"))
            .refuses(&[406]),
        get("/api/v1/financial-data/series/{id}", "getSeries", series::get)
            .says("The description of a series.")
            .gives(200, json("Series"))
            .refuses(&[404]),
        get("/api/v1/financial-data/series/{id}/points", "getPoints", points::points)
            .says("The points of a series: as known now unless told otherwise.")
            .asks(points::POINTS)
            .gives(200, formats(media::POINTS, "Points"))
            .gives(304, [])
            .refuses(&[404, 406]),
        get("/api/v1/financial-data/series/{id}/latest", "getLatest", points::latest)
            .says("The newest observation of a series that has a value.")
            .asks(&[points::LATEST])
            .gives(200, json("Latest"))
            .refuses(&[404]),
        get(
            "/api/v1/financial-data/series/{id}/vintages",
            "getVintages",
            points::vintages,
        )
        .says("The days on which something was published of a series.")
        .asks(&[query::MOMENT])
        .gives(200, json("Vintages"))
        .refuses(&[404]),
        get("/api/v1/financial-data/series/{id}/matrix", "getMatrix", points::matrix)
            .says("What each of some vintages says of each date.")
            .asks(&[points::MATRIX, query::RANGE, query::MOMENT, media::FORMAT])
            .gives(200, formats(media::POINTS, "Matrix"))
            .gives(304, [])
            .refuses(&[404, 406, 422]),
        get("/api/v1/financial-data/panel", "getPanel", panel::by_query)
            .says("The points of many series, streamed.")
            .asks(panel::BY_QUERY)
            .gives(200, formats(media::POINTS, "Panel"))
            .refuses(&[404, 406]),
        post("/api/v1/financial-data/panel", "getPanelOf", panel::by_list)
            .says("The points of the series that the body lists, streamed.")
            .asks(panel::BY_LIST)
            .takes(json("SeriesNames"))
            .gives(200, formats(media::POINTS, "Panel"))
            .refuses(&[404, 406, 415, 422]),
        get("/api/v1/financial-data/sources", "listSources", series::sources)
            .says("All sources by name.")
            .gives(200, json("Sources")),
    ]
}

fn upkeep(settings: &Settings) -> [Route; 7] {
    // None of them has a body of its own; what is sent nevertheless need not be large.
    let small = settings.upload_bytes.min(ByteSize::mb(1));
    [
        get("/api/v1/lake/stats", "lakeStats", lake::stats)
            .says("The size of the tables.")
            .asks(&[lake::TABLE])
            .gives(200, json("LakeStats")),
        get("/api/v1/lake/snapshots", "lakeSnapshots", lake::snapshots)
            .says("The snapshots of a table, the newest first.")
            .asks(&[lake::SNAPSHOTS])
            .gives(200, json("Snapshots")),
        post("/api/v1/lake/compact", "compactLake", lake::compact)
            .says("Merges files.")
            .asks(&[lake::COMPACT, lake::TABLE])
            .gives(200, json("Compactions"))
            .refuses(&[409])
            .within(small, LONG),
        post("/api/v1/lake/expire", "expireSnapshots", lake::expire)
            .says("Forgets old snapshots. What only they need goes with the next sweep.")
            .asks(&[lake::EXPIRE, lake::TABLE])
            .gives(200, json("Expired"))
            .within(small, LONG),
        post("/api/v1/lake/sweep", "sweepLake", lake::sweep)
            .says("Removes files that no snapshot needs.")
            .asks(&[lake::SWEEP, lake::TABLE])
            .gives(200, json("Swept"))
            .within(small, LONG),
        post("/api/v1/lake/pause", "pauseCompaction", lake::pause)
            .says("Stops compactions until they are resumed or the process ends.")
            .asks(&[lake::TABLE])
            .gives(200, json("Paused")),
        post("/api/v1/lake/resume", "resumeCompaction", lake::resume)
            .says("Lets compactions go on.")
            .asks(&[lake::TABLE])
            .gives(200, json("Paused")),
    ]
}
