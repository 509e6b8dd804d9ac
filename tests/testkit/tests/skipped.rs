//! Tells at the end of `cargo test --workspace` which tests were skipped and why: this is one of the last programs that it runs.

use amitwin_testkit::skipped::List;
use std::io::Write;

#[test]
fn what_was_skipped_is_counted() {
    let skipped = List::here().take();
    let count = match skipped.len() {
        0 => return,
        1 => "1 test was skipped".to_owned(),
        n => format!("{n} tests were skipped"),
    };
    let told = format!("\n== {count}; README.md says what they need\n{}\n\n", skipped.join("\n"));
    std::io::stderr().write_all(told.as_bytes()).expect("standard error");
}

#[test]
fn a_list_has_what_was_put_on_it_once() {
    // No process has this number.
    let list = List::of(u32::MAX);
    list.take();
    list.add("b skipped: no tshark");
    list.add("a skipped: no tshark");
    assert_eq!(list.take(), ["a skipped: no tshark", "b skipped: no tshark"]);
    assert!(list.take().is_empty());
}
