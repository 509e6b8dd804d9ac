//! What meters measure, as pure functions of seed, meter and time: nothing is stored, any instant costs the same.
//!
//! The register at the start of day n is mean * (n + season + week + weather + own), where the last four are running
//! sums that stay bounded, so no sum over the past is needed. Within a day the register follows a shape, disturbed at
//! every second hour and at every quarter of an hour by less than half of what the neighbouring steps hold, so it never
//! falls; between quarters it is linear. All is integer arithmetic, so the pieces meet exactly.

use crate::meter::fleet::Meter;
use crate::meter::local_time::LocalTime;
use crate::meter::shapes::{ONE, Shape};
use crate::vocabulary::purpose;
use amitwin_sim_core::rng::{Stream, key};

/// Which way energy flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the network to the customer (1.8.0).
    Import,
    /// From the customer to the network (2.8.0).
    Export,
}

/// Who is behind a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Customer {
    /// A home: 80 meters of 100.
    Household,
    /// A home with a roof of solar cells: 12 of 100.
    Solar,
    /// A shop, office or workshop on three phases: 8 of 100.
    Commercial,
}

/// 2000-01-01 00:00, seconds since 1970; registers stand still before it.
const Y2000: i64 = 946_684_800;
/// Days from 2000 after which registers stand still (the year 2547): beyond it sums would leave 64 bits.
const LAST_DAY: i64 = 200_000;
const DAY_S: i64 = 86_400;
const QUARTER_S: i64 = 900;
/// One day in the fixed-point sums of days.
const DAY: i64 = 1 << 16;
/// The longest day of 2000 in the northern hemisphere, counted from its first.
const MIDSUMMER: i64 = 172;
/// Quarters of a day in a year, after which the season repeats.
const YEAR_QUARTERS: i64 = 1_461;
/// Days that every register has counted before 2000, more than the running sums can fall below zero.
const BEFORE_2000: i64 = 40 * DAY;

/// What an index of a meter's draws is for, above the day or quarter that it counts.
mod draw {
    pub const TRAITS: u64 = 1 << 40;
    pub const DAY: u64 = 2 << 40;
    pub const BLOCK: u64 = 3 << 40;
    pub const QUARTER: u64 = 4 << 40;
    pub const VOLTAGE: u64 = 5 << 40;
    /// Added for the export register, so that it has draws of its own.
    pub const EXPORT: u64 = 8 << 40;
}

/// The `index`-th draw under `key`.
fn bits(key: u64, index: u64) -> u64 {
    Stream::resume(key, index).bits()
}

/// The sine of the season at each quarter of a day of a year of 365.25 days, of 2^16; made by the compiler.
static SEASON: [i32; YEAR_QUARTERS as usize] = {
    let mut table = [0; YEAR_QUARTERS as usize];
    let mut at = 0;
    while at < table.len() {
        // From minus to plus half a turn, where the sine's series has settled after 15 terms.
        let x = (at as f64 / YEAR_QUARTERS as f64 - 0.5) * std::f64::consts::TAU;
        let (mut term, mut sum, mut n) = (x, x, 1.0);
        while n < 30.0 {
            term *= -x * x / ((n + 1.0) * (n + 2.0));
            sum += term;
            n += 2.0;
        }
        // Half a turn away the sine has the other sign.
        table[at] = (-sum * 65_536.0) as i32;
        at += 1;
    }
    table
};

/// The sine of the season `days` after its start.
fn season(days: i64) -> i64 {
    i64::from(SEASON[(days * 4).rem_euclid(YEAR_QUARTERS) as usize])
}

/// A draw in `-span..span`.
fn within(key: u64, index: u64, span: i64) -> i64 {
    (((bits(key, index) >> 48) as i64 - 0x8000) * span) >> 15
}

fn meter_key(meter: Meter<'_>) -> u64 {
    key(meter.fleet.seed, u64::from(meter.number), purpose::CONSUMPTION)
}

