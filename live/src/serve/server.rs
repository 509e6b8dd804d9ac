//! From a resolved variant to running workers, and back to counters and a saved state.

use super::ServeError;
use super::addresses::MeterIds;
use super::capture::Capture;
use super::counters::Counters;
use super::datagrams::Datagrams;
use super::disk::FileDisk;
use super::listen::{self, Sockets};
use super::mesh_delay::{MeshDelay, Subscriber};
use super::network::ServedNetwork;
use super::push_connections::PUSH_CONNECTIONS_MAX;
use super::registry::Registry;
use super::responder::{Log, host_ms};
use super::state::StateFile;
use super::worker::{Acceptor, WAKER, Worker, WorkerHandle};
use amitwin_data::summary::{FILE_KEYS, TEST_KEYS};
use amitwin_dlms::{Fleet, PushTo};
use amitwin_scenarios::Variant;
use amitwin_scenarios::served::{Addressing, Keys, Serve, Transport, load_keys};
use amitwin_sim_core::Local;
use mio::{Poll, Waker};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;
use std::sync::{Arc, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Descriptors that are not connections: files, sockets, wakers.
const DESCRIPTORS_APART: u64 = 64;

/// What the command line adds to the scenario.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Port, instead of the scenario's.
    pub port: Option<u16>,
    /// Addresses that other hosts can reach are allowed.
    pub allow_remote: bool,
    /// State file; `None`: nothing is kept.
    pub state: Option<PathBuf>,
    /// Where traffic is copied to.
    pub capture: Option<PathBuf>,
    /// Workers; 0: one a processor.
    pub workers: usize,
}

/// Meters that are ready to answer.
#[derive(Debug)]
pub struct Server {
    mesh: Option<MeshDelay<Local>>,
    network: ServedNetwork,
    sockets: Sockets,
    workers: usize,
    /// What to know, such as a limit that the system sets.
    pub warnings: Vec<String>,
}

