//! A scenario's text.

use crate::folder;
use amitwin_scenarios::{Scenario, TemplateKind, load_text, template};
use toml::Value;

/// One input: a text. It is refused with a message, or it resolves to what resolves to itself.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if is_large(text) {
        return;
    }
    let Ok(scenario) = load(text) else { return };
    let again = match load(&scenario.resolved_toml) {
        Ok(again) => again,
        Err(said) => panic!("what was resolved is refused: {said}\n{}", scenario.resolved_toml),
    };
    assert_eq!(again.resolved_toml, scenario.resolved_toml);
    assert_eq!(again.scenario_hash, scenario.scenario_hash);
    assert_eq!(again.seed, scenario.seed);
    let worlds = |scenario: &Scenario| -> Vec<String> {
        scenario.variants.iter().map(|variant| format!("{} {:?}", variant.name, variant.spec)).collect()
    };
    assert_eq!(worlds(&again), worlds(&scenario));
}

fn load(text: &str) -> Result<Scenario, String> {
    load_text(text, "fuzzed.toml", folder(), &[], None).map_err(|error| {
        let said = error.to_string();
        assert!(!said.is_empty(), "an error without a message");
        said
    })
}

/// Whether it asks for more radios than are placed in the time that an input has: sizes are no concern of the language.
fn is_large(text: &str) -> bool {
    fn any(value: &Value, counted: bool) -> bool {
        match value {
            Value::Integer(number) => counted && *number > 200,
            Value::Array(items) => items.len() > 64 || items.iter().any(|item| any(item, counted)),
            Value::Table(table) => table.iter().any(|(key, value)| any(value, counted || counts(key))),
            _ => false,
        }
    }
    fn counts(key: &str) -> bool {
        ["meters", "gateways", "repeaters", "transformers"].iter().any(|word| key.contains(word))
    }
    // What the program reads and this does not is small enough: a text of some thousand bytes without sizes.
    toml::from_str(text).is_ok_and(|value: Value| any(&value, false))
}

/// A template, and one text for each section.
pub fn seeds() -> Vec<Vec<u8>> {
    let small = "name = \"s\"\nduration = \"20min\"\n[placement]\ngenerator = \"grid\"\nmeters = 9\ngateways = 1\n";
    let more = [
        "",
        "[[campaign]]\nname = \"reset\"\nkind = \"reset\"\nat = \"6min\"\nwindow = [\"0s\", \"30s\"]\n",
        "[radio]\nphy = \"2b\"\ntx_power = \"20 dBm\"\n[coupling]\nmeshes = \"exact\"\n",
        "[[variant]]\nname = \"a\"\n[[variant]]\nname = \"b\"\nset = { \"placement.meters\" = 4, duration = \"1h\" }\n",
        "[[gate]]\nmetric = \"failed\"\nmax = 0\n",
        "[[event]]\nat = \"5min\"\nact = \"power-off\"\nfor = \"1min\"\ntarget = { share = 0.5 }\n",
        "[dlms]\nkeys = \"test\"\n[[dlms.vendor]]\nname = \"v\"\nsuite = 1\n",
        "[[obstacle]]\nname = \"o\"\nkind = \"trees\"\npolygon_m = [[0, 0], [9, 0], [9, 9]]\n[head_end]\nworkers = 2\nqueue_max = 5\npreset = \"gxf\"\ninstances = 2\n[head_end.permits]\nper_router = 3\n",
        "[serve]\nport = 4059\n[[read]]\nname = \"r\"\nevery = \"15min\"\n",
    ];
    let small = more.iter().map(|more| format!("{small}{more}").into_bytes());
    small.chain([template("town", TemplateKind::MassReset).replace("5000", "50").into_bytes()]).collect()
}
