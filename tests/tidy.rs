//! The style is a test: import direction, the invariants that a reader of the sources can check, and form.
//!
//! Every rule also runs on made-up snippets that break it, so that a rule that cannot fail is noticed.

#[path = "tidy/circles.rs"]
mod circles;
#[path = "tidy/items.rs"]
mod items;
#[path = "tidy/manifests.rs"]
mod manifests;
#[path = "tidy/order.rs"]
mod order;
#[path = "tidy/rooms.rs"]
mod rooms;
#[path = "tidy/rooms/tests.rs"]
mod rooms_tests;
#[path = "tidy/rules.rs"]
mod rules;
#[path = "tidy/source.rs"]
mod source;

use rules::{
    DOC, DONE, ENTITIES, Finding, IMPORTS, LAYERS, LAYOUT, MAY_IMPORT, OUTSIDE, PORTABLE, PURE, RANDOM, SHARED, SIZE,
    THREADS,
};
use source::Source;
use std::path::Path;

const FOLDERS: [&str; 12] = [
    "src",
    "tests",
    "sim-core",
    "data",
    "models",
    "models/dlms",
    "models/maintenance",
    "scenarios",
    "live",
    "viz",
    "benches",
    "fuzz",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn report(found: &[Finding]) {
    let lines: Vec<String> = found.iter().map(Finding::to_string).collect();
    assert!(found.is_empty(), "{} broken rules:\n{}", found.len(), lines.join("\n"));
}

#[test]
fn every_source_keeps_the_rules() {
    let mut sources = Source::all(root(), &FOLDERS);
    // models/dlms and models/maintenance lie in models.
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources.dedup_by(|a, b| a.path == b.path);
    for folder in FOLDERS {
        let start = format!("{folder}/");
        assert!(sources.iter().any(|s| s.path.starts_with(&start)), "no Rust file found below {folder}");
    }
    let found: Vec<Finding> = sources.iter().flat_map(rules::check).collect();
    report(&found);
}

#[test]
fn every_manifest_keeps_the_rules() {
    let mut found = Vec::new();
    for (krate, _) in MAY_IMPORT {
        let path = root().join(rules::folder(krate)).join("Cargo.toml");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert!(text.contains("[dependencies]"), "{}: no dependencies found", path.display());
        found.extend(manifests::check(krate, &text));
    }
    report(&found);
}

/// Clippy reads the settings nearest to a crate's manifest, so that each crate of the world has its own copy.
#[test]
fn the_crates_of_the_world_have_the_same_lints() {
    let read = |krate| std::fs::read_to_string(root().join(rules::folder(krate)).join("clippy.toml")).expect("a file");
    assert!(read("models").contains("disallowed-methods"));
    assert!(
        read("models") == read("sim-core") && read("models") == read("dlms") && read("models") == read("maintenance")
    );
}

/// The protocol's files are layers, within a folder too.
#[test]
fn no_files_of_dlms_import_each_other() {
    let sources = Source::all(root(), &["models/dlms"]);
    assert_eq!(circles::circles(&sources, "models/dlms/src/"), [""; 0]);
}

#[test]
fn a_circle_of_imports_is_noticed() {
    let found = |files: &[(&str, &str)]| {
        let sources: Vec<Source> = files.iter().map(|(path, text)| Source::new(path, text)).collect();
        circles::circles(&sources, "a/src/")
    };
    let chain = [
        ("a/src/lib.rs", "mod b;\nmod c;\npub use b::x::X;"),
        ("a/src/b/mod.rs", "mod x;\nuse crate::c::{self, C};"),
        ("a/src/b/x.rs", "use crate::c::C;\n#[cfg(test)]\nuse crate::b;"),
        ("a/src/c.rs", "use std::fmt;"),
        ("a/src/c/tests.rs", "use crate::b::x;"),
    ];
    assert_eq!(found(&chain), [""; 0]);
    let with = |path, text| found(&[&chain[..], &[(path, text)]].concat());
    assert_eq!(with("a/src/c.rs", "use crate::b::x::X;"), ["b/x", "c"]);
    assert_eq!(with("a/src/b/x.rs", "use crate::{b::B, c};"), ["b", "b/x"]);
    assert_eq!(with("a/src/c.rs", "use crate::d;"), [""; 0]);
}

/// Rules broken by a made-up file.
fn broken(path: &str, text: &str) -> Vec<&'static str> {
    let mut rules: Vec<&str> = rules::check(&Source::new(path, text)).into_iter().map(|f| f.rule).collect();
    rules.dedup();
    rules
}