impl Server {
    /// Checks, reads keys and state, opens sockets.
    ///
    /// # Errors
    /// Whatever keeps meters from being served.
    pub fn open(variant: Variant, options: &Options) -> Result<Server, ServeError> {
        let Variant { spec, serve: mut settings, .. } = variant;
        let has_test_keys = spec.dlms.keys_from == Keys::Test;
        let listen = settings.listen;
        let remote_is_meant = settings.section.remote && options.allow_remote;
        if !listen.is_loopback() && !remote_is_meant {
            return Err(ServeError::RemoteNotAllowed { listen: listen.to_string() });
        }
        if let Some(to) = settings.push_to.filter(|to| !to.ip().is_loopback() && !remote_is_meant) {
            return Err(ServeError::RemoteNotAllowed { listen: to.to_string() });
        }
        let mut warnings = Vec::new();
        let keys = load_keys(&spec.dlms.keys_from)?;
        if options.state.is_none() && !has_test_keys {
            return Err(ServeError::NoState);
        }
        let state = match &options.state {
            Some(path) => Some(open_state(path, keys.fingerprint())?),
            None => None,
        };
        warnings.extend(state.iter().filter_map(StateFile::unclosed).map(|how| format!("the state file {how}")));
        let floor = state.as_ref().map_or(1, StateFile::floor);
        let known = state.iter().flat_map(StateFile::records);
        let registry = Registry::new(known, floor, keys.storage_key()).map_err(|number| ServeError::State {
            path: options.state.clone().unwrap_or_default(),
            what: format!("holds a key of meter {} that these keys do not open", u64::from(number) + 1),
        })?;
        if let Some(port) = options.port {
            settings.section.port = port;
        }
        let workers = match options.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            workers => workers,
        };
        let calls =
            if settings.push_to.is_some() && settings.pushes_by_tcp() { workers * PUSH_CONNECTIONS_MAX } else { 0 };
        let possible = (listen::descriptors().saturating_sub(DESCRIPTORS_APART) as usize).saturating_sub(calls).max(1);
        if settings.section.connections as usize > possible {
            warnings.push(format!(
                "the system gives this process room for {possible} connections, not {}; raise it with ulimit -n",
                settings.section.connections
            ));
            settings.section.connections = possible as u32;
        }
        if !listen.is_loopback() && has_test_keys {
            warnings.push("other hosts can reach meters with TEST keys, which everybody knows".to_owned());
        }
        let tcp = settings.speaks(Transport::TcpWrapper) || settings.speaks(Transport::TcpHdlc);
        let sockets = listen::open(&listen, settings.section.port, tcp, settings.speaks(Transport::UdpWrapper))?;
        if listen.is_loopback() && !sockets.on_loopback_device {
            let text =
                "this system does not tie the sockets to the loopback device; who comes from elsewhere is closed";
            warnings.push(text.to_owned());
        }
        let capture = match &options.capture {
            Some(path) => {
                let capture = Capture::create(path, if has_test_keys { TEST_KEYS } else { FILE_KEYS });
                Some(capture.map_err(|cause| ServeError::Capture { path: path.clone(), cause })?)
            }
            None => None,
        };
        let mut fleet = Fleet { keys, ..spec.dlms.fleet(spec.seed, challenge_key()?) };
        if let Some(to) = settings.push_to {
            let push_to = PushTo { tcp: settings.pushes_by_tcp(), address: to.to_string() };
            fleet.vendors.iter_mut().for_each(|vendor| vendor.push_to = push_to.clone());
        }
        let meters = MeterIds::of(&spec.placement);
        let mesh = if settings.is_by_mesh() { Some(MeshDelay::new(spec, Local)?) } else { None };
        let network = ServedNetwork::new(fleet, meters, settings, registry, (state, capture), workers);
        let behind_s = network.clock.behind_ms(host_ms()) / 1_000;
        if behind_s > 0 {
            warnings.push(format!(
                "the host's clock is {behind_s} s behind what meters showed last, by the state file; so that no register falls, \
                 their time goes on from there at half the speed until the host's has caught up: set the host's clock if it is wrong"
            ));
        }
        Ok(Server { mesh, network, sockets, workers, warnings })
    }

    /// Port.
    pub fn port(&self) -> u16 {
        self.sockets.port
    }

    /// How many meters answer.
    pub fn meters(&self) -> u32 {
        self.network.meters.count()
    }

    /// How many meters were talked to before.
    pub fn known(&self) -> usize {
        self.network.registry.touched()
    }

    /// How meters are served.
    pub fn settings(&self) -> &Serve {
        &self.network.settings
    }

    /// Everybody knows the keys.
    pub fn has_test_keys(&self) -> bool {
        matches!(self.network.fleet.keys, amitwin_dlms::KeyMaster::Test)
    }

    /// Where a meter answers, counted from 1.
    pub fn address(&self, place: u64) -> SocketAddr {
        let listen = &self.network.settings.listen;
        let position = match self.network.settings.section.addressing {
            Addressing::Address if !listen.is_single() => place,
            _ => 0,
        };
        SocketAddr::new(listen.at(position), self.sockets.port)
    }

    /// System title of a meter, counted from 1, in hexadecimal.
    pub fn system_title(&self, place: u64) -> Option<String> {
        let number = self.network.meters.at(place)?;
        Some(self.network.meter(number).system_title().0.iter().map(|byte| format!("{byte:02X}")).collect())
    }

    /// What the administrator must do once, so that the system takes packets for all addresses.
    pub fn route_command(&self) -> Option<String> {
        let listen = &self.network.settings.listen;
        let family = if listen.first.is_ipv4() { "" } else { "-6 " };
        (!listen.is_loopback() && !listen.is_single()).then(|| format!("ip {family}route add local {listen} dev lo"))
    }

    /// Serves until `stop` says so; what is refused goes to `log`, if there is one.
    ///
    /// # Errors
    /// The state file or the capture cannot be written.
    pub fn run(self, stop: &(dyn Fn() -> bool + Sync), log: Option<Log<'_>>) -> Result<Counters, ServeError> {
        let Server { mut mesh, mut network, sockets, workers, .. } = self;
        let (transits, asked) = channel();
        network.transits = mesh.as_ref().map(|_| transits);
        let system = |what| move |cause| ServeError::System { what, cause };
        let mut parts = Vec::new();
        let (mut handles, mut subscribers) = (Vec::new(), Vec::new());
        for _ in 0..workers {
            let poll = Poll::new().map_err(system("no event queue"))?;
            let waker = Arc::new(Waker::new(poll.registry(), WAKER).map_err(system("no waker"))?);
            let (connections, incoming) = channel();
            let (arrived, arrivals) = channel();
            subscribers.push(Subscriber { arrivals: arrived, waker: waker.clone() });
            handles.push(WorkerHandle { connections, waker });
            parts.push((poll, (incoming, arrivals)));
        }
        let mut datagrams = match sockets.datagrams {
            Some(socket) => Some(
                Datagrams::new(socket, sockets.port, network.apdu_max, network.settings.section.connections as usize)
                    .map_err(system("no datagrams"))?,
            ),
            None => None,
        };
        let listener = sockets.listener.map(mio::net::TcpListener::from_std);
        let mut acceptor = listener.map(|listener| Acceptor::new(listener, handles));
        let network = &network;
        let mut started = Vec::new();
        for (n, (poll, received)) in parts.into_iter().enumerate() {
            // The first takes connections, the last answers datagrams.
            let datagrams = if n + 1 == workers { datagrams.take() } else { None };
            let worker = Worker::new(network, poll, received, acceptor.take(), datagrams, (n, workers), log);
            started.push(worker.map_err(system("a socket cannot be watched"))?);
        }
        let done: Vec<Result<Counters, ServeError>> = std::thread::scope(|scope| {
            let beside = mesh.as_mut().map(|mesh| {
                let subscribers = &subscribers;
                let stop = move || stop() || network.failed.load(Ordering::Relaxed);
                scope.spawn(move || mesh.run(&asked, subscribers, &stop).inspect_err(|_| network.fail()))
            });
            let threads: Vec<_> = started.into_iter().map(|worker| scope.spawn(move || worker.run(stop))).collect();
            let ended = threads.into_iter().map(|thread| match thread.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            let mut done: Vec<Result<Counters, ServeError>> = ended.collect();
            match beside.map(|thread| thread.join()) {
                Some(Ok(Err(error))) => done.push(Err(ServeError::Mesh { what: error.to_string() })),
                Some(Err(panic)) => std::panic::resume_unwind(panic),
                _ => {}
            }
            done
        });
        let mut counters = Counters::default();
        for done in done {
            counters += done?;
        }
        counters.behind = mesh.map_or(0, |mesh| mesh.behind);
        if let Some(capture) = &network.capture {
            capture.flush().map_err(system("the capture cannot be written"))?;
        }
        if network.failed.load(Ordering::Relaxed) {
            let cause = std::io::Error::other("a write failed");
            return Err(ServeError::System { what: "the capture cannot be written", cause });
        }
        if let Some(state) = &network.state {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            let appended = network.registry.last_records().try_for_each(|records| state.append(&records, false));
            appended.and_then(|()| state.close()).map_err(system("the state cannot be saved"))?;
        }
        Ok(counters)
    }
}

fn open_state(path: &Path, keys: [u8; 16]) -> Result<StateFile<FileDisk>, ServeError> {
    let wrong = |error: std::io::Error| ServeError::State {
        path: path.to_owned(),
        what: match error.kind() {
            std::io::ErrorKind::InvalidData | std::io::ErrorKind::ResourceBusy => error.to_string(),
            _ => format!("cannot be used: {error}"),
        },
    };
    StateFile::open(FileDisk::open(path).map_err(wrong)?, keys).map_err(wrong)
}

/// What challenges are made of: nobody may foresee them, or repeat them by a restart.
fn challenge_key() -> Result<[u8; 32], ServeError> {
    use std::io::Read;
    let mut noise = [0; 32];
    let read = std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut noise));
    read.map_err(|cause| ServeError::System { what: "the system gives no random bytes", cause })?;
    let mut hasher = blake3::Hasher::new_derive_key("amitwin serve: challenges");
    hasher.update(&noise);
    let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    hasher.update(&time.to_le_bytes());
    hasher.update(&std::process::id().to_le_bytes());
    Ok(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests;
