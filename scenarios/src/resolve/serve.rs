//! `[dlms]` and `[serve]`: what meters are, where they answer, and what does not go together.

use super::{Context, range, time};
use crate::schema::campaign::Delivery;
use crate::schema::dlms as file;
use crate::schema::quantity::{Delay, Time};
use crate::schema::serve::{Addressing as Told, PushTransport, Transport};
use crate::served::{Addressing, Dlms, Faults, Keys, Range, Serve};
use amitwin_dlms::{AnswerForm, KeyMaster, OnCounterError, OnSuiteMismatch, PushTo, Vendor};
use amitwin_models::spec::{DlmsSpec, Payload};
use amitwin_sim_core::SimTime;
use dlms_cosem_rs::security::SecuritySuite;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// The word that stands for the published keys.
pub(crate) const TEST_KEYS: &str = "test";

/// Destination ports of a wrapper, for meters told apart by them.
const PORTS: u64 = 65_535;

/// The meters of a simulated world. Its keys are the test keys until [`Scenario::load_keys`] reads a file.
///
/// [`Scenario::load_keys`]: crate::Scenario::load_keys
pub(super) fn world(cx: &mut Context<'_>) -> DlmsSpec {
    // What is wrong here is told once, by `devices`.
    let told = cx.errors.len();
    let Dlms { start_unix_s, utc_offset_min, vendors, .. } = dlms(cx, Path::new(""));
    cx.errors.truncate(told);
    let shared = vendors.iter().all(|vendor| vendor.on_file() == vendors[0].on_file());
    let campaigns = &cx.file.campaign;
    if let Some(section) = campaigns.iter().find(|c| c.delivery == Delivery::Broadcast).filter(|_| !shared) {
        let name = section.name.as_str();
        let title = format!("the campaign `{name}` is broadcast to meters of several security suites");
        let help = "meters share a broadcast key only within a suite; set delivery = \"unicast\", or one suite for all";
        cx.error(&["campaign", name], title, "one command for all", help);
    }
    for vendor in &cx.file.dlms.vendor {
        if let Some(on_file) = vendor.suite_on_file.filter(|on_file| *on_file != vendor.suite) {
            let text = format!(
                "meters of `{}` have suite {} and the head-end has {on_file} on file: they do not understand each other",
                vendor.name, vendor.suite
            );
            cx.warn(&["dlms", "vendor", &vendor.name, "suite_on_file"], text);
        }
    }
    DlmsSpec {
        payload: match cx.file.dlms.payload {
            file::Payload::Real => Payload::Real,
            file::Payload::Sized => Payload::Sized,
        },
        keys: KeyMaster::Test,
        start_unix_s,
        utc_offset_min,
        answer_delay: range(cx.file.dlms.answer_delay),
        vendors,
    }
}

pub(super) fn dlms(cx: &mut Context<'_>, dir: &Path) -> Dlms {
    let section = &cx.file.dlms;
    let minute = 60e9;
    if section.utc_offset.0 % minute != 0.0 {
        let help = "for example \"60min\", or \"-330min\" for half past five hours west of Greenwich";
        cx.error(&["dlms", "utc_offset"], "`dlms.utc_offset` is not in whole minutes", "seconds are left over", help);
    }
    let start_unix_s = unix_s(&section.start).unwrap_or_else(|| {
        let title = format!("`dlms.start` is no date and time: \"{}\"", section.start);
        cx.error(&["dlms", "start"], title, "cannot be read", "write it in UTC: \"2026-01-01T00:00:00Z\"");
        0
    });
    let mut vendors: Vec<Vendor> = section.vendor.iter().map(vendor).collect();
    let mut names = BTreeSet::new();
    for vendor in &section.vendor {
        let at = ["dlms", "vendor", vendor.name.as_str(), "flag"];
        if !vendor.flag.bytes().all(|b| b.is_ascii_uppercase()) {
            let title = format!("the flag of `{}` is \"{}\"", vendor.name, vendor.flag);
            cx.error(&at, title, "not three capital letters", "for example \"AMI\"");
        }
        if !names.insert(&vendor.name) {
            let title = format!("two kinds of meters are named `{}`", vendor.name);
            cx.error(&["dlms", "vendor"], title, "named again", "give one of them another name");
        }
    }
    if vendors.is_empty() {
        vendors.push(Vendor::default());
    }
    Dlms {
        keys: match section.keys.as_str() {
            TEST_KEYS => Keys::Test,
            file => Keys::File(dir.join(file)),
        },
        start_unix_s,
        utc_offset_min: (section.utc_offset.0 / minute) as i16,
        vendors,
    }
}

fn suite(number: u8) -> SecuritySuite {
    match number {
        0 => SecuritySuite::Suite0,
        1 => SecuritySuite::Suite1,
        _ => SecuritySuite::Suite2,
    }
}

