//! Look-ups in large files: the rows that may hold a lead, by footer and page index, and nothing else decoded.

use std::ops::Range;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::error::ArrowError;
use bytes::{Buf, Bytes, buf};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ParquetRecordBatchReaderBuilder, RowSelection, RowSelectionPolicy, RowSelector,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::reader::{ChunkReader, Length};

use crate::data_file::partition_point;
use crate::error::Result;
use crate::storage::File;

/// Bounds in page indexes are cut at so many bytes.
const BOUND_BYTES: usize = 64;

/// Rows of one row group that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    group: usize,
    rows: Range<usize>,
}

/// Where in a file the rows of a lead are.
#[derive(Debug, Default)]
pub(crate) struct Place {
    spans: Vec<Span>,
    /// Whether some of these rows may be of another lead.
    pub(crate) mixed: bool,
}

impl Place {
    pub(crate) fn of(lead: &str, file: &ParquetMetaData) -> Self {
        let mut place = Self::default();
        for (at, group) in file.row_groups().iter().enumerate() {
            let statistics = group.column(0).statistics();
            let low = statistics.and_then(|statistics| statistics.min_bytes_opt());
            let high = statistics.and_then(|statistics| statistics.max_bytes_opt());
            if low.is_some_and(|low| low > lead.as_bytes()) || high.is_some_and(|high| high < lead.as_bytes()) {
                continue;
            }
            let (rows, mixed) = pages(file, at, lead).unwrap_or((0..group.num_rows() as usize, true));
            if !rows.is_empty() {
                place.spans.push(Span { group: at, rows });
                place.mixed |= mixed;
            }
        }
        place
    }
}

/// The rows of the pages of a row group that may hold `lead`, and whether another lead may be among them.
fn pages(file: &ParquetMetaData, group: usize, lead: &str) -> Option<(Range<usize>, bool)> {
    let ColumnIndexMetaData::BYTE_ARRAY(index) = file.column_index()?.get(group)?.first()? else {
        return None;
    };
    let pages = file.offset_index()?.get(group)?.first()?.page_locations();
    let bytes = lead.as_bytes();
    let first = partition_point(pages.len(), |page| {
        index.max_value(page).is_some_and(|high| high < bytes)
    });
    let end = partition_point(pages.len(), |page| {
        index.min_value(page).is_some_and(|low| low <= bytes)
    });
    let row = |page: usize| pages.get(page).map(|page| page.first_row_index as usize);
    let rows = file.row_group(group).num_rows() as usize;
    let only = |page: usize| index.min_value(page) == Some(bytes) && index.max_value(page) == Some(bytes);
    let mixed = bytes.len() >= BOUND_BYTES || !(first..end).all(only);
    Some((row(first).unwrap_or(rows)..row(end.max(first)).unwrap_or(rows), mixed))
}

/// Rows of a file to decode at once, in its order.
#[derive(Debug)]
pub(crate) struct Selected(Vec<Span>);

impl Selected {
    /// Whatever one of the places has.
    pub(crate) fn union(places: &[Place]) -> Self {
        let mut all: Vec<Span> = places.iter().flat_map(|place| place.spans.iter().cloned()).collect();
        all.sort_by_key(|span| (span.group, span.rows.start));
        let mut out: Vec<Span> = Vec::with_capacity(all.len());
        for span in all {
            match out.last_mut() {
                Some(last) if last.group == span.group && span.rows.start <= last.rows.end => {
                    last.rows.end = last.rows.end.max(span.rows.end);
                }
                _ => out.push(span),
            }
        }
        Self(out)
    }

    pub(crate) fn rows(&self) -> usize {
        self.0.iter().map(|span| span.rows.len()).sum()
    }

    /// Where the rows of a place, which was one of the united, begin and how many there are.
    pub(crate) fn find(&self, place: &Place) -> (usize, usize) {
        let Some(first) = place.spans.first() else {
            return (0, 0);
        };
        let mut before = 0;
        for span in &self.0 {
            if span.group == first.group && first.rows.start < span.rows.end {
                before += first.rows.start - span.rows.start;
                break;
            }
            before += span.rows.len();
        }
        (before, place.spans.iter().map(|span| span.rows.len()).sum())
    }

