//! `[wear]`: how much sooner batteries, flash memory and relays are used up by campaigns.

use super::Cx;
use super::meters::Lists;
use crate::sections::plan::fleet::PartsSection;
use crate::sections::plan::wear::WearSection;
use amitwin_data::files::RunDir;
use amitwin_data::rows::{LoadRow, NodeKind, NodeRow, Outcome, Part, TransactionKind, TransactionRow};
use amitwin_maintenance::climate::YEAR_D;
use amitwin_maintenance::laws::{battery, uses};
use amitwin_maintenance::spec::{Law, Vintage};
use std::path::Path;

/// A battery of maintenance: 8.5 Ah, of which 620.5 mAh a year go without campaigns, and 2 % by itself.
const BATTERY_AH: f64 = 8.5;
const DRAIN_AH_Y: f64 = 0.6205;
const SELF_DISCHARGE: f64 = 0.02;
/// Writes to a sector of flash memory without campaigns, a day.
const WRITES_A_DAY: f64 = 4.0;

/// Operations of a relay without campaigns, a day.
const MOVES_A_DAY: f64 = uses::RELAY_MOVES_A_DAY;

/// What a meter did in a campaign, on average.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::plan) struct Campaign {
    /// Time that it sent, s.
    pub tx_s: f64,
    /// How often it restarted.
    pub restarts: f64,
    /// How often its contacts moved.
    pub relay_moves: f64,
}

/// Lets the batteries, the flash memory and the relays of vintages that have them live as campaigns leave them.
pub(super) fn apply(cx: &mut Cx<'_>, lists: &mut Lists, vintages: &mut [Vintage]) {
    let file = cx.file;
    let Some(section) = &file.wear else { return };
    let Some(campaign) = campaign(cx, lists, section) else { return };
    let mut is_worn = false;
    for (vintage, of) in vintages.iter_mut().zip(&file.vintage) {
        let [battery, flash, relay] = factors(section, campaign, &of.part);
        let mut worn = Vec::new();
        for part in &mut vintage.parts {
            let (factor, what) = match part.part {
                Part::Battery => (battery, "batteries"),
                Part::Flash => (flash, "flash memory"),
                Part::Relay => (relay, "relays"),
                _ => continue,
            };
            match &mut part.law {
                Law::Life(weibull) => weibull.eta *= factor,
                Law::Cell(cell) => cell.load_ah_y += drain_ah_y(section, campaign),
                _ => continue,
            }
            worn.push(format!("{what} {:.1} %", 100.0 * factor));
        }
        if !worn.is_empty() {
            is_worn = true;
            cx.note(format!(
                "a campaign lets a meter send for {:.3} s, restart {:.2} times and move its contacts {:.2} times; {} a year let parts of `{}` live \
                 so much of their time: {}",
                campaign.tx_s,
                campaign.restarts,
                campaign.relay_moves,
                section.times_a_year,
                vintage.name,
                worn.join(", ")
            ));
        }
    }
    if !is_worn {
        let text = "no vintage has a battery, flash memory or a relay that campaigns could wear; add with = [\"battery\", \"flash\", \"relay\"] to one";
        cx.warn(&["wear"], text.to_owned());
    }
}

fn campaign(cx: &mut Cx<'_>, lists: &mut Lists, section: &WearSection) -> Option<Campaign> {
    match (&section.run, section.tx_s, section.restarts) {
        (Some(run), None, None) if section.relay_moves.is_none() => match lists.campaign(run) {
            Ok(campaign) => Some(campaign),
            Err(why) => {
                let help = "name the directory of a finished run with its tables; a relative path starts at the plan";
                cx.error(&["wear", "run"], format!("{run}: {why}"), "this run", help);
                None
            }
        },
        (None, Some(tx_s), Some(restarts)) => {
            Some(Campaign { tx_s, restarts, relay_moves: section.relay_moves.unwrap_or_default() })
        }
        _ => {
            let title = "campaigns wear by a run, or by `tx_s` and `restarts`, and not by both";
            cx.error(&["wear"], title, "one of the two", "name `run`, or both figures");
            None
        }
    }
}

/// Charge that campaigns take in a year, Ah.
fn drain_ah_y(section: &WearSection, campaign: Campaign) -> f64 {
    section.times_a_year * campaign.tx_s * section.transmit_ma / 1_000.0 / 3_600.0
}

/// Shares of their lives that batteries, flash memory and relays of a vintage have; batteries as at 20 C.
fn factors(section: &WearSection, campaign: Campaign, of: &PartsSection) -> [f64; 3] {
    let drain = drain_ah_y(section, campaign);
    let battery = |drain_ah_y: f64| match &of.battery.cell {
        Some(cell) => battery::life_y(cell.charge_ah, cell.load_mah_year / 1_000.0 + drain_ah_y, cell.self_discharge),
        None => battery::life_y(BATTERY_AH, DRAIN_AH_Y + drain_ah_y, SELF_DISCHARGE),
    };
    let writes = section.times_a_year * campaign.restarts * section.writes_a_restart / YEAR_D;
    let moves = section.times_a_year * campaign.relay_moves / YEAR_D;
    let share = |usual: f64, more: f64| usual / (usual + more);
    [
        battery(drain) / battery(0.0),
        share(of.flash.used.as_ref().map_or(WRITES_A_DAY, |used| used.a_day), writes),
        share(of.relay.used.as_ref().map_or(MOVES_A_DAY, |used| used.a_day), moves),
    ]
}

