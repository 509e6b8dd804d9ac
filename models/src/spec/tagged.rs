//! Tables of several kinds, told apart by one key.

use schemars::Schema;

/// The key that tells the kinds of a table apart.
pub trait Tag {
    /// The key.
    const KEY: &str;
    /// What it says.
    const DOC: &str;
}

/// Moves what all kinds share into each of them, so that a table is checked against the one branch of its kind and
/// every key that this does not have is unknown.
pub fn tagged<T: Tag>(schema: &mut Schema) {
    let properties = schema.remove("properties");
    let required = schema.remove("required");
    schema.remove("additionalProperties");
    schema.remove("unevaluatedProperties");
    for kind in schema.get_mut("oneOf").and_then(|kinds| kinds.as_array_mut()).into_iter().flatten() {
        let shared = properties.iter().filter_map(|p| p.as_object()).flatten();
        if let Some(own) = kind["properties"].as_object_mut() {
            own.extend(shared.map(|(key, value)| (key.clone(), value.clone())));
            own[T::KEY]["description"] = T::DOC.into();
        }
        if let Some(own) = kind["required"].as_array_mut() {
            own.splice(0..0, required.iter().filter_map(|r| r.as_array()).flatten().cloned());
        }
        kind["additionalProperties"] = false.into();
    }
}
