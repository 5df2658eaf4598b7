//! Parquet: the upload is kept in a temporary file, because its footer stands at its end.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::sync::Arc;

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use ::parquet::file::metadata::ParquetMetaData;
use arrow::datatypes::{DataType, Field, Schema};

use super::arrow::{guarded, rows};
use super::columns::Layout;
use super::input::Input;
use super::intake::Intake;
use super::{DecodeError, Format, pages};

const BATCH_ROWS: usize = 8192;

pub(super) fn decode<R: Read>(mut input: Input<R>, intake: &mut Intake<'_>) -> Result<(), DecodeError> {
    let (mut file, size) = spool(&mut input)?;
    pages::check_footer(&mut file, size)?;
    let reader = file.try_clone().map_err(DecodeError::Spool)?;
    // The Arrow schema that some writers put beside Parquet's own is one more thing to lie with, and says nothing we need.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let metadata = guarded(Format::Parquet, size, || {
        ArrowReaderMetadata::load(&reader, options.clone())
    })?;
    let claimed = u64::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or(u64::MAX);
    if claimed > intake.limits().rows {
        return Err(DecodeError::TooManyRows(intake.limits().rows));
    }
    let layout = Layout::of(metadata.schema())?;
    if metadata.parquet_schema().num_columns() != metadata.schema().fields().len() {
        return Err(DecodeError::Columns("a column has columns within it".to_owned()));
    }
    let unpacked = guarded(Format::Parquet, size, || {
        Ok::<_, String>(check_chunks(&mut file, metadata.metadata(), &layout))
    })??;
    intake.unpack(unpacked)?;

    let mut batches = guarded(Format::Parquet, size, || {
        let options = options.with_schema(Arc::new(viewing(metadata.schema())));
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options)?;
        let mask = ProjectionMask::leaves(metadata.parquet_schema(), layout.places());
        ParquetRecordBatchReaderBuilder::new_with_metadata(reader, metadata)
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()
    })?;
    let layout = layout.projected();
    while let Some(batch) = guarded(Format::Parquet, size, || batches.next().transpose())? {
        rows(&layout, &batch, intake)?;
    }
    Ok(())
}

/// Puts the upload into a file that has no name and ends with us.
fn spool<R: Read>(input: &mut Input<R>) -> Result<(File, u64), DecodeError> {
    let mut file = tempfile::tempfile().map_err(DecodeError::Spool)?;
    let mut buffer = vec![0; 256 << 10];
    loop {
        match input.fill(&mut buffer)? {
            0 => break,
            count => file.write_all(&buffer[..count]).map_err(DecodeError::Spool)?,
        }
    }
    file.seek(io::SeekFrom::Start(0)).map_err(DecodeError::Spool)?;
    match input.position() {
        0 => Err(DecodeError::Empty("a Parquet file")),
        size => Ok((file, size)),
    }
}

fn check_chunks(file: &mut File, metadata: &ParquetMetaData, layout: &Layout) -> Result<u64, DecodeError> {
    let mut sum = 0_u64;
    for group in metadata.row_groups() {
        for place in layout.places() {
            // Columns of rows are flat, so the place of a field is the place of its leaf.
            let Some(chunk) = group.columns().get(place) else {
                return Err(DecodeError::malformed(Format::Parquet, 0, "a column has no data"));
            };
            sum = sum.saturating_add(pages::check_pages(file, chunk)?);
        }
    }
    Ok(sum)
}

/// The same schema with text as views: a text of a dictionary is not copied for each row that has it.
fn viewing(schema: &Schema) -> Schema {
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 => Arc::new(Field::clone(field).with_data_type(DataType::Utf8View)),
        _ => Arc::clone(field),
    });
    Schema::new(fields.collect::<Vec<_>>())
}
