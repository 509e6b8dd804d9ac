//! `[device.supply]` and `[device.battery]`: what a radio runs on.

use super::quantity::{Share, Time};
use amitwin_sim_core::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The supply of a communication module: a rail behind a resistance, with a capacitor at the module. A burst of the transmitter takes a current
/// from it, the voltage falls towards the rail less current times resistance, and below `brown_out_v` the module restarts. Without this section
/// supplies bear everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SupplySpec {
    /// Voltage of the rail without a burst, V.
    #[schemars(range(min = 1.0, max = 60.0))]
    pub rail_v: f64,
    /// Below this the module restarts, V.
    #[schemars(range(min = 0.5, max = 60.0))]
    pub brown_out_v: f64,
    /// Below this a meter takes its supply for failing, V: what a flash write may bring about.
    #[schemars(range(min = 0.5, max = 60.0))]
    pub power_fail_v: f64,
    /// Resistance of the supply and of its capacitor, ohm.
    #[schemars(range(min = 0.001, max = 1000.0))]
    pub resistance_ohm: f64,
    /// Capacitor at the module, mF.
    #[schemars(range(min = 0.0001, max = 10000.0))]
    pub capacitance_mf: f64,
    /// Share of the transmitter's power in what it takes from the rail.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.01, "x-max" = 1.0))]
    pub efficiency: f64,
    /// Share of the meters and repeaters whose supply is weak, the same in every variant: aged capacitors lose capacitance and gain resistance.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub weak_share: f64,
    /// Resistance of a weak supply, ohm.
    #[schemars(range(min = 0.001, max = 1000.0))]
    pub weak_resistance_ohm: f64,
    /// Capacitor of a weak supply, mF.
    #[schemars(range(min = 0.0001, max = 10000.0))]
    pub weak_capacitance_mf: f64,
    /// Current of a flash write, mA.
    #[schemars(range(min = 0.0, max = 100_000.0))]
    pub flash_ma: f64,
    /// How long a meter writes a firmware image that it has verified. With `[last_gasp]` a sag for so long may be told as an outage.
    #[serde(with = "Time")]
    #[schemars(extend("x-min" = "1ms", "x-max" = "1h"))]
    pub flash_write: SimTime,
}

impl Default for SupplySpec {
    fn default() -> Self {
        SupplySpec {
            rail_v: 4.0,
            brown_out_v: 3.6,
            power_fail_v: 3.7,
            resistance_ohm: 0.2,
            capacitance_mf: 20.0,
            efficiency: 0.35,
            weak_share: 0.0,
            weak_resistance_ohm: 2.0,
            weak_capacitance_mf: 5.0,
            flash_ma: 200.0,
            flash_write: SimTime::from_secs(4),
        }
    }
}

impl SupplySpec {
    /// Resistance, ohm, and capacitance, F.
    fn parts(&self, weak: bool) -> (f64, f64) {
        match weak {
            false => (self.resistance_ohm, self.capacitance_mf / 1e3),
            true => (self.weak_resistance_ohm, self.weak_capacitance_mf / 1e3),
        }
    }

    /// What a transmitter of this power takes from the rail, A.
    pub fn current_a(&self, power_dbm: f64) -> f64 {
        libm::exp10(power_dbm / 10.0) / 1e3 / (self.efficiency * self.rail_v)
    }

    /// The longest burst of that power that a supply bears; `None`: any.
    pub fn bears(&self, power_dbm: f64, weak: bool) -> Option<SimTime> {
        let (resistance_ohm, capacitance_f) = self.parts(weak);
        // The voltage falls by current times resistance, as fast as the capacitor lets it.
        let falls_v = self.current_a(power_dbm) * resistance_ohm;
        let room_v = self.rail_v - self.brown_out_v;
        let after_s = || -resistance_ohm * capacitance_f * libm::log(1.0 - room_v / falls_v);
        (falls_v > room_v).then(|| SimTime::from_secs_f64(after_s()))
    }

    /// Whether a flash write makes a meter take its supply for failing.
    pub fn sags_at_flash(&self, weak: bool) -> bool {
        self.rail_v - self.flash_ma / 1e3 * self.parts(weak).0 < self.power_fail_v
    }
}

/// The battery of meters. It is counted and never empty in a run: charge is what the radio takes, by the time that it sends, listens and sleeps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BatterySpec {
    /// Capacity, mAh.
    #[schemars(range(min = 1.0, max = 10_000_000.0))]
    pub capacity_mah: f64,
    /// Current while the radio sends, mA.
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub tx_ma: f64,
    /// Current while it listens or receives, mA.
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub listen_ma: f64,
    /// Current while it sleeps, mA.
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub sleep_ma: f64,
    /// Share of the time without sending in which it listens: all of it under the stacks that are modelled, which hop and listen always. With less, charge
    /// is that of a radio that wakes for so much of the time, and what it hears stays that of one that always listens.
    #[serde(with = "Share")]
    #[schemars(extend("x-min" = 0.0, "x-max" = 1.0))]
    pub listens: f64,
}

impl Default for BatterySpec {
    fn default() -> Self {
        BatterySpec { capacity_mah: 19_000.0, tx_ma: 350.0, listen_ma: 12.0, sleep_ma: 0.005, listens: 1.0 }
    }
}

impl BatterySpec {
    /// What a radio took that has sent and not sent for so long, mAh.
    pub fn charge_mah(&self, tx_s: f64, rx_s: f64) -> f64 {
        let idle_ma = self.listens * self.listen_ma + (1.0 - self.listens) * self.sleep_ma;
        (tx_s * self.tx_ma + rx_s * idle_ma) / 3_600.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supply_bears_what_ohms_law_says() {
        let supply = SupplySpec::default();
        // 27 dBm are 501 mW; at 35 % of 4 V they take 358 mA.
        assert!((supply.current_a(27.0) - 0.357_99).abs() < 1e-5);
        // 0.2 ohm: 72 mV of the 400 mV that there are. Any burst.
        assert_eq!(supply.bears(27.0, false), None);
        // 2 ohm: 716 mV. The capacitor of 5 mF (10 ms) falls by 400 mV after 10 ms * -ln(1 - 0.4 / 0.71598) = 8.182 ms.
        let burst_s = supply.bears(27.0, true).expect("not any").secs_f64();
        assert!((burst_s - 8.182e-3).abs() < 1e-5, "{burst_s}");
        // At 24 dBm, half of it, 358 mV: any burst again; at 30 dBm, twice, 10 ms * -ln(1 - 0.4 / 1.42857) = 3.285 ms.
        assert_eq!(supply.bears(24.0, true), None);
        assert!((supply.bears(30.0, true).expect("not any").secs_f64() - 3.285e-3).abs() < 1e-5);
        // 200 mA over 2 ohm leave 3.6 V, over 0.2 ohm 3.96 V.
        assert!(supply.sags_at_flash(true) && !supply.sags_at_flash(false));
    }

    #[test]
    fn charge_is_current_times_time() {
        let battery = BatterySpec { listens: 0.01, ..BatterySpec::default() };
        // 36 s at 350 mA are 3.5 mAh; 3,564 s at 1 % of 12 mA and 99 % of 5 uA 0.1237 mAh.
        assert!((battery.charge_mah(36.0, 3_564.0) - (3.5 + 0.99 * (0.12 + 0.004_95))).abs() < 1e-9);
    }
}
