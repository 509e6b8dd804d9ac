//! Settings that name a file.

/// Whether the setting at this path names a file that worlds are made from: a placement, hours of weather, a list of ids.
pub fn is_input(path: &[&str]) -> bool {
    matches!(path, ["placement", "file"] | ["weather", "file"] | ["event", _, "target", "file"])
}

/// Whether the setting at this path names any file.
pub fn is_file(path: &[&str]) -> bool {
    is_input(path) || matches!(path, ["dlms", "keys"] | ["serve", "state"])
}
