//! Meters that the test itself serves on loopback, while it works with them.

use amitwin_live::serve::{Counters, Options, ServeError, Server};
use amitwin_scenarios::{Override, load_text};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Twenty-five meters on any free port.
pub const SCENARIO: &str = r#"name = "street"
duration = "1h"
[placement]
generator = "grid"
meters = 25
gateways = 1
[serve]
port = 0
"#;

/// A server for the meters of a scenario, with settings as on the command line.
///
/// # Errors
/// As the server has them.
pub fn open(scenario: &str, settings: &[&str], options: &Options) -> Result<Server, ServeError> {
    let set: Vec<Override> = settings.iter().map(|s| s.parse().expect("a setting")).collect();
    let scenario = load_text(scenario, "street.toml", Path::new("."), &set, None).unwrap_or_else(|e| panic!("{e}"));
    Server::open(scenario.variants[0].clone(), options)
}

/// Serves while `work` goes on with the address of the first meter; what was counted.
pub fn while_served(server: Server, work: impl FnOnce(SocketAddr)) -> Counters {
    serve(server, None, work)
}

/// The same; what was counted and logged.
pub fn while_logged(server: Server, work: impl FnOnce(SocketAddr)) -> (Counters, String) {
    let said = Mutex::new(String::new());
    let log = |line: &str| said.lock().expect("one at a time").push_str(line);
    let counters = serve(server, Some(&log), work);
    (counters, said.into_inner().expect("whole"))
}

fn serve(server: Server, log: Option<&(dyn Fn(&str) + Sync)>, work: impl FnOnce(SocketAddr)) -> Counters {
    let (meter, stop) = (SocketAddr::from(([127, 0, 0, 1], server.port())), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let running = scope.spawn(|| server.run(&|| stop.load(Ordering::Relaxed), log));
        let done = catch_unwind(AssertUnwindSafe(|| work(meter)));
        stop.store(true, Ordering::Relaxed);
        let counters = running.join().expect("no panic").unwrap_or_else(|e| panic!("{e}"));
        done.unwrap_or_else(|panic| resume_unwind(panic));
        counters
    })
}
