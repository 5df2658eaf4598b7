//! Subgraphs that are to be composed.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| federation_composition_fuzz::subgraphs(bytes));
