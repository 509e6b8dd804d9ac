//! Month by month: how well meters that work are heard by the mesh that the fleet has become.

use super::Depot;
use crate::heat::{DAY_S, YEAR_S};
use amitwin_data::rows::RadioMonthRow;

impl Depot<'_> {
    /// How the mesh hears those that work at this moment stands for a month that lasts so long.
    pub(super) fn listen(&mut self, lasts_s: f64) {
        let plan = self.plan;
        let Some(radio) = &plan.radio else { return };
        let (mut off, mut wet, mut ages_s) = (0_u32, 0_u32, 0_u64);
        for meter in 0..self.fleet.len() {
            // Who is not there yet has no age.
            ages_s += u64::from(self.now.saturating_sub(self.fleet.installed_s(meter)));
            let failed = self.fleet.meters[meter as usize].failed;
            if failed != 0 {
                let masks = self.fleet.masks(meter);
                off += u32::from(failed & masks.unheard != 0);
                wet += u32::from(failed & masks.unheard == 0 && failed & masks.wet != 0);
            }
        }
        let on = f64::from(self.installed.saturating_sub(off));
        let share = |part: f64, all: f64| if all > 0.0 { part / all } else { 0.0 };
        let off_share = share(f64::from(off), f64::from(self.installed));
        let day = plan.first_day + f64::from(self.now) / DAY_S;
        let loss_db = share(f64::from(wet), on) * radio.wet_db
            + share(ages_s as f64, f64::from(self.installed)) / YEAR_S * radio.ageing_db_y
            + radio.season_db(&self.spec.climate, day);
        let success = radio.success(loss_db, off_share);
        self.tally.unreached_s += on * (1.0 - success) * lasts_s;
        self.rows.radio_months.push(RadioMonthRow {
            month: (self.months + 1) as u16,
            depot: self.number,
            meters: self.installed,
            off_share,
            loss_db,
            read_success_share: success,
            outside: !radio.table.covers(loss_db, off_share),
        });
    }
}