fn vendor(section: &file::VendorSection) -> Vendor {
    let mut flag = [b'A'; 3];
    for (to, from) in flag.iter_mut().zip(section.flag.bytes()) {
        *to = from;
    }
    Vendor {
        flag,
        suite: suite(section.suite),
        suite_on_file: section.suite_on_file.map(suite),
        pdu_max: section.pdu.0 as u16,
        answer_form: match section.answer_form {
            file::AnswerForm::AsRequested => AnswerForm::AsRequested,
            file::AnswerForm::ServiceSpecific => AnswerForm::ServiceSpecific,
        },
        on_counter_error: match section.on_counter_error {
            file::OnCounterError::Exception => OnCounterError::Exception,
            file::OnCounterError::Close => OnCounterError::Close,
        },
        on_suite_mismatch: match section.on_suite_mismatch {
            file::OnSuiteMismatch::Exception => OnSuiteMismatch::Exception,
            file::OnSuiteMismatch::Silent => OnSuiteMismatch::Silent,
        },
        manual_alias: section.manual_alias,
        image_block_bytes: section.image_block.0 as u16,
        push_to: PushTo::default(),
    }
}

pub(super) fn serve(cx: &mut Context<'_>, dir: &Path, meters: usize) -> Option<Serve> {
    let section = &cx.file.serve;
    let addressing = match section.addressing {
        Told::Address => Addressing::Address,
        Told::Port => Addressing::Port,
        Told::Gateway => Addressing::Gateway,
    };
    let usual = if addressing == Addressing::Address { "127.0.0.0/8" } else { "127.0.0.1" };
    let listen = match Range::parse(section.listen.as_deref().unwrap_or(usual)) {
        Ok(listen) => listen,
        Err(why) => {
            let help = "write a range such as \"127.0.0.0/8\" or \"fd00:1:2:3::/64\", or one address";
            cx.error(&["serve", "listen"], format!("`serve.listen` is no range of addresses: {why}"), "here", help);
            return None;
        }
    };
    if !listen.is_loopback() && !section.remote {
        let title = format!("other hosts can reach {listen}, and the scenario does not allow it");
        let help = "stay with 127.0.0.0/8, or say remote = true here and --allow-remote on the command line";
        cx.error(&["serve", "listen"], title, "not a loopback address", help);
    }
    let (key, most) = match addressing {
        Addressing::Address if listen.is_single() => ("listen", 1),
        Addressing::Address => ("listen", listen.capacity()),
        Addressing::Port => ("addressing", PORTS),
        Addressing::Gateway => ("addressing", u64::from(u32::MAX)),
    };
    // A scenario that does not speak of serving is not bothered with it.
    if meters as u64 > most && cx.root.get("serve").is_some() {
        let title = format!("{meters} meters, and {most} can be told apart");
        let help = match addressing {
            Addressing::Address => "take a wider range, such as \"127.0.0.0/8\"",
            _ => "use addressing = \"gateway\" or \"address\"",
        };
        cx.error(&["serve", key], title, "too few", help);
    }
    if addressing != Addressing::Address && !listen.is_single() {
        let title = format!("meters are told apart at one address, and {listen} is a range");
        cx.error(&["serve", "listen"], title, "a range", "name one address, such as \"127.0.0.1\"");
    }
    if section.transports.is_empty() {
        let help = "name \"tcp-wrapper\", \"tcp-hdlc\" or \"udp-wrapper\"";
        cx.error(&["serve", "transports"], "`serve.transports` is empty", "nothing is spoken", help);
    }
    let mut head_ends = Vec::new();
    for text in &section.head_ends {
        match Range::parse(text) {
            Ok(range) if range.first.is_ipv4() == listen.first.is_ipv4() => head_ends.push(range),
            Ok(_) => {
                let title = format!("`{text}` in `serve.head_ends` can never reach meters at {listen}");
                cx.error(
                    &["serve", "head_ends"],
                    title,
                    "IPv4 and IPv6 do not meet",
                    "name addresses of the same kind",
                );
            }
            Err(why) => {
                let help = "write addresses or ranges, such as [\"10.1.2.3\", \"10.2.0.0/16\"]";
                cx.error(&["serve", "head_ends"], format!("`serve.head_ends`: {why}"), "here", help);
            }
        }
    }
    let faults = &section.faults;
    let hdlc = faults.flipped_tag.0 + faults.wrong_fcs.0 + faults.missing_flag.0;
    if hdlc.max(faults.flipped_tag.0 + faults.short_length.0) > 1.0 {
        let help = "over HDLC flipped_tag, wrong_fcs and missing_flag, in a wrapper flipped_tag and short_length may make up 100 %";
        cx.error(&["serve", "faults"], "more than all answers would be spoilt", "too much together", help);
    }
    let push_to = section.push_to.as_ref().and_then(|text| push_to(cx, text, section.remote, &listen));
    if section.push_every.0.is_some() && section.push_to.is_none() {
        let help = "add push_to = \"127.0.0.1:4060\", the address and port of a head-end, or leave push_every out";
        cx.error(&["serve", "push_every"], "meters push by the clock, and to nobody", "no `serve.push_to`", help);
    }
    let speaks = |transport| section.transports.contains(&transport);
    let boot = range(cx.file.device.boot);
    Some(Serve {
        addressing,
        listen,
        remote: section.remote,
        head_ends,
        port: section.port,
        tcp_wrapper: speaks(Transport::TcpWrapper),
        tcp_hdlc: speaks(Transport::TcpHdlc),
        udp_wrapper: speaks(Transport::UdpWrapper),
        delay: if let Delay::Time(time) = section.delay { wall(time) } else { Duration::ZERO },
        mesh: section.delay == Delay::Mesh,
        faults: Faults {
            flipped_tag: section.faults.flipped_tag.0,
            wrong_fcs: section.faults.wrong_fcs.0,
            short_length: section.faults.short_length.0,
            missing_flag: section.faults.missing_flag.0,
        },
        connections: section.connections as usize,
        connections_per_meter: section.connections_per_meter as usize,
        associations: section.associations as usize,
        idle: wall(section.idle),
        frame_time: wall(section.frame_time),
        push_to,
        push_tcp: section.push_transport == PushTransport::Tcp,
        push_every: section.push_every.0.map(wall),
        push_ciphered: section.push_ciphered,
        state: section.state.as_ref().map(|state| dir.join(state)),
        boot: (real(boot.0), real(boot.1)),
    })
}

