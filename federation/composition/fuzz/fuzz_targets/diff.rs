//! Schemas that are to be compared.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| federation_composition_fuzz::differences(bytes));
