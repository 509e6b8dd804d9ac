//! libFuzzer's entry to `amitwin_fuzz::association`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: amitwin_fuzz::seeds::write_if_asked("association"), |data: &[u8]| amitwin_fuzz::association::run(data));