/// Who is behind a meter, by a draw of its own.
pub fn customer(meter: Meter<'_>) -> Customer {
    customer_of(bits(meter_key(meter), draw::TRAITS))
}

fn customer_of(traits: u64) -> Customer {
    match traits % 100 {
        0..80 => Customer::Household,
        80..92 => Customer::Solar,
        _ => Customer::Commercial,
    }
}

/// How one register of one meter moves.
struct Course {
    key: u64,
    weather_key: u64,
    /// Added to the indices of draws.
    side: u64,
    /// Energy of an average day, mWh.
    mean_mwh: i64,
    /// Per mille by which the season's best day is above the mean, and which day of the year that is.
    season: (i64, i64),
    /// Running sum of what each weekday has above the average, from Saturday, day parts.
    week: &'static [i64; 7],
    /// What one unit of weather adds, day parts.
    weather: i64,
    /// Largest running deviation of the meter's own days, day parts.
    own: i64,
    shape: Shape,
}

/// Running sums of the week, per mille of a day, in day parts: 2000-01-01 was a Saturday.
const fn running(per_mille: [i64; 7]) -> [i64; 7] {
    let mut sums = [0; 7];
    let mut day = 1;
    while day < 7 {
        sums[day] = sums[day - 1] + per_mille[day - 1] * DAY / 1_000;
        day += 1;
    }
    sums
}
const HOME_WEEK: [i64; 7] = running([50, 50, -20, -20, -20, -20, -20]);
const WORK_WEEK: [i64; 7] = running([-150, -450, 120, 120, 120, 120, 120]);
const EVEN_WEEK: [i64; 7] = running([0; 7]);

impl Course {
    fn of(meter: Meter<'_>, direction: Direction) -> Option<Self> {
        let key = meter_key(meter);
        let traits = bits(key, draw::TRAITS);
        let customer = customer_of(traits);
        // Squared, so that small customers are the common ones.
        let size = (traits >> 48) as i64;
        let size = (size * size) >> 16;
        let mean = |least: i64, most: i64| least * 1_000_000 + (((most - least) * 1_000_000 * size) >> 16);
        let course = |mean_mwh, season, week, weather, own, shape| Course {
            key,
            weather_key: amitwin_sim_core::rng::key(meter.fleet.seed, 0, purpose::WEATHER),
            side: if direction == Direction::Export { draw::EXPORT } else { 0 },
            mean_mwh,
            season,
            week,
            weather,
            own,
            shape,
        };
        let habit = (traits >> 16) as u16;
        Some(match (direction, customer) {
            (Direction::Import, Customer::Household) => {
                course(mean(9, 20), (180, 15), &HOME_WEEK, DAY / 8, DAY / 22, Shape::home(habit))
            }
            (Direction::Import, Customer::Solar) => {
                course(mean(6, 13), (300, 5), &HOME_WEEK, DAY / 8, DAY / 22, Shape::solar_home(habit))
            }
            (Direction::Import, Customer::Commercial) => {
                course(mean(40, 250), (80, 200), &WORK_WEEK, DAY / 10, DAY / 30, Shape::work(habit))
            }
            (Direction::Export, Customer::Solar) => {
                course(mean(4, 14), (550, MIDSUMMER), &EVEN_WEEK, -DAY * 3 / 8, DAY / 40, Shape::Sun)
            }
            (Direction::Export, _) => return None,
        })
    }

    /// Makes people rise by the clocks of a day, where these have turned.
    #[inline]
    fn rise(&mut self, time: &LocalTime, day: i64) {
        if !time.is_fixed() {
            self.shape = self.shape.ahead(time.quarters_ahead(noon(time, day)));
        }
    }

