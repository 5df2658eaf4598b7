//! Points of one series or of many, written piece by piece so that a panel is never whole in memory.

use bytes::Bytes;

use super::batch::{ArrowBody, ParquetBody};
use super::rows::{push_csv_rows, push_json_lines, push_json_rows};
use super::text::{push_json, push_quoted_date};
use super::{Columns, Media, OutputError};
use crate::history::Points;

/// Bytes that are gathered before they are handed on.
const CHUNK: usize = 64 << 10;

/// Whether rows say which series they belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    One,
    Many,
}

/// Writes one answer: [`Encoder::one`] or [`Encoder::many`], then [`Encoder::add`] per series, then [`Encoder::finish`].
/// What the calls return, put together, is the answer; a call returns nothing while there is little to send.
pub struct Encoder {
    layout: Layout,
    columns: Columns,
    body: Body,
}

enum Body {
    Text(Text),
    Arrow(Box<ArrowBody>),
    Parquet(Box<ParquetBody>),
}

struct Text {
    media: Media,
    as_of: Option<i32>,
    out: Vec<u8>,
    /// How many series have been added.
    series: usize,
}

impl Encoder {
    /// An answer about one series: rows do not name it. `as_of` is only said, not applied.
    pub fn one(media: Media, columns: Columns, as_of: Option<i32>) -> Result<Self, OutputError> {
        Self::new(media, columns, Layout::One, as_of)
    }

    /// An answer about any number of series: every row names its own. `as_of` is only said, not applied.
    pub fn many(media: Media, columns: Columns, as_of: Option<i32>) -> Result<Self, OutputError> {
        Self::new(media, columns, Layout::Many, as_of)
    }

    fn new(media: Media, columns: Columns, layout: Layout, as_of: Option<i32>) -> Result<Self, OutputError> {
        let body = match media {
            Media::Arrow => Body::Arrow(Box::new(ArrowBody::new(layout, columns)?)),
            Media::Parquet => Body::Parquet(Box::new(ParquetBody::new(layout, columns)?)),
            Media::Json | Media::Ndjson | Media::Csv => Body::Text(Text {
                media,
                as_of,
                out: Vec::new(),
                series: 0,
            }),
        };
        let mut encoder = Self { layout, columns, body };
        if let Body::Text(text) = &mut encoder.body {
            text.begin(layout, columns);
        }
        Ok(encoder)
    }

    /// Adds the points of a series; returns what is ready to be sent, often nothing.
    pub fn add(&mut self, series: &str, points: &Points) -> Result<Bytes, OutputError> {
        self.write(series, points)?;
        let ready = self.ready();
        Ok(if ready.len() < CHUNK {
            Bytes::new()
        } else {
            std::mem::take(ready).into()
        })
    }

    /// Ends the answer and returns the rest of it.
    pub fn finish(mut self) -> Result<Bytes, OutputError> {
        match &mut self.body {
            Body::Text(text) => text.finish(self.layout),
            Body::Arrow(body) => body.finish()?,
            Body::Parquet(body) => body.finish()?,
        }
        Ok(std::mem::take(self.ready()).into())
    }

    /// Adds the points of the last series, or of the only one, and ends the answer.
    pub fn finish_with(mut self, series: &str, points: &Points) -> Result<Bytes, OutputError> {
        self.write(series, points)?;
        self.finish()
    }

    fn write(&mut self, series: &str, points: &Points) -> Result<(), OutputError> {
        match &mut self.body {
            Body::Text(text) => text.add(self.layout, self.columns, (series, points)),
            Body::Arrow(body) => body.add(series, points)?,
            Body::Parquet(body) => body.add(series, points)?,
        }
        Ok(())
    }

    fn ready(&mut self) -> &mut Vec<u8> {
        match &mut self.body {
            Body::Text(text) => &mut text.out,
            Body::Arrow(body) => body.ready(),
            Body::Parquet(body) => body.ready(),
        }
    }
}

impl Text {
    fn begin(&mut self, layout: Layout, columns: Columns) {
        match (self.media, layout) {
            (Media::Csv, _) => {
                let series = if layout == Layout::Many { "series_id," } else { "" };
                let published = match columns {
                    Columns::Short => "",
                    Columns::Full => ",revision_date,is_original_release,release_rank",
                };
                self.out
                    .extend_from_slice(format!("{series}date,value{published}\n").as_bytes());
            }
            (Media::Json, Layout::Many) => {
                self.out.push(b'{');
                self.push_as_of();
                self.out.extend_from_slice(b"\"series\":[");
            }
            _ => {}
        }
    }

    fn add(&mut self, layout: Layout, columns: Columns, (series, points): (&str, &Points)) {
        let out = &mut self.out;
        let named = (layout == Layout::Many).then_some(series);
        match self.media {
            Media::Csv => push_csv_rows(out, named, points, columns),
            Media::Ndjson => push_json_lines(out, named, points, columns),
            _ => {
                out.extend_from_slice(if self.series == 0 {
                    b"{\"seriesId\":"
                } else {
                    b",{\"seriesId\":"
                });
                push_json(out, series);
                out.push(b',');
                if layout == Layout::One {
                    self.push_as_of();
                }
                self.out.extend_from_slice(b"\"points\":[");
                push_json_rows(&mut self.out, points, columns);
                self.out.extend_from_slice(b"]}");
            }
        }
        self.series += 1;
    }

    fn finish(&mut self, layout: Layout) {
        if (self.media, layout) == (Media::Json, Layout::Many) {
            self.out.extend_from_slice(b"]}");
        }
    }

    fn push_as_of(&mut self) {
        self.out.extend_from_slice(b"\"asOf\":");
        match self.as_of {
            Some(days) => push_quoted_date(&mut self.out, days),
            None => self.out.extend_from_slice(b"null"),
        }
        self.out.push(b',');
    }
}
