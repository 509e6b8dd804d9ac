//! libFuzzer's entry to `amitwin_fuzz::parquet`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: amitwin_fuzz::seeds::write_if_asked("parquet"), |data: &[u8]| amitwin_fuzz::parquet::run(data));
