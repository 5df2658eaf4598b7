//! How much an upload may be, and how much of it is held.

use std::io::{self, Read};

use super::*;

/// CSV without end: `count` rows that are made as they are read.
struct Lines {
    count: u64,
    made: u64,
    pending: Vec<u8>,
}

impl Lines {
    fn new(count: u64) -> Self {
        Self {
            count,
            made: 0,
            pending: b"series_id,date,value\n".to_vec(),
        }
    }
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.pending.len() < buffer.len() && self.made < self.count {
            self.pending
                .extend_from_slice(format!("S{},2024-01-01,1.5\n", self.made / 1000).as_bytes());
            self.made += 1;
        }
        let count = self.pending.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.pending[..count]);
        self.pending.drain(..count);
        Ok(count)
    }
}

#[test]
fn a_million_rows_come_in_chunks_of_the_size_that_was_asked_for() {
    let (mut largest, mut count, mut numbers) = (0, 0_u64, 0..=u64::MAX);
    let decoded = decode(Format::Csv, Lines::new(1_000_000), &limits(), &mut |_, rows| {
        largest = largest.max(rows.size());
        count += rows.len() as u64;
        assert!(
            rows.numbers
                .iter()
                .all(|number| *number == numbers.next().expect("a number") + 1)
        );
        Ok(())
    });
    assert_eq!(decoded.expect("readable").rows, 1_000_000);
    assert_eq!(count, 1_000_000);
    assert!(largest <= limits().chunk_bytes + 4096, "{largest}");
}

#[test]
fn one_row_or_byte_too_many_ends_the_upload() {
    let limited = |rows, bytes| {
        decode(
            Format::Csv,
            Lines::new(1000),
            &Limits {
                rows,
                bytes,
                ..limits()
            },
            &mut |_, _| Ok(()),
        )
    };
    assert!(limited(1000, 1 << 20).is_ok());
    let error = limited(999, 1 << 20).expect_err("too many rows");
    assert_eq!(
        (error.http_status(), error.to_string().as_str()),
        (413, "the upload has more than 999 rows")
    );
    let error = limited(1000, 10_000).expect_err("too many bytes");
    assert_eq!(
        (error.http_status(), error.to_string().as_str()),
        (413, "the upload has more than 10000 bytes when unpacked")
    );
}

#[test]
fn refused_rows_are_all_counted_and_some_described() {
    let upload = format!("series_id,date,value\n{}", "GDP,2024-01-01,x\n".repeat(1000));
    let decoded = decode(
        Format::Csv,
        upload.as_bytes(),
        &Limits {
            reported_errors: 3,
            ..limits()
        },
        &mut |_, _| Ok(()),
    );
    let decoded = decoded.expect("readable");
    assert_eq!((decoded.rows, decoded.failed, decoded.errors.len()), (1000, 1000, 3));
}

#[test]
fn whoever_takes_the_rows_can_end_the_upload() {
    let full = || {
        platform_error::Error::new(platform_error::Code::Unavailable, "the disk is full").with_hint("free some space")
    };
    let error = decode(Format::Csv, Lines::new(100_000), &limits(), &mut |_, _| {
        Err(full().into())
    })
    .expect_err("stopped");
    assert_eq!(
        (error.http_status(), error.to_string(), error.hint()),
        (503, "the disk is full".to_owned(), Some("free some space".to_owned()))
    );
}

#[test]
fn bytes_that_stop_coming_are_not_the_end_of_the_upload() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::new(io::ErrorKind::InvalidData, "corrupt deflate stream"))
        }
    }
    for (format, start) in [
        (Format::Json, b"[".as_slice()),
        (Format::Ndjson, b"{\"series_id\":"),
        (Format::Csv, b"series_id,date,value\nGDP,2024-01-01,1\n"),
        (Format::ArrowStream, b"\xff\xff\xff\xff"),
        (Format::Parquet, b"PAR1"),
        (Format::Protobuf, b"\x22\x10\x0a"),
    ] {
        let error = decode(format, start.chain(Broken), &limits(), &mut |_, _| Ok(())).expect_err("broken off");
        assert!(
            matches!(error, DecodeError::BrokenOff { position, .. } if position == start.len() as u64),
            "{format}: {error}"
        );
    }
}
