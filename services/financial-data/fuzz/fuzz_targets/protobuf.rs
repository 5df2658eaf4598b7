//! Uploads in protobuf.
#![no_main]

use financial_data::ingest::Format;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| financial_data_fuzz::decode(Format::Protobuf, bytes));
