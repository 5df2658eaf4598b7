//! Merging of sorted rows: the newest write of a key wins.

use std::cmp::Ordering;

use arrow::array::{ArrayRef, RecordBatch, UInt32Array, make_comparator};
use arrow::compute::{SortOptions, concat_batches, interleave_record_batch, take_record_batch};
use arrow::datatypes::SchemaRef;
use arrow::row::{RowConverter, Rows, SortField};
use futures::stream::{self, BoxStream, Stream, StreamExt};

use crate::error::{LakeError, Result};

/// How many rows a merged batch has at most.
pub(crate) const BATCH_ROWS: usize = 8192;

/// The age of a file among those merged: higher is newer, and no two files share one.
pub(crate) type Rank = u32;

/// Sorted batches without equal keys in a file, each with the rank of its file.
pub(crate) type Run = BoxStream<'static, Result<(Rank, RecordBatch)>>;

/// Turns key columns into bytes that compare like the key.
pub(crate) struct KeyCodec {
    columns: Vec<usize>,
    converter: RowConverter,
}

impl KeyCodec {
    /// The key `names` of batches of `schema`.
    pub(crate) fn new(schema: &SchemaRef, names: &[&str]) -> Result<Self> {
        let columns = names
            .iter()
            .map(|name| schema.index_of(name))
            .collect::<Result<Vec<_>, _>>()?;
        let field = |at: &usize| SortField::new(schema.field(*at).data_type().clone());
        let converter = RowConverter::new(columns.iter().map(field).collect())?;
        Ok(Self { columns, converter })
    }

    pub(crate) fn rows(&self, batch: &RecordBatch) -> Result<Rows> {
        let columns: Vec<ArrayRef> = self.columns.iter().map(|at| batch.column(*at).clone()).collect();
        Ok(self.converter.convert_columns(&columns)?)
    }

    /// Whether each key is above the one before it: most writes come in order, and looking is cheaper than sorting.
    fn is_sorted_unique(&self, batch: &RecordBatch) -> Result<bool> {
        let compare = |at: &usize| {
            let column = batch.column(*at).as_ref();
            make_comparator(column, column, SortOptions::default())
        };
        let columns = self.columns.iter().map(compare).collect::<Result<Vec<_>, _>>()?;
        let order = |at: usize| {
            let mut orders = columns.iter().map(|compare| compare(at - 1, at));
            orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        };
        Ok((1..batch.num_rows()).all(|at| order(at).is_lt()))
    }

    /// `batch` sorted by key; of rows with equal keys only the last in input order stays.
    pub(crate) fn sorted_unique(&self, batch: RecordBatch) -> Result<RecordBatch> {
        if self.is_sorted_unique(&batch)? {
            return Ok(batch);
        }
        let rows = self.rows(&batch)?;
        let count = rows.num_rows();
        let mut order: Vec<u32> = (0..count as u32).collect();
        order.sort_by(|a, b| rows.row(*a as usize).cmp(&rows.row(*b as usize)));
        let mut kept: Vec<u32> = Vec::with_capacity(count);
        for at in order {
            match kept.last_mut() {
                Some(last) if rows.row(*last as usize) == rows.row(at as usize) => *last = at,
                _ => kept.push(at),
            }
        }
        Ok(take_record_batch(&batch, &UInt32Array::from(kept))?)
    }

    /// One sorted batch of several, given from the oldest to the newest.
    pub(crate) fn merge_all(&self, schema: &SchemaRef, oldest_first: &[RecordBatch]) -> Result<RecordBatch> {
        match oldest_first {
            [only] => Ok(only.clone()),
            many => self.sorted_unique(concat_batches(schema, many)?),
        }
    }
}

struct Cursor {
    run: Run,
    rank: Rank,
    batch: RecordBatch,
    rows: Option<Rows>,
    at: usize,
    held: Option<usize>,
}

impl Cursor {
    async fn advance(&mut self, codec: &KeyCodec) -> Result<bool> {
        while self.rows.is_none() || self.at >= self.batch.num_rows() {
            let Some(next) = self.run.next().await else {
                return Ok(false);
            };
            (self.rank, self.batch) = next?;
            (self.rows, self.at, self.held) = (Some(codec.rows(&self.batch)?), 0, None);
        }
        Ok(true)
    }