#[test]
fn each_rule_notices_what_breaks_it() {
    let cases: [(&str, &str, &str); 82] = [
        ("models/maintenance/src/a.rs", "use amitwin_models::spec;", IMPORTS),
        ("models/maintenance/src/a.rs", "let y = x.powf(2.0);", PORTABLE),
        ("models/src/a.rs", "use amitwin_maintenance::heat;", IMPORTS),
        ("sim-core/src/a.rs", "use amitwin_data::rows::Rows;", IMPORTS),
        ("data/src/a.rs", "use amitwin_models::spec;", IMPORTS),
        ("models/src/a.rs", "let a = amitwin_scenarios::load();", IMPORTS),
        ("models/dlms/src/a.rs", "use amitwin_models::spec;", IMPORTS),
        ("models/dlms/tests/a.rs", "use amitwin_data::rows::Rows;", IMPORTS),
        ("models/dlms/src/a.rs", "use amitwin_sim_core::SimTime;", IMPORTS),
        ("models/dlms/src/a.rs", "use amitwin_sim_core::{SimTime, rng::key};", IMPORTS),
        ("models/dlms/src/a.rs", "use amitwin_sim_core::{\n    rng::key,\n    time,\n};", IMPORTS),
        ("models/dlms/src/a.rs", "let t = amitwin_sim_core::time::SimTime::ZERO;", IMPORTS),
        ("models/dlms/src/protection/a.rs", "use crate::service::parts;", LAYERS),
        ("models/dlms/src/meter/a.rs", "use crate::{crypto::keys, session::Session};", LAYERS),
        ("models/dlms/src/crypto/a.rs", "fn f(rest: &crate::meter::rest::Rest) {}", LAYERS),
        ("models/dlms/src/session/a.rs", "use crate::Rest;", LAYERS),
        ("fuzz/src/a.rs", "use amitwin_models::apdu;", IMPORTS),
        ("models/dlms/src/a.rs", "use amitwin_live::serve;", IMPORTS),
        ("scenarios/src/a.rs", "use amitwin_live::serve::Server;", IMPORTS),
        ("live/src/a.rs", "use amitwin_viz::human;", IMPORTS),
        ("models/src/a.rs", "use amitwin_testkit::worlds;", IMPORTS),
        ("viz/src/a.rs", "use amitwin_testkit::worlds::world;", IMPORTS),
        ("src/command/a.rs", "use amitwin_testkit::tools;", IMPORTS),
        ("tests/testkit/src/a.rs", "use amitwin_viz::human;", IMPORTS),
        ("viz/src/a.rs", "use amitwin_models::spec;", IMPORTS),
        ("viz/tests/a.rs", "use amitwin_sim_core::SimTime;", IMPORTS),
        ("src/command/a.rs", "use amitwin_benches::mesh;", IMPORTS),
        ("models/src/headend/jobs/a.rs", "use crate::{event::Event, medium::mesh::packet::Kind};", IMPORTS),
        ("models/src/plan.rs", "let a = crate::meter::reset();", IMPORTS),
        ("sim-core/src/a.rs", "let n = rayon::current_num_threads();", THREADS),
        ("models/src/a.rs", "let id = std::thread::current().id();", THREADS),
        ("models/src/a.rs", "static mut COUNT: u32 = 0;", SHARED),
        ("models/src/a.rs", "use std::sync::{Arc, Mutex};", SHARED),
        ("sim-core/src/a.rs", "let a: RwLock<u8> = f();", SHARED),
        ("models/src/a.rs", "fn f(n: &AtomicU64) {}", SHARED),
        ("models/src/a.rs", "use std::cell::RefCell;", SHARED),
        ("models/src/a.rs", "use std::{\n    cell::Cell,\n    fmt,\n};", SHARED),
        ("models/src/a.rs", "thread_local! { static A: u8 = 1 }", SHARED),
        ("models/src/a.rs", "static A: OnceLock<u8> = OnceLock::new();", SHARED),
        ("sim-core/src/a.rs", "let t = std::time::Instant::now();", OUTSIDE),
        ("models/src/a.rs", "let t = SystemTime::now();", OUTSIDE),
        ("models/src/a.rs", "let t = std::fs::read(p);", OUTSIDE),
        ("models/dlms/src/a.rs", "let t = SystemTime::now();", OUTSIDE),
        ("models/dlms/src/a.rs", "use std::net::TcpStream;", OUTSIDE),
        ("models/src/a.rs", "use std::{fmt, net::TcpListener};", OUTSIDE),
        ("models/src/a.rs", "let v = std::env::var(A);", OUTSIDE),
        ("models/src/a.rs", "std::process::exit(1);", OUTSIDE),
        ("models/src/a.rs", "fn f() {\n    println!();\n}", OUTSIDE),
        ("models/src/a.rs", "dbg!(a);", OUTSIDE),
        ("models/src/a.rs", "use std::collections::HashMap;", PORTABLE),
        ("sim-core/src/a.rs", "let s: EntityHashSet = f();", PORTABLE),
        ("models/src/a.rs", "let y = x.powi(2);", PORTABLE),
        ("models/src/a.rs", "let y = x\n    .ln();", PORTABLE),
        ("models/src/a.rs", "let y = f64::sin(x);", PORTABLE),
        ("models/src/a.rs", "let f = a.map(f32::exp);", PORTABLE),
        ("models/src/a.rs", "let y = y.atan2(x);", PORTABLE),
        ("models/src/a.rs", "let s = v\n    .par_iter()\n    .map(f)\n    .sum::<f64>();", PORTABLE),
        ("scenarios/src/sections/a.rs", "let t = std::fs::read_to_string(p);", PURE),
        ("scenarios/src/language/a.rs", "use std::{env, fmt};", PURE),
        ("models/src/a.rs", "let mut r = rand::rng();", RANDOM),
        ("benches/src/a.rs", "let mut r = rand::thread_rng();", RANDOM),
        ("live/src/a.rs", "getrandom::fill(b);", RANDOM),
        ("fuzz/src/a.rs", "let mut r = rand::thread_rng();", RANDOM),
        ("scenarios/src/a.rs", "let r = StdRng::from_os_rng();", RANDOM),
        ("data/src/a.rs", "getrandom::fill(b);", RANDOM),
        ("models/dlms/src/a.rs", "let id = std::thread::current().id();", THREADS),
        ("models/dlms/src/a.rs", "static A: OnceLock<u8> = OnceLock::new();", SHARED),
        ("models/dlms/src/a.rs", "let y = x.powi(2);", PORTABLE),
        ("models/dlms/src/a.rs", "let mut r = rand::rng();", RANDOM),
        ("models/dlms/src/a.rs", "fn f() {\n    todo!()\n}", DONE),
        ("live/src/a.rs", "fn f() {\n    todo!()\n}", DONE),
        ("fuzz/src/a.rs", "fn f() {\n    todo!()\n}", DONE),
        ("fuzz/targets/a.rs", "use amitwin_viz::table;", IMPORTS),
        ("models/src/meter/a.rs", "use bevy_ecs::prelude::*;", ENTITIES),
        ("models/tests/a.rs", "let mut world = bevy_ecs::world::World::new();", ENTITIES),
        ("live/src/a.rs", "getrandom::getrandom(b);\nlet r = fastrand::u8(..);", RANDOM),
        ("models/dlms/src/a.rs", "use bevy_ecs::{entity::Entity, query};", ENTITIES),
        ("data/src/a.rs", "fn f() {\n    todo!()\n}", DONE),
        ("data/src/a.rs", "fn f() {\n    unimplemented!()\n}", DONE),
        ("data/src/a.rs", "#[test]\n#[ignore]\nfn f() {}", DONE),
        ("data/src/a.rs", concat!("// TO", "DO: more"), DONE),
        ("data/src/a.rs", concat!("/* FIX", "ME */"), DONE),
    ];
    for (path, text, rule) in cases {
        let text = format!("//! A made-up file.\n\n{text}\n");
        assert_eq!(broken(path, &text), [rule], "{path}:\n{text}");
    }
}

