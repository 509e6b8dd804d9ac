//! libFuzzer's entry to `amitwin_fuzz::general`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: amitwin_fuzz::seeds::write_if_asked("general"), |data: &[u8]| amitwin_fuzz::general::run(data));
