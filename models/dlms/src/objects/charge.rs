//! Price of a unit of energy: charge (class 113). A client writes the passive price, reads it back and activates it.

use crate::meter::prices::Prices;
use crate::meter::rest::Rest;
use crate::objects::put::{Answer, Put};
use crate::vocabulary::effects::Effects;
use crate::vocabulary::obis::IMPORT;
use dlms_cosem_rs::axdr::Data;
use dlms_cosem_rs::xdlms::{ActionResult, DataAccessResult};

/// A unit is 1,000 Wh of register 1.0.1.8.0.255.
const KILO: i8 = 3;
/// A price is in ten thousandths of the currency.
const TEN_THOUSANDTHS: i8 = -4;
/// A date and time of which nothing is said.
const NOT_SPECIFIED: [u8; 12] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x80, 0, 0xFF];
/// The only price: it holds in every tariff.
const TABLE_INDEX: [u8; 1] = [1];

/// Reads attributes 2 to 13.
pub fn get(rest: &Rest, index: i8, put: &mut Put<'_>) -> Answer {
    let prices = rest.prices();
    match index {
        // Paid so far, last collected and left: nothing is collected in the meter.
        2 | 11 | 12 => put.i32(0),
        // By consumption.
        3 => put.choice(0),
        4 => put.u8(1),
        5 => unit_charge(prices.active, put),
        6 => unit_charge(prices.passive, put),
        // Not set: a client activates it.
        7 | 10 => put.octets(&NOT_SPECIFIED),
        8 => put.u32(0),
        9 => {
            put.bit_string(2)?;
            put.raw(&[0])
        }
        _ => put.u16(0),
    }
}

/// Scale of energy and price, the register, and a table of one price.
fn unit_charge(price: i16, put: &mut Put<'_>) -> Answer {
    put.structure(3)?;
    put.structure(2)?;
    put.i8(KILO)?;
    put.i8(TEN_THOUSANDTHS)?;
    put.structure(3)?;
    put.u16(3)?;
    put.name(IMPORT)?;
    put.i8(2)?;
    put.array(1)?;
    put.structure(2)?;
    put.octets(&TABLE_INDEX)?;
    put.i16(price)
}

/// The encoded value of attributes 5 and 6 with a price.
pub fn encoded(price: i16) -> Vec<u8> {
    let mut out = Vec::with_capacity(40);
    // A vector takes all of it.
    let _ = unit_charge(price, &mut Put(&mut out));
    out
}

/// Writes attribute 6, the passive price, in the form that is read.
pub fn set(rest: &mut Rest, value: &Data<'_>) -> Answer {
    let price = price(value).ok_or(DataAccessResult::TypeUnmatched)?;
    let prices = rest.prices();
    rest.changed.get_or_insert_default().prices = Some(Prices { passive: price, ..prices });
    Ok(())
}

/// The price that a value says, if it says it of the same register in the same units.
fn price(value: &Data<'_>) -> Option<i16> {
    let fields = value.as_structure().filter(|fields| fields.len() == 3)?;
    let table = fields.get(2).ok()?;
    let Data::Array(rows) = table else { return None };
    let row = rows.iter().next()?.ok()?;
    let Data::Long(price) = row.as_structure()?.get(1).ok()? else { return None };
    // All but the price is fixed.
    let mut meant = Vec::new();
    dlms_cosem_rs::codec::Encode::encode(value, &mut meant).ok()?;
    (meant == encoded(price)).then_some(price)
}

/// Method 2: the passive price holds from now on.
pub fn act(rest: &mut Rest, index: i8, parameter: &Data<'_>, effects: &mut Effects) -> Result<(), ActionResult> {
    match (index, parameter) {
        (2, Data::Integer(0)) => {
            let prices = rest.prices();
            if prices.active != prices.passive {
                let prices = Prices { active: prices.passive, ..prices };
                rest.changed.get_or_insert_default().prices = Some(prices);
                effects.rest_changed = true;
            }
            Ok(())
        }
        (2, _) => Err(ActionResult::TypeUnmatched),
        _ => Err(ActionResult::ReadWriteDenied),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dlms_cosem_rs::codec::Decode;

    #[test]
    fn a_price_holds_once_it_is_activated_and_again_changes_nothing() {
        let (mut rest, mut effects) = (Rest::default(), Effects::default());
        let read = |rest: &Rest, index| {
            let mut out = Vec::new();
            get(rest, index, &mut Put(&mut out)).expect("read");
            out
        };
        let written = encoded(2_875);
        // 0.2875 for a kWh: scales 3 and -4, register 1.0.1.8.0.255, price 0x0B3B.
        let expected = [
            2, 3, 2, 2, 15, 3, 15, 0xFC, 2, 3, 18, 0, 3, 9, 6, 1, 0, 1, 8, 0, 255, 15, 2, 1, 1, 2, 2, 9, 1, 1, 16,
            0x0B, 0x3B,
        ];
        assert_eq!(written, expected);
        for _ in 0..2 {
            set(&mut rest, &Data::from_bytes(&written).expect("data")).expect("written");
        }
        assert_eq!((read(&rest, 6), read(&rest, 5)), (written.clone(), encoded(0)));
        act(&mut rest, 2, &Data::Integer(0), &mut effects).expect("activated");
        assert!(effects.rest_changed);
        assert_eq!((read(&rest, 6), read(&rest, 5)), (written.clone(), written.clone()));
        effects = Effects::default();
        act(&mut rest, 2, &Data::Integer(0), &mut effects).expect("activated again");
        assert!(!effects.rest_changed);
        // Another register, or other units.
        for at in [5, 7, 17] {
            let mut other = written.clone();
            other[at] ^= 1;
            let refused = set(&mut rest, &Data::from_bytes(&other).expect("data"));
            assert_eq!(refused, Err(DataAccessResult::TypeUnmatched), "byte {at}");
        }
        assert_eq!(act(&mut rest, 3, &Data::Integer(0), &mut effects), Err(ActionResult::ReadWriteDenied));
    }
}