#[test]
fn form_is_noticed() {
    assert_eq!(broken("data/src/a.rs", "use std::fmt;\n"), [DOC]);
    assert_eq!(broken("data/src/a.rs", "//!\n\nuse std::fmt;\n"), [DOC]);
    assert_eq!(broken("data/src/a.rs", "#![doc = include_str!(\"README.md\")]\n"), [""; 0]);
    let lines = |n: usize| format!("//! A made-up file.\n{}", "\n".repeat(n - 1));
    assert_eq!(broken("data/src/a.rs", &lines(500)), [""; 0]);
    assert_eq!(broken("data/src/a.rs", &lines(501)), [SIZE]);
    assert_eq!(broken("data/src/a_tests.rs", "//! A made-up file.\n"), [LAYOUT]);
    assert_eq!(broken("data/src/a/tests.rs", "//! A made-up file.\n"), [""; 0]);
}

#[test]
fn comments_strings_and_tests_are_left_alone() {
    let cases = [
        "// std::fs::read and Mutex and x.sin()",
        "/* a /* nested */ println!() */",
        "/// ```\n/// println!(\"{}\", x.exp());\n/// ```",
        "let a = \"std::env::var\";",
        "let a = \"a \\\" HashMap\";",
        "let a = r#\"thread_rng \" Instant\"#;",
        "let a = br\"rand::rng()\";",
        "let a: &'static str = b; let c = '\"'; let d = '\\''; let e = '\"';",
        "#[cfg(test)]\nmod tests {\n    use std::collections::HashMap;\n    fn f() { println!(); let a = x.sin(); }\n}",
        "#[cfg(test)]\nuse std::fs;",
        "#[cfg(test)]\nuse amitwin_testkit::worlds;",
        "macs: QueryState<&'static mut Mac>,",
        "let a = libm::sin(x) + x.sqrt() + self.exponent(2);",
        "use amitwin_sim_core::SimTime;\nuse amitwin_data::rows::Rows;",
        "struct Instantaneous; fn my_println() {} let a = rand::rngs(); struct Cell;",
        "let s: u64 = v.par_iter().map(f).sum();",
    ];
    for text in cases {
        let text = format!("//! A made-up file.\n\n{text}\n");
        assert_eq!(broken("models/src/a.rs", &text), [""; 0], "{text}");
    }
    // What follows a test module is code again; a test's folder is not.
    let after = "//! A made-up file.\n#[cfg(test)]\nmod tests {\n    fn f() {}\n}\nuse std::fs;\n";
    let found = rules::check(&Source::new("models/src/a.rs", after));
    assert_eq!(found.iter().map(|f| (f.rule, f.line)).collect::<Vec<_>>(), [(OUTSIDE, 6)]);
    let streams = "//! A made-up file.\nuse amitwin_sim_core::rng::{Stream, key};\nuse amitwin_sim_core::{rng::key};\n";
    assert_eq!(broken("models/dlms/src/a.rs", streams), [""; 0]);
    let below = "//! A made-up file.\nuse crate::{meter::rest, session::Session};\nuse crate::crypto::cipher;\n";
    assert_eq!(broken("models/dlms/src/session/a.rs", below), [""; 0]);
    let file = "//! A made-up file.\nuse std::fs;\n";
    let fleet = "//! A made-up file.\nuse bevy_ecs::prelude::*;\n";
    assert_eq!(broken("models/src/fleet/a.rs", fleet), [""; 0]);
    assert_eq!(broken("models/tests/a.rs", file), [""; 0]);
    assert_eq!(broken("models/src/terrain/tests.rs", file), [""; 0]);
    assert_eq!(broken("models/dlms/src/objects/tests/rows.rs", file), [""; 0]);
}

