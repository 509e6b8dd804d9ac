//! The rules over manifests: who depends on whom, and what the world must not depend on.

use crate::rules::{ENTITIES, Finding, IMPORTS, KIT, OUTSIDE, RANDOM, folder, may_import};

/// Packages that read files or serve sockets; `sim-core`, `dlms` and `models` build without them.
const HEAVY: [&str; 8] = ["parquet", "arrow", "csv", "proj4rs", "axum", "tokio", "hyper", "tempfile"];

/// Packages of sockets; what a scenario says is plain settings, and `live` opens the sockets.
const SOCKETS: [&str; 6] = ["mio", "socket2", "nix", "axum", "tokio", "hyper"];

/// All rules on the manifest of the crate `krate` (`` is the root package).
pub fn check(krate: &str, text: &str) -> Vec<Finding> {
    let path = if krate.is_empty() { "Cargo.toml".to_owned() } else { format!("{}/Cargo.toml", folder(krate)) };
    let mut found = Vec::new();
    let mut section = String::new();
    for (n, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']).to_owned();
        }
        let mut add = |rule, what| found.push(Finding { path: path.clone(), line: n + 1, rule, what });
        let workspace = section.starts_with("workspace.");
        if !section.contains("dependencies") {
            continue;
        }
        // [dependencies.name] names its package in the section itself.
        let name = match section.rsplit_once("dependencies.") {
            Some((_, name)) if line.starts_with('[') => name,
            _ => line.split(['=', '.', ' ']).next().unwrap_or_default(),
        };
        if !workspace {
            for word in line.split(['"', ' ', '=', '.', '[', ']']).chain([name]) {
                let Some(to) = word.strip_prefix("amitwin-") else { continue };
                let for_tests = to == KIT && section.contains("dev-");
                if !for_tests && !may_import(krate, to) {
                    let from = if krate.is_empty() { "the program" } else { krate };
                    add(
                        IMPORTS,
                        format!("{from} must not depend on {to}; see ARCHITECTURE.md, \"Who may import whom\""),
                    );
                    break;
                }
            }
        }
        if name == "rand" && workspace && !line.contains("default-features = false") {
            add(
                RANDOM,
                "`rand` needs default-features = false, or it brings thread-local and system generators".to_owned(),
            );
        }
        if ["thread_rng", "sys_rng", "os_rng"].iter().any(|feature| line.contains(feature)) || name == "getrandom" {
            add(
                RANDOM,
                "this brings a random source that no seed reaches; use amitwin_sim_core::rng::Stream".to_owned(),
            );
        }
        if name == "bevy_ecs" && !workspace && krate != "models" {
            add(ENTITIES, "entities live in models/src/fleet; take plain values from it".to_owned());
        }
        if krate == "scenarios" && !section.contains("dev-") && SOCKETS.contains(&name) {
            add(OUTSIDE, format!("scenarios is built without sockets; `{name}` belongs to live"));
        }
        if matches!(krate, "sim-core" | "dlms" | "maintenance" | "models") && !section.contains("dev-") {
            let files = name == "amitwin-data" && line.contains("files");
            if files || HEAVY.contains(&name) {
                add(OUTSIDE, format!("{krate} builds without files and servers; `{name}` belongs to data or above"));
            }
        }
    }
    found
}
