//! `[wear]`: how much sooner batteries, flash memory and relays are used up by campaigns.

use super::Cx;
use super::meters::Lists;
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
    let Some(section) = &cx.file.wear else { return };
    let Some(campaign) = campaign(cx, lists, section) else { return };
    let [battery, flash, relay] = factors(section, campaign);
    let mut is_worn = false;
    for part in vintages.iter_mut().flat_map(|vintage| &mut vintage.parts) {
        let factor = match part.part {
            Part::Battery => battery,
            Part::Flash => flash,
            Part::Relay => relay,
            _ => continue,
        };
        if let Law::Life(weibull) = &mut part.law {
            weibull.eta *= factor;
            is_worn = true;
        }
    }
    if is_worn {
        cx.note(format!(
            "a campaign lets a meter send for {:.3} s, restart {:.2} times and move its contacts {:.2} times; {} a year make batteries live \
             {:.1} %, flash memory {:.1} % and relays {:.1} % of their time",
            campaign.tx_s,
            campaign.restarts,
            campaign.relay_moves,
            section.times_a_year,
            100.0 * battery,
            100.0 * flash,
            100.0 * relay
        ));
    } else {
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

/// Shares of their lives that batteries, flash memory and relays have.
fn factors(section: &WearSection, campaign: Campaign) -> [f64; 3] {
    let life = |drain: f64| battery::life_y(BATTERY_AH, drain, SELF_DISCHARGE);
    let drain = section.times_a_year * campaign.tx_s * section.transmit_ma / 1_000.0 / 3_600.0;
    let writes = section.times_a_year * campaign.restarts * section.writes_a_restart / YEAR_D;
    let flash = |a_day: f64| uses::life_y(uses::FLASH_CYCLES, a_day);
    let moves = section.times_a_year * campaign.relay_moves / YEAR_D;
    let relay = |a_day: f64| uses::life_y(uses::RELAY_OPERATIONS, a_day);
    [
        life(DRAIN_AH_Y + drain) / life(DRAIN_AH_Y),
        flash(WRITES_A_DAY + writes) / flash(WRITES_A_DAY),
        relay(MOVES_A_DAY + moves) / relay(MOVES_A_DAY),
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
        let [battery, flash, relay] = factors(&section, used);
        assert!((battery - 9.93 / 12.11).abs() < 0.001, "{battery}");
        assert!((flash - 4.0 / 5.314).abs() < 0.001, "{flash}");
        assert!((relay - 0.05 / 0.1157).abs() < 0.001, "{relay}");
        assert_eq!(factors(&section, Campaign { tx_s: 0.0, restarts: 0.0, relay_moves: 0.0 }), [1.0, 1.0, 1.0]);
    }
}