    /// Register at the start of a day, mWh.
    fn at_day(&self, day: i64) -> i64 {
        // The integral of a cosine: the year over 2 pi, 58.13 days, times a sine.
        let (size, peak) = self.season;
        let season = season(day - peak) * size * 58_131 / 1_000_000;
        let own = within(self.key, draw::DAY + self.side + day as u64, self.own);
        let weather = (weather(self.weather_key, day) * self.weather) >> 16;
        let days = BEFORE_2000 + day * DAY + season + self.week[(day % 7) as usize] + own + weather;
        (days * self.mean_mwh) >> 16
    }

    /// Registers at the start and the end of a quarter of a day, mWh.
    fn quarter(&self, day: i64, quarter: i64) -> (i64, i64) {
        let (start, end) = (self.at_day(day), self.at_day(day + 1));
        let light = if matches!(self.shape, Shape::Sun) { daylight(day) } else { (0, 0) };
        let (a, b) = self.shares(day, quarter, light);
        (start + (((end - start) * a) >> ONE.ilog2()), start + (((end - start) * b) >> ONE.ilog2()))
    }

    /// Shares of the day's energy used up before and after a quarter, of [`ONE`].
    fn shares(&self, day: i64, quarter: i64, light: (i64, i64)) -> (i64, i64) {
        const BLOCK: i64 = 8;
        let nominal = |quarter: i64| self.shape.used(quarter, light);
        let first = quarter - quarter % BLOCK;
        let (from, to) = (nominal(first), nominal(first + BLOCK));
        // The two ends of the block, moved by less than half of the smaller neighbour.
        let moved = |at: i64, before: i64, value: i64, after: i64| {
            let index = draw::BLOCK + self.side + ((day as u64) << 4) + (at / BLOCK) as u64;
            value + within(self.key, index, (value - before).min(after - value) * 2 / 5)
        };
        let left = if first == 0 { 0 } else { moved(first, nominal(first - BLOCK), from, to) };
        let right = if first + BLOCK == 96 { ONE } else { moved(first + BLOCK, from, to, nominal(first + 2 * BLOCK)) };
        let fine = |at: i64| {
            if at == first {
                return left;
            }
            if at == first + BLOCK || from == to {
                return right;
            }
            let value = nominal(at);
            let span = (value - nominal(at - 1)).min(nominal(at + 1) - value) * 9 / 20;
            let index = draw::QUARTER + self.side + ((day as u64) << 7) + at as u64;
            left + (value + within(self.key, index, span) - from) * (right - left) / (to - from)
        };
        (fine(quarter), fine(quarter + 1))
    }
}

/// Running sum of the weather, common to all meters: above zero it has been cold and cloudy. It stays within 1.2 and
/// moves by at most 0.8 a day, in units of 2^16: spells of five days with single days upon them.
fn weather(key: u64, day: i64) -> i64 {
    const SPELL: i64 = 5;
    let node = |n: i64| within(key, draw::BLOCK + n as u64, 1 << 16);
    let (n, part) = (day / SPELL, day % SPELL);
    (node(n) * (SPELL - part) + node(n + 1) * part) / SPELL + within(key, draw::DAY + day as u64, (1 << 16) / 5)
}

/// Start and length of the time when solar cells give more than the house takes, s of the day: 6.4 h in midwinter,
/// 12.8 h in midsummer, around half past twelve.
fn daylight(day: i64) -> (i64, i64) {
    // A sine a quarter of a year early is a cosine.
    let length = 34_560 + ((11_520 * season(day - MIDSUMMER + YEAR_QUARTERS / 16)) >> 16);
    (45_000 - length / 2, length)
}

/// Second since 1970 (UTC) of noon of a day.
fn noon(time: &LocalTime, day: i64) -> i64 {
    Y2000 + day * DAY_S + DAY_S / 2 - i64::from(time.habits_min()) * 60
}

/// Day from 2000, quarter of the day and seconds into it, in local time as it would be without any turns of the zone: by
/// clocks that are set back registers would fall.
fn place(meter: Meter<'_>, unix_s: i64) -> (i64, i64, i64) {
    let local = unix_s.saturating_add(i64::from(meter.fleet.time.local.habits_min()) * 60).saturating_sub(Y2000);
    let local = local.clamp(0, LAST_DAY * DAY_S);
    (local / DAY_S, local % DAY_S / QUARTER_S, local % QUARTER_S)
}

