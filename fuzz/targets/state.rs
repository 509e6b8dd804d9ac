//! libFuzzer's entry to `amitwin_fuzz::state`.
#![no_main]

libfuzzer_sys::fuzz_target!(init: amitwin_fuzz::seeds::write_if_asked("state"), |data: &[u8]| amitwin_fuzz::state::run(data));
