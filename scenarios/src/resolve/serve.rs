//! `[serve]`: where meters answer, and what does not go together.

use super::{Context, dlms};
use crate::sections::serve::Addressing;
use crate::served::{Range, Serve, wall};
use std::net::SocketAddr;
use std::path::Path;

/// Destination ports of a wrapper, for meters told apart by them.
const PORTS: u64 = 65_535;

/// Where the meters answer; paths start at `dir`. `None` after an error.
pub(crate) fn serve(cx: &mut Context<'_>, dir: &Path, meters: usize) -> Option<Serve> {
    dlms::devices(cx);
    let section = &cx.file.serve;
    let addressing = section.addressing;
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
    let hdlc = faults.flipped_tag + faults.wrong_fcs + faults.missing_flag;
    if hdlc.max(faults.flipped_tag + faults.short_length) > 1.0 {
        let help = "over HDLC flipped_tag, wrong_fcs and missing_flag, in a wrapper flipped_tag and short_length may make up 100 %";
        cx.error(&["serve", "faults"], "more than all answers would be spoilt", "too much together", help);
    }
    let push_to = section.push_to.as_ref().and_then(|text| push_to(cx, text, section.remote, &listen));
    if section.push_every.is_some() && section.push_to.is_none() {
        let help = "add push_to = \"127.0.0.1:4060\", the address and port of a head-end, or leave push_every out";
        cx.error(&["serve", "push_every"], "meters push by the clock, and to nobody", "no `serve.push_to`", help);
    }
    let boot = cx.file.device.boot;
    Some(Serve {
        section: section.clone(),
        listen,
        head_ends,
        push_to,
        state: section.state.as_ref().map(|state| dir.join(state)),
        boot: (wall(boot.0), wall(boot.1)),
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