    /// These rows in the columns of `mask`. Only their pages are read.
    pub(crate) async fn decode(
        &self,
        file: &File,
        about: &ArrowReaderMetadata,
        mask: ProjectionMask,
    ) -> Result<RecordBatch> {
        let parts = Parts::read(file, self.bytes(about.metadata(), &mask)).await?;
        let (groups, selection) = self.selection(about.metadata());
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(parts, about.clone())
            .with_projection(mask)
            .with_row_groups(groups)
            .with_row_selection(selection)
            .with_row_selection_policy(RowSelectionPolicy::Selectors)
            .with_batch_size(self.rows())
            .build()?;
        let schema = arrow::array::RecordBatchReader::schema(&reader);
        let mut batches = reader.collect::<Result<Vec<_>, ArrowError>>()?;
        match batches.len() {
            1 => Ok(batches.swap_remove(0)),
            _ => Ok(concat_batches(&schema, &batches)?),
        }
    }

    fn by_group(&self) -> impl Iterator<Item = &[Span]> {
        self.0.chunk_by(|a, b| a.group == b.group)
    }

    fn selection(&self, file: &ParquetMetaData) -> (Vec<usize>, RowSelection) {
        let (mut groups, mut selectors) = (Vec::new(), Vec::new());
        for spans in self.by_group() {
            let (group, mut at) = (spans[0].group, 0);
            for span in spans {
                selectors.push(RowSelector::skip(span.rows.start - at));
                selectors.push(RowSelector::select(span.rows.len()));
                at = span.rows.end;
            }
            selectors.push(RowSelector::skip(file.row_group(group).num_rows() as usize - at));
            groups.push(group);
        }
        (groups, RowSelection::from(selectors))
    }

    /// The bytes of these rows: dictionaries and pages of the columns of `mask`.
    fn bytes(&self, file: &ParquetMetaData, mask: &ProjectionMask) -> Vec<Range<u64>> {
        let mut out: Vec<Range<u64>> = Vec::new();
        for spans in self.by_group() {
            let columns = 0..file.row_group(spans[0].group).num_columns();
            for column in columns.filter(|column| mask.leaf_included(*column)) {
                add_pages(&mut out, file, (spans, column));
            }
        }
        out
    }
}

fn add_pages(out: &mut Vec<Range<u64>>, file: &ParquetMetaData, (spans, column): (&[Span], usize)) {
    let group = spans[0].group;
    let (start, length) = file.row_group(group).column(column).byte_range();
    let index = file.offset_index().and_then(|groups| groups.get(group)?.get(column));
    let pages = index.map_or(&[][..], |index| index.page_locations());
    let Some(first) = pages.first() else {
        return out.push(start..start + length);
    };
    let mut add = |range: Range<u64>| match out.last_mut() {
        Some(last) if range.start <= last.end && range.start >= last.start => last.end = last.end.max(range.end),
        _ => out.push(range),
    };
    if (first.offset as u64) > start {
        add(start..first.offset as u64);
    }
    for span in spans {
        let from = partition_point(pages.len(), |page| {
            pages[page].first_row_index as usize <= span.rows.start
        });
        let to = partition_point(pages.len(), |page| {
            (pages[page].first_row_index as usize) < span.rows.end
        });
        let (from, to) = (&pages[from.saturating_sub(1)], &pages[to.saturating_sub(1)]);
        add(from.offset as u64..to.offset as u64 + to.compressed_page_size as u64);
    }
}

/// Pieces of a file that were read before they are asked for.
struct Parts {
    size: u64,
    /// By their offsets.
    parts: Vec<(u64, Bytes)>,
}

impl Parts {
    async fn read(file: &File, ranges: Vec<Range<u64>>) -> Result<Self> {
        let bytes = file.read_ranges(&ranges).await?;
        let mut parts: Vec<(u64, Bytes)> = ranges.iter().map(|range| range.start).zip(bytes).collect();
        parts.sort_by_key(|(offset, _)| *offset);
        let size = file.size();
        Ok(Self { size, parts })
    }

    /// What was read from `start` on.
    fn rest(&self, start: u64) -> parquet::errors::Result<Bytes> {
        let after = partition_point(self.parts.len(), |at| self.parts[at].0 <= start);
        let part = after.checked_sub(1).map(|at| &self.parts[at]);
        let rest = part.filter(|(offset, bytes)| start - offset <= bytes.len() as u64);
        let rest = rest.map(|(offset, bytes)| bytes.slice((start - offset) as usize..));
        rest.ok_or_else(|| ParquetError::EOF(format!("a page at byte {start} is outside of its column's pages")))
    }
}

impl Length for Parts {
    fn len(&self) -> u64 {
        self.size
    }
}

impl ChunkReader for Parts {
    type T = buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(self.rest(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let rest = self.rest(start)?;
        match length <= rest.len() {
            true => Ok(rest.slice(..length)),
            false => Err(ParquetError::EOF(format!(
                "a page at byte {start} is longer than its index says"
            ))),
        }
    }
}
