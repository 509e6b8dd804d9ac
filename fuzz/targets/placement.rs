//! libFuzzer's entry to `amitwin_fuzz::placement`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: amitwin_fuzz::seeds::write_if_asked("placement"), |data: &[u8]| amitwin_fuzz::placement::run(data));
