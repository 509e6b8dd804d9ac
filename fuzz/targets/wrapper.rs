//! libFuzzer's entry to `amitwin_fuzz::wrapper`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: amitwin_fuzz::seeds::write_if_asked("wrapper"), |data: &[u8]| amitwin_fuzz::wrapper::run(data));