/// What a meter did in a run, on average over the meters that have a route.
pub(super) fn read(path: &Path) -> Result<Campaign, String> {
    let run = RunDir::open(path).map_err(|error| error.to_string())?;
    let names = run.variants();
    let variant = run.summary.variants.iter().map(|v| &v.name).find(|name| names.contains(name));
    let Some(variant) = variant else { return Err("it has no tables of a variant".to_owned()) };
    let said = |error: amitwin_data::files::FileError| error.to_string();
    let seed = run.summary.seed;
    let nodes: Vec<NodeRow> = run.rows(variant, seed).map_err(said)?;
    let is_meter: Vec<bool> = nodes.iter().map(|n| n.kind == NodeKind::Meter && n.reachable).collect();
    let counts = |node: u32| is_meter.get(node as usize).copied().unwrap_or(false);
    let meters = is_meter.iter().filter(|is| **is).count();
    if meters == 0 {
        return Err("none of its meters has a route".to_owned());
    }
    let (mut tx_s, mut restarts, mut relay_moves) = (0.0, 0.0, 0.0);
    let add =
        |rows: Vec<LoadRow>| tx_s += rows.iter().filter(|r| counts(r.node)).map(|r| f64::from(r.tx_s)).sum::<f64>();
    run.each_group(variant, seed, add).map_err(said)?;
    run.each_group(variant, seed, |rows: Vec<TransactionRow>| {
        let reset = |r: &&TransactionRow| r.kind == TransactionKind::Reset && r.reset_s.is_some() && counts(r.node);
        restarts += rows.iter().filter(reset).count() as f64;
        let moved =
            |r: &&TransactionRow| r.kind == TransactionKind::Relay && r.outcome == Outcome::Ok && counts(r.node);
        relay_moves += rows.iter().filter(moved).count() as f64;
    })
    .map_err(said)?;
    let of = |sum: f64| sum / meters as f64;
    Ok(Campaign { tx_s: of(tx_s), restarts: of(restarts), relay_moves: of(relay_moves) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sections::plan::part::{CellSection, UsedSection};

    #[test]
    fn campaigns_take_their_share_of_a_battery_of_flash_and_of_a_relay() {
        let section = WearSection {
            run: None,
            tx_s: None,
            restarts: None,
            relay_moves: None,
            times_a_year: 12.0,
            transmit_ma: 46.0,
            writes_a_restart: 4.0,
        };
        // 12 x 1,000 s x 46 mA are 153.3 mAh a year: ln(1 + 170/773.8)/0.02 = 9.93 y instead of ln(1 + 170/620.5)/0.02 = 12.11 y.
        // 12 x 10 x 4 writes a year are 1.314 a day more than 4: 4/5.314.
        // 12 x 2 moves a year are 0.0657 a day more than 0.05: 0.05/0.1157.
        let used = Campaign { tx_s: 1_000.0, restarts: 10.0, relay_moves: 2.0 };
        let usual = PartsSection::default();
        let [battery, flash, relay] = factors(&section, used, &usual);
        assert!((battery - 9.93 / 12.11).abs() < 0.001, "{battery}");
        assert!((flash - 4.0 / 5.314).abs() < 0.001, "{flash}");
        assert!((relay - 0.05 / 0.1157).abs() < 0.001, "{relay}");
        let none = Campaign { tx_s: 0.0, restarts: 0.0, relay_moves: 0.0 };
        assert_eq!(factors(&section, none, &usual), [1.0, 1.0, 1.0]);
        // Of a vintage with figures of its own: ln(1 + 0.01 x 19/0.7733)/0.01 against ln(1 + 0.01 x 19/0.62)/0.01 = 21.98 and 26.73 y; 13.7 writes
        // and 2 moves a day.
        let mut own = PartsSection::default();
        own.battery.cell = Some(CellSection { charge_ah: 19.0, load_mah_year: 620.0, self_discharge: 0.01 });
        own.flash.used = Some(UsedSection { times: 1e5, a_day: 13.7 });
        own.relay.used = Some(UsedSection { times: 1e4, a_day: 2.0 });
        let [battery, flash, relay] = factors(&section, used, &own);
        assert!((battery - 21.98 / 26.73).abs() < 0.001, "{battery}");
        assert!((flash - 13.7 / 15.014).abs() < 0.001 && (relay - 2.0 / 2.0657).abs() < 0.001, "{flash} {relay}");
    }
}