#[test]
fn manifest_rules_notice_what_breaks_them() {
    let rules =
        |krate, text: &str| -> Vec<&str> { manifests::check(krate, text).into_iter().map(|f| f.rule).collect() };
    assert_eq!(rules("data", "[dependencies]\namitwin-models.workspace = true\n"), [IMPORTS]);
    assert_eq!(rules("viz", "[dev-dependencies]\namitwin-models = { workspace = true }\n"), [IMPORTS]);
    assert_eq!(rules("viz", "[dependencies.amitwin-models]\nworkspace = true\n"), [IMPORTS]);
    assert_eq!(rules("", "[dependencies]\nb = { package = \"amitwin-benches\", path = \"benches\" }\n"), [IMPORTS]);
    assert_eq!(rules("dlms", "[dependencies]\namitwin-models.workspace = true\n"), [IMPORTS]);
    assert_eq!(rules("fuzz", "[dependencies]\namitwin-models = { path = \"../models\" }\n"), [IMPORTS]);
    let kit =
        |section: &str| format!("[{section}]\namitwin-testkit = {{ workspace = true, features = [\"worlds\"] }}\n");
    assert_eq!(rules("models", &kit("dependencies")), [IMPORTS]);
    assert_eq!(rules("", &kit("target.'cfg(unix)'.dependencies")), [IMPORTS]);
    assert_eq!(rules("fuzz", &kit("dependencies")), [""; 0]);
    assert_eq!(rules("models", &kit("dev-dependencies")), [""; 0]);
    assert_eq!(rules("testkit", "[dependencies]\namitwin-benches.workspace = true\n"), [IMPORTS]);
    assert_eq!(rules("dlms", "[dependencies]\ntokio = \"1\"\n"), [OUTSIDE]);
    assert_eq!(rules("scenarios", "[dependencies]\namitwin-live.workspace = true\n"), [IMPORTS]);
    assert_eq!(rules("scenarios", "[dependencies]\nmio.workspace = true\n"), [OUTSIDE]);
    assert_eq!(rules("live", "[dependencies]\nmio.workspace = true\n"), [""; 0]);
    assert_eq!(rules("scenarios", "[dependencies]\nbevy_ecs.workspace = true\n"), [ENTITIES]);
    assert_eq!(rules("models", "[dependencies]\nbevy_ecs.workspace = true\n"), [""; 0]);
    assert_eq!(rules("models", "[dependencies]\nparquet.workspace = true\n"), [OUTSIDE]);
    let files = "[dependencies]\namitwin-data = { workspace = true, features = [\"files\"] }\n";
    assert_eq!(rules("models", files), [OUTSIDE]);
    assert_eq!(rules("scenarios", files), [""; 0]);
    assert_eq!(rules("", "[workspace.dependencies]\nrand = \"0.10\"\n"), [RANDOM]);
    assert_eq!(rules("data", "[dependencies]\nrand = { version = \"0.10\", features = [\"thread_rng\"] }\n"), [RANDOM]);
    assert_eq!(rules("data", "[dependencies]\n# amitwin-models.workspace = true\n"), [""; 0]);
}
