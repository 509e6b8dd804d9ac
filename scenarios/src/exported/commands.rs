//! What the head-end did in a run, as lines of its log: kind, and detail as `[[replay]]` understands it.

use amitwin_data::rows::{TransactionKind, TransactionRow};

/// What a scenario says of its jobs.
pub struct Jobs {
    file: toml::Table,
    /// What the variant says otherwise.
    set: toml::Table,
}

impl Jobs {
    /// Of a resolved scenario and one of its variants.
    pub fn of(resolved: &str, variant: &str) -> Jobs {
        let file: toml::Table = resolved.parse().unwrap_or_default();
        let variants = file.get("variant").and_then(toml::Value::as_array);
        let is_it = |of: &&toml::Value| of.get("name").and_then(toml::Value::as_str) == Some(variant);
        let set = variants.and_then(|all| all.iter().find(is_it)?.get("set")?.as_table()).cloned();
        Jobs { file, set: set.unwrap_or_default() }
    }

    /// A setting of a job; `None` if there is no such job, or it says nothing of that.
    fn setting(&self, list: &str, name: &str, key: &str) -> Option<String> {
        let said = [format!("{list}.{name}.{key}"), format!("{list}.\"{name}\".{key}")];
        let jobs = self.file.get(list)?.as_array()?;
        let job = jobs.iter().find(|job| job.get("name").and_then(toml::Value::as_str) == Some(name))?;
        let value = said.iter().find_map(|path| self.set.get(path)).or_else(|| job.get(key))?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }

    /// What a job did that a replay made: the words behind the replay's name, without the number of the repetition.
    fn replayed(&self, name: &str) -> Option<Vec<String>> {
        let replays = self.file.get("replay")?.as_array()?;
        let names = replays.iter().filter_map(|replay| replay.get("name")?.as_str());
        let rest = names.filter_map(|of| name.strip_prefix(of)?.strip_prefix(' ')).next()?;
        let mut words: Vec<String> = rest.split(' ').map(str::to_owned).collect();
        words.pop_if(|last| last.parse::<u32>().is_ok());
        Some(words)
    }

    /// Kind and detail of the line of a transaction; `None` if it is no command to a single meter, or none that a log has.
    pub fn line(&self, row: &TransactionRow) -> Option<(&'static str, String)> {
        let name = &*row.campaign;
        let said = |key: &str| self.setting("campaign", name, key);
        let replayed = || self.replayed(name);
        Some(match row.kind {
            TransactionKind::Reset => {
                // A flood is for everybody, and has no answer.
                row.acknowledged?;
                let detail = match said("tier") {
                    Some(tier) => match said("back") {
                        Some(back) if back == "heartbeat" => format!("{tier} heartbeat"),
                        _ => tier,
                    },
                    None => replayed()?.get(1..)?.join(" "),
                };
                ("reset", detail)
            }
            TransactionKind::Read => {
                let what = self.setting("read", name, "what").or_else(|| replayed()?.pop())?;
                ("read", what)
            }
            TransactionKind::Write => {
                let detail = match said("what") {
                    Some(what) => format!("{what}={}", said("value")?),
                    None => replayed()?.pop()?,
                };
                ("write", detail)
            }
            TransactionKind::Relay => match said("action").or_else(|| replayed()?.pop())?.as_str() {
                "disconnect" => ("disconnect", String::new()),
                _ => ("reconnect", String::new()),
            },
            TransactionKind::Ping => ("ping", String::new()),
            TransactionKind::Time => ("time", String::new()),
            TransactionKind::Keys => ("keys", String::new()),
            TransactionKind::Firmware => ("firmware", name.to_owned()),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use amitwin_data::rows::TransactionKind::{Ping, Push, Read, Relay, Reset, Write};

    #[test]
    fn a_line_says_what_the_job_did() {
        let file = r#"
            [[campaign]]
            name = "night"
            tier = "cold"
            back = "heartbeat"
            [[campaign]]
            name = "price"
            what = "push-retries"
            value = 5
            [[campaign]]
            name = "off"
            action = "disconnect"
            [[read]]
            name = "day"
            what = "profile"
            [[replay]]
            name = "log"
            [[variant]]
            name = "on"
            set = { "campaign.off.action" = "reconnect" }
        "#;
        let line = |kind, campaign: &str, acknowledged| {
            let row = TransactionRow { campaign: campaign.into(), acknowledged, ..TransactionRow::new(kind, 7, 0.0) };
            Jobs::of(file, "on").line(&row).map(|(kind, detail)| format!("{kind}: {detail}"))
        };
        let said = |text: &str| Some(text.to_owned());
        assert_eq!(line(Reset, "night", Some(true)), said("reset: cold heartbeat"));
        assert_eq!(line(Reset, "night", None), None, "a flood");
        assert_eq!(line(Reset, "log reset soft 2", Some(false)), said("reset: soft"));
        assert_eq!(line(Write, "price", None), said("write: push-retries=5"));
        assert_eq!(line(Write, "log write push-retries=5", None), said("write: push-retries=5"));
        assert_eq!(line(Relay, "off", None), said("reconnect: "), "as the variant says");
        assert_eq!(line(Relay, "log disconnect 3", None), said("disconnect: "));
        assert_eq!(line(Read, "day", None), said("read: profile"));
        assert_eq!(line(Read, "log read registers", None), said("read: registers"));
        assert_eq!(line(Ping, "clocks", None), said("ping: "));
        assert_eq!(line(Push, "", None), None);
    }
}
