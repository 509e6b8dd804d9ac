//! `amitwin serve FILE`: the meters of a scenario answer on real sockets until somebody stops them.

use crate::cli::{Format, Serve as Options};
use crate::failure::Usage;
use crate::lines::Lines;
use crate::stop;
use crate::talk::Talk;
use amitwin_data::files::slug;
use amitwin_data::summary::{FILE_KEYS, TEST_KEYS};
use amitwin_live::serve::{self, Counters, Log, Server};
use amitwin_scenarios::served::{Addressing, Keys, Serve as Settings, Transport, wall};
use amitwin_scenarios::{Scenario, Variant, load};
use amitwin_viz::human;
use anyhow::Context;
use serde_json::{Value, json};
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

/// Who reads the first meter by the line that is printed.
const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Word for no state file.
const NO_STATE: &str = "none";

/// Serves, and prints what was done.
pub fn run(options: &Options, talk: &Talk) -> anyhow::Result<u8> {
    let scenario = load(&options.file, &options.set, options.seed)?;
    scenario.notes.iter().for_each(|note| talk.note(note));
    for warning in &scenario.warnings {
        talk.warn(warning);
    }
    let name = human::one_line(&scenario.name);
    let variant = choose(scenario, options.variant.as_deref())?;
    let state = state_path(options, &name, &variant);
    let server = Server::open(
        variant,
        &serve::Options {
            port: options.port,
            allow_remote: options.allow_remote,
            state: state.clone(),
            capture: options.capture.clone(),
            workers: options.threads.map_or(0, usize::from),
        },
    )?;
    for warning in &server.warnings {
        talk.warn(warning);
    }
    let kept = if state.is_some() { "what meters keep is saved" } else { "nothing is kept" };
    stop::listen(kept).context("signals cannot be caught")?;
    talk.note(&told(&server, &name, state.as_deref(), options.capture.as_deref()));
    let test = server.has_test_keys();
    if options.format == Format::Json {
        talk.print(&format!("{}\n", ready(&server, &name, state.as_deref())))?;
    }
    let lines = (talk.verbose > 0).then(|| Lines::new(talk));
    let log = lines.as_ref().map(|lines| |line: &str| lines.say(line));
    let counters = server.run(&stop::asked, log.as_ref().map(|log| log as Log<'_>))?;
    drop(lines);
    match options.format {
        Format::Table => talk.print(&table(&counters, test))?,
        Format::Json => talk.print(&format!("{}\n", json!({ "keys": keys_word(test), "counters": counters })))?,
    }
    Ok(0)
}

/// The variant that was named, or the only one.
fn choose(scenario: Scenario, name: Option<&str>) -> Result<Variant, Usage> {
    let names: Vec<String> = name.into_iter().map(str::to_owned).collect();
    let chosen = scenario.select(&names).map_err(Usage)?;
    match chosen.as_slice() {
        [one] => Ok((*one).clone()),
        several => {
            let names: Vec<String> = several.iter().map(|v| format!("\"{}\"", v.name)).collect();
            Err(Usage(format!(
                "the scenario has several variants, and one can be served: name it with --variant, of {}",
                names.join(", ")
            )))
        }
    }
}

fn state_path(options: &Options, name: &str, variant: &Variant) -> Option<PathBuf> {
    match &options.state {
        Some(path) if path.as_os_str() == NO_STATE => None,
        Some(path) => Some(path.clone()),
        None => Some(variant.serve.state.clone().unwrap_or_else(|| {
            // Whatever serves meters with these keys, from wherever, has to count on where the last one ended.
            if let Keys::File(keys) = &variant.spec.dlms.keys_from {
                let mut beside = keys.clone().into_os_string();
                beside.push(".state");
                return beside.into();
            }
            let name = slug(name).unwrap_or_else(|_| "scenario".to_owned());
            Path::new(super::run_dir::RUNS).join(format!("serve-{name}.state"))
        })),
    }
}

fn keys_word(test: bool) -> &'static str {
    if test { TEST_KEYS } else { FILE_KEYS }
}

/// What listens where.
fn told(server: &Server, name: &str, state: Option<&Path>, capture: Option<&Path>) -> String {
    let settings = server.settings();
    let meters = u64::from(server.meters());
    let mut text = format!(
        "{name}: {} {} at {}, port {} ({})",
        human::plural(server.meters() as usize, "meter"),
        if meters == 1 { "answers" } else { "answer" },
        settings.listen,
        server.port(),
        spoken(settings)
    );
    let _ = match settings.section.addressing {
        Addressing::Address => {
            write!(text, "\nmeter 1 is {}, meter {meters} is {}", server.address(1), server.address(meters))
        }
        Addressing::Port => write!(text, "\nmeter n is wrapper destination port n, and physical address n of HDLC"),
        Addressing::Gateway => {
            write!(text, "\nmeter n is named by the gateway form: E6, network, length, n or the system title")
        }
    };
    if let Some(title) = server.system_title(1) {
        let _ = write!(text, "\nsystem title of meter 1: {title}");
    }
    let _ = match server.has_test_keys() {
        true => write!(text, "\nkeys: TEST, published ones that protect nothing; low-level password 12345678"),
        false => write!(text, "\nkeys: derived for each meter from the secret in the keys file"),
    };
    let _ = match state {
        Some(path) => {
            write!(text, "\nstate: {}, {} talked to before", path.display(), human::plural(server.known(), "meter"))
        }
        None => write!(text, "\nstate: none; counters begin anew at each start"),
    };
    if !settings.head_ends.is_empty() {
        let known: Vec<String> = settings.head_ends.iter().map(ToString::to_string).collect();
        let _ = write!(text, "\nserved: {} alone", known.join(", "));
    }
    if settings.is_by_mesh() {
        text.push_str("\nanswers: after the way of their meter through the simulated mesh, or lost on it");
    } else if !settings.delay().is_zero() {
        let _ = write!(text, "\nanswers: after {}", human::duration(settings.delay().as_secs_f64()));
    }
    if !settings.section.faults.are_none() {
        text.push_str("\nfaults: some answers are spoilt on purpose (serve.faults)");
    }
    if let Some(to) = settings.push_to {
        let _ = write!(text, "\npushes: to {to} over {}", if settings.pushes_by_tcp() { "TCP" } else { "UDP" });
        if let Some(every) = settings.section.push_every {
            let _ = write!(text, ", readings of each meter every {}", human::whole_duration(wall(every).as_secs_f64()));
        }
    }
    if let Some(path) = capture {
        let _ = write!(text, "\ncapture: {}", path.display());
    }
    if let Some(command) = server.route_command() {
        let _ = write!(text, "\nif this host does not take packets for all of them yet: {command}");
    }
    let heard = settings.head_ends.is_empty() || settings.head_ends.iter().any(|known| known.contains(LOCALHOST));
    if settings.speaks(Transport::TcpWrapper) && meters > 0 && heard {
        let _ = write!(text, "\nread the clock of meter 1: {}", example(server));
    }
    text
}

fn spoken(settings: &Settings) -> String {
    let tcp = [("wrapper", settings.speaks(Transport::TcpWrapper)), ("HDLC", settings.speaks(Transport::TcpHdlc))];
    let tcp: Vec<&str> = tcp.into_iter().filter(|(_, spoken)| *spoken).map(|(word, _)| word).collect();
    let mut all = Vec::new();
    if !tcp.is_empty() {
        all.push(format!("TCP: {}", tcp.join(", ")));
    }
    if settings.speaks(Transport::UdpWrapper) {
        all.push("UDP: wrapper".to_owned());
    }
    all.join("; ")
}

/// A line for a shell: an association as public client, then a read of 0.0.1.0.0.255, attribute 2.
fn example(server: &Server) -> String {
    const ASSOCIATE: &str = "601DA109060760857405080101BE10040E01000000065F1F0400621E5DFFFF";
    const READ_CLOCK: &str = "C001C100080000010000FF0200";
    let prefix = if server.settings().section.addressing == Addressing::Gateway { "E6000101" } else { "" };
    let framed = |apdu: &str| format!("000100100001{:04X}{prefix}{apdu}", (prefix.len() + apdu.len()) / 2);
    let address = server.address(1);
    let (ip, port) = (address.ip(), address.port());
    format!("echo {}{} | xxd -r -p | nc -w 1 {ip} {port} | xxd", framed(ASSOCIATE), framed(READ_CLOCK))
}

/// One line for programs, once meters answer.
fn ready(server: &Server, name: &str, state: Option<&Path>) -> Value {
    let settings = server.settings();
    let meters = server.meters();
    let last = (meters > 0).then(|| server.address(u64::from(meters)).ip().to_string());
    json!({
        "ready": true,
        "name": name,
        "listen": settings.listen.to_string(),
        "port": server.port(),
        "addressing": settings.section.addressing,
        "transports": {
            "tcp-wrapper": settings.speaks(Transport::TcpWrapper),
            "tcp-hdlc": settings.speaks(Transport::TcpHdlc),
            "udp-wrapper": settings.speaks(Transport::UdpWrapper),
        },
        "meters": meters,
        "first_address": server.address(1).ip().to_string(),
        "last_address": last,
        "first_system_title": server.system_title(1),
        "keys": keys_word(server.has_test_keys()),
        "head_ends": settings.head_ends.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "faults": !settings.section.faults.are_none(),
        "push_to": settings.push_to.map(|to| to.to_string()),
        "state": state.map(|path| path.display().to_string()),
        "known_meters": server.known(),
    })
}

fn table(counters: &Counters, test: bool) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{:<16} {}", "keys", human::keys(keys_word(test)));
    for (name, count) in [
        ("sessions", counters.sessions),
        ("datagrams", counters.datagrams),
        ("requests", counters.requests),
        ("replies", counters.replies),
        ("gave way", counters.associations_replaced),
        ("resets", counters.resets),
        ("relay moves", counters.relay_moves),
        ("pushes", counters.pushes),
        ("pushes by clock", counters.pushes_due),
        ("pushes repeated", counters.push_retries),
        ("pushes lost", counters.pushes_lost),
        ("spoilt answers", counters.spoilt),
        ("lost on the air", counters.lost_on_air),
        ("mesh was late", counters.behind),
    ] {
        let _ = writeln!(text, "{name:<16} {}", human::count(count as f64));
    }
    let _ = writeln!(text, "{:<16} {}", "received", human::bytes(counters.bytes_in));
    let _ = writeln!(text, "{:<16} {}", "sent", human::bytes(counters.bytes_out));
    for (reason, count) in counters.refused.occurred() {
        let _ = writeln!(text, "{:<16} {}", "refused", format_args!("{}: {reason}", human::count(count as f64)));
    }
    text
}
