//! libFuzzer's entry to `amitwin_fuzz::hdlc`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: amitwin_fuzz::seeds::write_if_asked("hdlc"), |data: &[u8]| amitwin_fuzz::hdlc::run(data));