/// Cumulative register at a second, Wh: never decreasing, and zero for export without solar cells.
pub fn energy_wh(meter: Meter<'_>, direction: Direction, unix_s: i64) -> u64 {
    let Some(mut course) = Course::of(meter, direction) else { return 0 };
    let (day, quarter, second) = place(meter, unix_s);
    course.rise(&meter.fleet.time.local, day);
    let (start, end) = course.quarter(day, quarter);
    (start + (end - start) * second / QUARTER_S) as u64 / 1_000
}

/// Energy of the quarter of an hour that ends at `end_unix_s`, Wh: the difference of the register, so quarters sum to it.
pub fn interval_wh(meter: Meter<'_>, direction: Direction, end_unix_s: i64) -> u64 {
    let begin = end_unix_s.saturating_sub(QUARTER_S);
    match (Course::of(meter, direction), place(meter, begin)) {
        (None, _) => 0,
        // Both ends at once where the local clock's quarters are those of UTC and the clock is in range.
        (Some(mut course), (day, quarter, 0)) if (1..LAST_DAY).contains(&day) => {
            course.rise(&meter.fleet.time.local, day);
            let (start, end) = course.quarter(day, quarter);
            end as u64 / 1_000 - start as u64 / 1_000
        }
        _ => energy_wh(meter, direction, end_unix_s) - energy_wh(meter, direction, begin),
    }
}

fn flow_w(meter: Meter<'_>, direction: Direction, unix_s: i64) -> u32 {
    let Some(mut course) = Course::of(meter, direction) else { return 0 };
    let (day, quarter, _) = place(meter, unix_s);
    course.rise(&meter.fleet.time.local, day);
    let (start, end) = course.quarter(day, quarter);
    u32::try_from((end - start) / 250).unwrap_or(0)
}

/// Active power taken from the network, W: the slope of the import register.
pub fn power_w(meter: Meter<'_>, unix_s: i64) -> u32 {
    flow_w(meter, Direction::Import, unix_s)
}

/// Active power given to the network, W: the slope of the export register.
pub fn export_power_w(meter: Meter<'_>, unix_s: i64) -> u32 {
    flow_w(meter, Direction::Export, unix_s)
}

/// Voltage of phase 1, 0.1 V: 230 V, a place on the line of the meter's own, a drop with its load, a rise with what it
/// feeds in, and some unrest each minute; within 210 V and 250 V.
pub fn voltage_dv(meter: Meter<'_>, unix_s: i64) -> u32 {
    voltage(meter, unix_s, net_w(meter, unix_s))
}

/// Current of phase 1, mA: net active power at a power factor of 0.95, a third of it for commercial customers.
pub fn current_ma(meter: Meter<'_>, unix_s: i64) -> u32 {
    let net = net_w(meter, unix_s);
    let phases = if customer(meter) == Customer::Commercial { 3 } else { 1 };
    // W / (0.1 V * 0.95) in mA.
    (net.abs() * 1_000_000 / (95 * i64::from(voltage(meter, unix_s, net)) * phases)) as u32
}

fn net_w(meter: Meter<'_>, unix_s: i64) -> i64 {
    i64::from(power_w(meter, unix_s)) - i64::from(export_power_w(meter, unix_s))
}

fn voltage(meter: Meter<'_>, unix_s: i64, net_w: i64) -> u32 {
    let key = meter_key(meter);
    let place = within(key, draw::VOLTAGE, 40);
    let minute = unix_s.div_euclid(60) as u64 & 0xFF_FFFF_FFFF;
    let unrest = within(key, draw::VOLTAGE + draw::EXPORT + minute, 15);
    (2_300 + place + unrest - net_w / 200).clamp(2_100, 2_500) as u32
}

#[cfg(test)]
mod tests;
