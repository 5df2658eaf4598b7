//! The messages of an Arrow IPC stream, held back until their sizes are known to be harmless.
//!
//! Arrow's own stream reader allocates whatever sizes a message claims to have, which ends the process when they are
//! absurd. So messages are framed here and only decoded by the library.

use std::io::Read;

use arrow::buffer::{Buffer, MutableBuffer};
use arrow::ipc::{CompressionType, Message, MessageHeader, RecordBatch, root_as_message};

use super::input::Input;
use super::{DecodeError, Format};

/// The most bytes a message's body may have, packed or unpacked.
pub(super) const MESSAGE_BYTES: usize = 128 << 20;
const HEADER_BYTES: usize = 4 << 20;
const CONTINUATION: [u8; 4] = [0xff; 4];
const LARGEST_PADDING: u64 = 256;

/// A message's header and body.
pub(super) struct Framed {
    header: Vec<u8>,
    pub(super) body: Buffer,
    /// How many bytes the body unpacks to beside its own.
    pub(super) unpacked: u64,
    /// Whether the name of a file (Feather) stood before it.
    pub(super) in_file: bool,
}

impl Framed {
    pub(super) fn message(&self) -> Result<Message<'_>, String> {
        root_as_message(&self.header).map_err(|error| error.to_string())
    }
}

/// Reads the next message; `None` is the end of the stream.
pub(super) fn next<R: Read>(input: &mut Input<R>) -> Result<Option<Framed>, DecodeError> {
    let start = input.position();
    let Some(length) = header_length(input)? else {
        return Ok(None);
    };
    let position = input.position();
    // The length of a header has four bytes, and a mark of four bytes may stand before it.
    let in_file = position - start > 8;
    let malformed = |reason: String| DecodeError::malformed(Format::ArrowStream, position, reason);
    if length > HEADER_BYTES {
        return Err(DecodeError::too_large(
            "an Arrow message's header",
            HEADER_BYTES,
            position,
        ));
    }
    let mut header = vec![0; length];
    exactly(input, &mut header)?;
    let message = root_as_message(&header).map_err(|error| malformed(error.to_string()))?;
    let length =
        usize::try_from(message.bodyLength()).map_err(|_| malformed("a body has a negative length".to_owned()))?;
    if length > MESSAGE_BYTES {
        return Err(DecodeError::too_large("an Arrow record batch", MESSAGE_BYTES, position));
    }
    let mut body = MutableBuffer::from_len_zeroed(length);
    exactly(input, &mut body)?;
    let unpacked = unpacked(&message, &body).map_err(malformed)?;
    if unpacked > MESSAGE_BYTES as u64 {
        return Err(DecodeError::too_large(
            "an unpacked Arrow record batch",
            MESSAGE_BYTES,
            position,
        ));
    }
    Ok(Some(Framed {
        header,
        body: body.into(),
        unpacked,
        in_file,
    }))
}

/// Refuses what stands behind a stream: another one would be left out without a word.
pub(super) fn end<R: Read>(input: &mut Input<R>) -> Result<(), DecodeError> {
    let position = input.position();
    match input.fill(&mut [0])? {
        0 => Ok(()),
        _ => Err(DecodeError::malformed(
            Format::ArrowStream,
            position,
            "something stands after its end",
        )),
    }
}

fn exactly<R: Read>(input: &mut Input<R>, buffer: &mut [u8]) -> Result<(), DecodeError> {
    if input.fill(buffer)? == buffer.len() {
        return Ok(());
    }
    Err(DecodeError::malformed(
        Format::ArrowStream,
        input.position(),
        "it ends within a message",
    ))
}

