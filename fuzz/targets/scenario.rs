//! libFuzzer's entry to `amitwin_fuzz::scenario`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: amitwin_fuzz::seeds::write_if_asked("scenario"), |data: &[u8]| amitwin_fuzz::scenario::run(data));
