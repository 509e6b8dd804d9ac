//! `[coupling]`: meshes that hear each other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Meshes that hear each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CouplingSpec {
    /// How they are coupled; without effect with one border router.
    pub meshes: Coupling,
}

impl Default for CouplingSpec {
    fn default() -> Self {
        CouplingSpec { meshes: Coupling::Window }
    }
}

/// How meshes that hear each other are coupled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Coupling {
    /// They do not hear each other.
    None,
    /// Foreign transmissions interfere one exchange window late.
    Window,
    /// They are simulated as one; exact and slow. Always so where nodes choose their PAN (`mesh.pan`).
    Exact,
}
