//! What must hold for every upload, whatever its bytes.
//!
//! `cargo +nightly fuzz run csv` in this folder fuzzes one format; `../tests/data/bulk` holds seeds for a corpus.

use financial_data::ingest::{self, Format, Limits, NO_DATE};

const LIMITS: Limits = Limits {
    rows: 100_000,
    bytes: 16 << 20,
    chunk_bytes: 4 << 10,
    whole_series: false,
    place_refused: true,
    reported_errors: 10,
};
static LIBRARIES_MAY_PANIC: std::sync::Once = std::sync::Once::new();
const DATES: std::ops::RangeInclusive<i32> = -135_140..=84_371;

/// Decodes an upload and checks all that it yields.
pub fn decode(format: Format, bytes: &[u8]) {
    LIBRARIES_MAY_PANIC.call_once(forgive_libraries);
    let mut kept = 0;
    let decoded = ingest::decode(format, bytes, &LIMITS, &mut |_, rows| {
        let count = rows.len();
        kept += count as u64;
        assert!(
            [
                rows.dates.len(),
                rows.values.len(),
                rows.digits.len(),
                rows.revisions.len()
            ]
            .iter()
            .all(|length| *length == count)
        );
        assert!(
            [rows.originals.len(), rows.numbers.len()]
                .iter()
                .all(|length| *length == count)
        );
        assert!(rows.metadata.is_empty() || rows.metadata.len() == count);
        assert!(rows.series.iter().all(|name| (*name as usize) < rows.names.len()));
        assert!(rows.dates.iter().all(|date| DATES.contains(date)));
        assert!(
            rows.revisions
                .iter()
                .all(|date| *date == NO_DATE || DATES.contains(date))
        );
        for refused in &rows.refused {
            assert!((refused.series as usize) < rows.names.len());
            assert!(refused.date == NO_DATE || DATES.contains(&refused.date));
        }
        assert!(rows.numbers.is_sorted_by(|left, right| left < right));
        for at in 0..count {
            assert_eq!(rows.value(at).is_some(), rows.digits[at] >= 0);
        }
        for metadata in rows.metadata.iter().flatten() {
            assert!(is_braced(metadata));
        }
        Ok(())
    });
    if let Ok(decoded) = decoded {
        assert_eq!(decoded.rows, kept + decoded.failed);
        assert!(decoded.errors.len() as u64 <= decoded.failed);
    }
}

/// The fuzzer ends the process at every panic; the decoders catch those of the Arrow and Parquet libraries.
fn forgive_libraries() {
    std::panic::set_hook(Box::new(|panic| {
        if panic
            .location()
            .is_none_or(|location| !location.file().contains("registry"))
        {
            eprintln!("{panic}");
        }
    }));
}

fn is_braced(text: &str) -> bool {
    text.starts_with('{') && text.ends_with('}')
}