fn push_to(cx: &mut Context<'_>, text: &str, remote: bool, listen: &Range) -> Option<SocketAddr> {
    let help = "write an address and a port, such as \"127.0.0.1:4060\" or \"[::1]:4060\"";
    let Ok(to) = text.parse::<SocketAddr>() else {
        cx.error(&["serve", "push_to"], format!("`serve.push_to` is no address with a port: \"{text}\""), "here", help);
        return None;
    };
    if to.port() == 0 {
        cx.error(&["serve", "push_to"], "`serve.push_to` names port 0, where nobody can listen", "here", help);
    }
    if to.is_ipv4() != listen.first.is_ipv4() {
        let version = |ipv4| if ipv4 { "IPv4" } else { "IPv6" };
        let (meters, head_end) = (version(listen.first.is_ipv4()), version(to.is_ipv4()));
        let title = format!("meters have {meters} addresses ({listen}), and would send to an {head_end} address, {to}");
        let help = format!("name an {meters} address of the head-end, or give serve.listen an {head_end} one");
        cx.error(&["serve", "push_to"], title, "cannot be reached from there", &help);
    }
    if !to.ip().is_loopback() && !remote {
        let title = format!("meters would send to {to}, another host, and the scenario does not allow it");
        let help = "send to 127.0.0.1, or say remote = true here and --allow-remote on the command line";
        cx.error(&["serve", "push_to"], title, "not a loopback address", help);
    }
    Some(to)
}

fn wall(value: Time) -> Duration {
    real(time(value))
}

fn real(value: SimTime) -> Duration {
    Duration::from_nanos(value.nanos())
}

/// Seconds since 1970 of `YYYY-MM-DDThh:mm:ssZ`.
fn unix_s(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'Z')];
    if bytes.len() != 20 || marks.iter().any(|(at, mark)| bytes[*at] != *mark) {
        return None;
    }
    let number = |at: usize, digits: usize| {
        let part = &bytes[at..at + digits];
        part.iter().all(u8::is_ascii_digit).then(|| part.iter().fold(0, |n, b| n * 10 + i64::from(b - b'0')))
    };
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days).contains(&day) || hour > 23 || minute > 59 || second > 59 || year < 1970 {
        return None;
    }
    // Years from March, so that the leap day is a year's last.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let since = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468;
    Some(since * 86_400 + hour * 3_600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::unix_s;

    #[test]
    fn dates_become_seconds() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T00:00:00Z", Some(951_782_400)),
            ("2024-12-31T23:59:59Z", Some(1_735_689_599)),
            ("2025-03-01T00:00:00Z", Some(1_740_787_200)),
            ("2100-03-01T00:00:00Z", Some(4_107_542_400)),
            ("2025-02-29T00:00:00Z", None),
            ("2025-13-01T00:00:00Z", None),
            ("2025-01-01 00:00:00Z", None),
            ("2025-01-01T24:00:00Z", None),
            ("1969-01-01T00:00:00Z", None),
            ("+025-01-01T00:00:00Z", None),
        ] {
            assert_eq!(unix_s(text), seconds, "{text}");
        }
    }
}