    fn key(&self, at: usize) -> arrow::row::Row<'_> {
        self.rows
            .as_ref()
            .expect("a cursor is advanced before it is read")
            .row(at)
    }

    /// How many rows from the cursor on are below `bound`: doubling steps, then bisection.
    fn below(&self, bound: Option<arrow::row::Row<'_>>) -> usize {
        let end = self.batch.num_rows();
        let Some(bound) = bound else { return end - self.at };
        let (mut low, mut step) = (self.at + 1, 1);
        while low + step <= end && self.key(low + step - 1) < bound {
            low += step;
            step *= 2;
        }
        let mut high = end.min(low + step);
        while low < high {
            let middle = low.midpoint(high);
            match self.key(middle) < bound {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low - self.at
    }
}

enum Choice {
    Done,
    Superseded(usize),
    Run { best: usize, count: usize },
}

struct Merger {
    codec: KeyCodec,
    cursors: Vec<Cursor>,
    held: Vec<RecordBatch>,
    picked: Vec<(usize, usize)>,
}

impl Merger {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            self.drop_finished().await?;
            let (best, count) = match self.choose() {
                Choice::Done => return self.flush(),
                Choice::Superseded(old) => {
                    self.cursors[old].at += 1;
                    continue;
                }
                Choice::Run { best, count } => (best, count),
            };
            if self.picked.is_empty() && count >= BATCH_ROWS / 4 {
                let cursor = &mut self.cursors[best];
                let slice = cursor.batch.slice(cursor.at, count);
                cursor.at += count;
                return Ok(Some(slice));
            }
            self.pick(best, count.min(BATCH_ROWS - self.picked.len()));
            if self.picked.len() >= BATCH_ROWS {
                return self.flush();
            }
        }
    }

    async fn drop_finished(&mut self) -> Result<()> {
        let mut at = 0;
        while at < self.cursors.len() {
            match self.cursors[at].advance(&self.codec).await? {
                true => at += 1,
                false => drop(self.cursors.swap_remove(at)),
            }
        }
        Ok(())
    }

    /// The lowest key leads until the next cursor's key; of two equal keys the older is superseded.
    fn choose(&self) -> Choice {
        let head = |at: usize| self.cursors[at].key(self.cursors[at].at);
        if self.cursors.is_empty() {
            return Choice::Done;
        }
        let (mut best, mut next) = (0, None);
        for at in 1..self.cursors.len() {
            match head(at).cmp(&head(best)) {
                Ordering::Less => (best, next) = (at, Some(best)),
                Ordering::Equal if self.cursors[at].rank > self.cursors[best].rank => return Choice::Superseded(best),
                Ordering::Equal => return Choice::Superseded(at),
                Ordering::Greater if next.is_none_or(|next| head(at) < head(next)) => next = Some(at),
                Ordering::Greater => {}
            }
        }
        Choice::Run {
            best,
            count: self.cursors[best].below(next.map(head)),
        }
    }

    fn pick(&mut self, cursor: usize, count: usize) {
        let cursor = &mut self.cursors[cursor];
        let held = *cursor.held.get_or_insert_with(|| {
            self.held.push(cursor.batch.clone());
            self.held.len() - 1
        });
        self.picked
            .extend((cursor.at..cursor.at + count).map(|row| (held, row)));
        cursor.at += count;
    }

    fn flush(&mut self) -> Result<Option<RecordBatch>> {
        if self.picked.is_empty() {
            return Ok(None);
        }
        let held: Vec<&RecordBatch> = self.held.iter().collect();
        let batch = interleave_record_batch(&held, &self.picked)?;
        self.picked.clear();
        self.held.clear();
        self.cursors.iter_mut().for_each(|cursor| cursor.held = None);
        Ok(Some(batch))
    }
}

/// Merges sorted runs into batches sorted by `codec`'s key, without equal keys.
pub(crate) fn merge(
    runs: Vec<Run>,
    schema: &SchemaRef,
    codec: KeyCodec,
) -> impl Stream<Item = Result<RecordBatch>> + use<> {
    let empty = RecordBatch::new_empty(schema.clone());
    let cursor = |run| Cursor {
        run,
        rank: 0,
        batch: empty.clone(),
        rows: None,
        at: 0,
        held: None,
    };
    let cursors = runs.into_iter().map(cursor).collect();
    let merger = Merger {
        codec,
        cursors,
        held: Vec::new(),
        picked: Vec::new(),
    };
    stream::try_unfold(merger, |mut merger| async move {
        Ok::<_, LakeError>(merger.next().await?.map(|batch| (batch, merger)))
    })
}
