//! Settings that name a file.

/// Whether the setting at this path names a file that worlds are made from: a placement, repeaters to add to it, hours of weather, a list of
/// ids, a log and what it calls things, the meters of a plan, a table of the radio.
pub fn is_input(path: &[&str]) -> bool {
    matches!(
        path,
        ["placement", "file" | "repeaters"]
            | ["weather" | "fleet", "file"]
            | ["radio", "table"]
            | ["event", _, "target", "file"]
            | ["replay", _, "file" | "mapping"]
    )
}

/// Whether the setting at this path names any file.
pub fn is_file(path: &[&str]) -> bool {
    is_input(path) || matches!(path, ["dlms", "keys"] | ["serve", "state"] | ["wear", "run"])
}
