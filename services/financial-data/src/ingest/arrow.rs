//! Arrow IPC streams, and record batches from wherever they come.

use std::collections::HashMap;
use std::fmt::Display;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::reader::{read_dictionary, read_record_batch};
use arrow::ipc::{Endianness, MessageHeader};

use super::columns::{Columns, Layout};
use super::input::Input;
use super::intake::Intake;
use super::ipc::{self, Framed, MESSAGE_BYTES};
use super::{DecodeError, Format};

pub(super) fn decode<R: Read>(mut input: Input<R>, intake: &mut Intake<'_>) -> Result<(), DecodeError> {
    let first = ipc::next(&mut input)?.ok_or(DecodeError::Empty("an Arrow schema"))?;
    let schema = guarded(Format::ArrowStream, 0, || schema(&first))?;
    let mut stream = Stream {
        layout: Layout::of(&schema)?,
        schema,
        dictionaries: HashMap::new(),
    };
    while let Some(message) = ipc::next(&mut input)? {
        intake.unpack(message.unpacked)?;
        let batch = guarded(Format::ArrowStream, input.position(), || stream.take(&message))?;
        match batch {
            Some(batch) => rows(&stream.layout, &batch, intake)?,
            None => intake.unpack(stream.dictionary_bytes()?)?,
        }
    }
    match first.in_file {
        true => Ok(()),
        false => ipc::end(&mut input),
    }
}

fn schema(first: &Framed) -> Result<SchemaRef, String> {
    let message = first.message()?;
    let schema = message.header_as_schema().ok_or("it does not begin with a schema")?;
    if schema.endianness() != Endianness::Little {
        return Err("its numbers are big-endian".to_owned());
    }
    Ok(Arc::new(fb_to_schema(schema)))
}

struct Stream {
    schema: SchemaRef,
    layout: Layout,
    dictionaries: HashMap<i64, ArrayRef>,
}

impl Stream {
    /// The batch of a message, or none when the message was a dictionary.
    fn take(&mut self, framed: &Framed) -> Result<Option<RecordBatch>, String> {
        let message = framed.message()?;
        let body = &framed.body;
        let version = message.version();
        match message.header_type() {
            MessageHeader::RecordBatch => {
                let batch = message.header_as_record_batch().ok_or("a record batch is broken")?;
                let schema = Arc::clone(&self.schema);
                read_record_batch(body, batch, schema, &self.dictionaries, None, &version)
                    .map(Some)
                    .map_err(|error| error.to_string())
            }
            MessageHeader::DictionaryBatch => {
                let batch = message.header_as_dictionary_batch().ok_or("a dictionary is broken")?;
                read_dictionary(body, batch, &self.schema, &mut self.dictionaries, &version)
                    .map_err(|error| error.to_string())?;
                Ok(None)
            }
            other => Err(format!(
                "a message is neither a record batch nor a dictionary but {other:?}"
            )),
        }
    }

    fn dictionary_bytes(&self) -> Result<u64, DecodeError> {
        let bytes: usize = self
            .dictionaries
            .values()
            .map(|values| values.get_array_memory_size())
            .sum();
        if bytes > MESSAGE_BYTES {
            return Err(DecodeError::TooLarge {
                what: "the dictionaries",
                limit: MESSAGE_BYTES,
                place: "of an Arrow stream".to_owned(),
            });
        }
        Ok(bytes as u64)
    }
}

/// Takes in the rows of a batch.
pub(super) fn rows(layout: &Layout, batch: &RecordBatch, intake: &mut Intake<'_>) -> Result<(), DecodeError> {
    let columns = Columns::of(layout, batch)?;
    let mut id = [0; 36];
    for at in 0..batch.num_rows() {
        intake.row(columns.row(at, &mut id))?;
    }
    Ok(())
}

/// Runs a library over bytes it may not have been made for: a panic says that they are malformed.
pub(super) fn guarded<T, E: Display>(
    format: Format,
    position: u64,
    read: impl FnOnce() -> Result<T, E>,
) -> Result<T, DecodeError> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(error)) => Err(DecodeError::malformed(format, position, error)),
        Err(_) => Err(DecodeError::malformed(
            format,
            position,
            "its parts contradict each other",
        )),
    }
}
