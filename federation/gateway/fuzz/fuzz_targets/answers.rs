//! Answers of subgraphs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| federation_gateway_fuzz::answers(bytes));
