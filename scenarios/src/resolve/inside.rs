//! What is inside meters and what they tell of it: `[device.*]`, `[traffic.*]`, and events that need one of them.

use super::{Context, show};
use amitwin_models::spec::{Act, SupplySpec};
use amitwin_sim_core::SimTime;

/// What a payload may be at most, bytes.
const PAYLOAD_MAX: u32 = 1_200;

/// Looks at the meters of a variant.
pub(super) fn meters(cx: &mut Context<'_>) {
    aggregate(cx);
    notices(cx);
    supply(cx);
    battery(cx);
}

fn aggregate(cx: &mut Context<'_>) {
    let traffic = &cx.file.traffic;
    let count = traffic.aggregate;
    if count == 1 {
        return;
    }
    match traffic.payload_bytes {
        None => {
            let title =
                format!("{count} reports are to go in one payload, and a report is a DataNotification of its own");
            let help = "set traffic.payload, for reports of bytes without meaning, or remove traffic.aggregate";
            cx.error(&["traffic", "aggregate"], title, "of no payload", help);
        }
        Some(bytes) if u32::from(bytes) * u32::from(count) > PAYLOAD_MAX => {
            let title =
                format!("{count} reports of {bytes} B do not fit into a payload, which has {PAYLOAD_MAX} B at most");
            let help = format!("lower it to {} or make traffic.payload smaller", PAYLOAD_MAX / u32::from(bytes));
            cx.error(&["traffic", "aggregate"], title, "too many", help);
        }
        Some(_) => {}
    }
}

fn notices(cx: &mut Context<'_>) {
    let traffic = &cx.file.traffic;
    if let Some(spec) = traffic.keep_alive.as_ref().filter(|spec| spec.spread > spec.every) {
        let title = format!("keep-alives of a period of {} are spread over {}", show(spec.every), show(spec.spread));
        let help = format!("make `spread` {} or shorter", show(spec.every));
        cx.error(&["traffic", "keep_alive", "spread"], title, "longer than the period", help);
    }
    if traffic.health.as_ref().is_some_and(|spec| spec.learn == 1) {
        let title = "a band is to be learnt from one sample, which has no deviation";
        cx.error(
            &["traffic", "health", "learn"],
            title,
            "too few",
            "make it 0 (the meter is told its band) or at least 2",
        );
    }
    let watches = traffic.health.is_some();
    let named = cx.file.event.iter().find(|event| matches!(event.act, Act::Voltage(_)));
    if let Some(name) = named.filter(|_| !watches).map(|event| event.name.clone()) {
        let text = "no meter watches its voltage, so that nobody notices; add [traffic.health]";
        cx.warn(&["event", &name, "act"], text);
    }
}

fn supply(cx: &mut Context<'_>) {
    let Some(spec) = &cx.file.device.supply else { return };
    let &SupplySpec { rail_v, brown_out_v, power_fail_v, .. } = spec;
    for (key, limit_v) in [("brown_out_v", brown_out_v), ("power_fail_v", power_fail_v)] {
        if limit_v >= rail_v {
            let title = format!("the supply has {rail_v} V, which is not above the {limit_v} V of `{key}`");
            let help = format!("lower `{key}` below {rail_v}, or raise `rail_v`");
            cx.error(&["device", "supply", key], title, "no meter would run", help);
        }
    }
    if !cx.file.medium.is_mesh() {
        let title = "supplies sag under bursts of a transmitter, and the ideal medium has none";
        cx.error(&["device", "supply"], title, "without bursts", "remove [device.supply], or use the mesh");
    }
}

fn battery(cx: &mut Context<'_>) {
    if cx.file.device.battery.is_none() {
        return;
    }
    if !cx.file.medium.is_mesh() || cx.file.record.load_every == SimTime::ZERO {
        let title = "the charge of batteries is counted in the table `load`, which is not written";
        let help = "remove [device.battery]; or use the mesh, with record.load_every";
        cx.error(&["device", "battery"], title, "not counted", help);
    }
}
