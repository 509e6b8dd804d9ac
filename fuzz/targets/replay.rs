//! libFuzzer's entry to `amitwin_fuzz::replay`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: amitwin_fuzz::seeds::write_if_asked("replay"), |data: &[u8]| amitwin_fuzz::replay::run(data));