fn header_length<R: Read>(input: &mut Input<R>) -> Result<Option<usize>, DecodeError> {
    let mut word = [0; 4];
    match input.fill(&mut word)? {
        0 if input.position() == 0 => return Err(DecodeError::Empty("an Arrow schema")),
        // A stream may end without a mark.
        0 => return Ok(None),
        4 => {}
        _ => {
            return Err(DecodeError::malformed(
                Format::ArrowStream,
                input.position(),
                "it ends within a message",
            ));
        }
    }
    if word == *b"ARRO" && input.position() == 4 {
        // A file (Feather) is a stream behind its name, which is padded with zeros; its footer is not needed to read it in order.
        exactly(input, &mut word)?;
        word = [0; 4];
        while word == [0; 4] && input.position() < LARGEST_PADDING {
            exactly(input, &mut word)?;
        }
    }
    if word == CONTINUATION {
        exactly(input, &mut word)?;
    }
    let length = i32::from_le_bytes(word);
    let negative = |_| DecodeError::malformed(Format::ArrowStream, input.position(), "a message has a negative length");
    Ok(Some(usize::try_from(length).map_err(negative)?).filter(|length| *length > 0))
}

fn unpacked(message: &Message<'_>, body: &[u8]) -> Result<u64, String> {
    let batch = match message.header_type() {
        MessageHeader::RecordBatch => message.header_as_record_batch(),
        MessageHeader::DictionaryBatch => message.header_as_dictionary_batch().and_then(|batch| batch.data()),
        _ => None,
    };
    let Some(batch) = batch else { return Ok(0) };
    buffers(&batch, body)
}

/// Adds up what the buffers of a batch claim to unpack to, and checks that they do not claim too little.
fn buffers(batch: &RecordBatch<'_>, body: &[u8]) -> Result<u64, String> {
    let codec = batch.compression().map(|compression| compression.codec());
    let mut sum = 0_u64;
    for buffer in batch.buffers().iter().flatten() {
        let range = usize::try_from(buffer.offset())
            .ok()
            .zip(usize::try_from(buffer.length()).ok());
        let range = range.and_then(|(start, length)| Some(start..start.checked_add(length)?));
        let bytes = range
            .and_then(|range| body.get(range))
            .ok_or("a buffer lies outside of the body")?;
        let (Some(codec), Some((claim, packed))) = (codec, bytes.split_first_chunk::<8>()) else {
            continue;
        };
        let Ok(claim) = u64::try_from(i64::from_le_bytes(*claim)) else {
            continue;
        };
        sum = sum.saturating_add(claim);
        if codec == CompressionType::LZ4_FRAME && claim > 0 {
            sum = sum.saturating_add(lz4_bound(packed)?.saturating_sub(claim));
        }
    }
    Ok(sum)
}

/// The most bytes that an LZ4 frame can unpack to: the library does not stop at the length that was claimed.
fn lz4_bound(frame: &[u8]) -> Result<u64, String> {
    let short = || "an LZ4 frame is cut off".to_owned();
    let (&flags, &descriptor) = frame.get(4).zip(frame.get(5)).ok_or_else(short)?;
    let block = match (descriptor >> 4) & 7 {
        4 => 64_u64 << 10,
        5 => 256 << 10,
        6 => 1 << 20,
        7 => 4 << 20,
        _ => return Err("an LZ4 frame has an unknown block size".to_owned()),
    };
    let (has_size, has_dictionary, has_checksums) = (flags & 8 != 0, flags & 1 != 0, flags & 16 != 0);
    let mut at = 7 + 8 * usize::from(has_size) + 4 * usize::from(has_dictionary);
    let (mut full, mut last) = (0_u64, 0_u64);
    loop {
        let word = frame
            .get(at..at + 4)
            .and_then(|word| word.try_into().ok())
            .map(u32::from_le_bytes)
            .ok_or_else(short)?;
        if word == 0 {
            return Ok(full + last);
        }
        let length = (word & 0x7fff_ffff) as usize;
        // A block of LZ4 unpacks to at most 255 times its size.
        full += last;
        last = if word >> 31 == 1 {
            length as u64
        } else {
            block.min(length as u64 * 255)
        };
        at = at
            .checked_add(4 + length + 4 * usize::from(has_checksums))
            .ok_or_else(short)?;
    }
}
