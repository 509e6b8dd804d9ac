//! Registers (class 3): what the meter measures now. Energy is a pure function of meter and time.

use crate::meter::consumption::{self, Direction};
use crate::meter::fleet::Meter;
use crate::meter::rest::Rest;
use crate::objects::put::{Answer, Put};
use crate::objects::view::View;
use dlms_cosem_rs::axdr::Unit;

/// What a register measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Active energy taken from the network, Wh.
    Import,
    /// Active energy given to the network, Wh.
    Export,
    /// Active power taken from the network, W.
    Power,
    /// Voltage of phase 1, 0.1 V.
    Voltage,
    /// Current of phase 1, mA.
    Current,
}

/// Energy register at a second since 1970, Wh: like a real one it starts again at zero after 2^32 - 1.
pub fn energy_wh(meter: Meter<'_>, direction: Direction, unix_s: i64) -> u32 {
    consumption::energy_wh(meter, direction, unix_s) as u32
}

impl Quantity {
    /// Reads attribute 2 or 3. Behind open contacts nothing flows.
    pub fn get(self, view: &View<'_>, rest: &Rest, index: i8, put: &mut Put<'_>) -> Answer {
        if index == 3 {
            return self.scaler_unit(put);
        }
        let (meter, now) = (view.meter, view.now.unix_s());
        match self {
            Quantity::Import => put.u32(energy_wh(meter, Direction::Import, now)),
            Quantity::Export => put.u32(energy_wh(meter, Direction::Export, now)),
            Quantity::Voltage => put.u16(u16::try_from(consumption::voltage_dv(meter, now)).unwrap_or(u16::MAX)),
            Quantity::Power | Quantity::Current if !rest.connected => put.u32(0),
            Quantity::Power => put.u32(consumption::power_w(meter, now)),
            Quantity::Current => put.u32(consumption::current_ma(meter, now)),
        }
    }
    fn scaler_unit(self, put: &mut Put<'_>) -> Answer {
        let (scaler, unit) = match self {
            Quantity::Import | Quantity::Export => (0, Unit::WATT_HOUR),
            Quantity::Power => (0, Unit::WATT),
            Quantity::Voltage => (-1, Unit::VOLT),
            Quantity::Current => (-3, Unit::AMPERE),
        };
        put.structure(2)?;
        put.i8(scaler)?;
        put.choice(unit.0)
    }
}
