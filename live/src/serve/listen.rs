//! Sockets: one listener for all meters, one for all their datagrams, and which address something came to.

use super::ServeError;
use amitwin_scenarios::served::Range;
use nix::libc;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg, setsockopt, sockopt,
};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::AsRawFd;

/// Connections that wait to be taken.
const BACKLOG: i32 = 4_096;
/// Receive buffer of the datagrams' socket, bytes; the system may give less.
const DATAGRAM_BUFFER: usize = 4 << 20;
/// Send buffer of a connection, bytes: what the system would hold for who takes nothing are answers made in vain.
const ANSWER_BUFFER: usize = 64 << 10;
/// Ports that are tried when any will do.
const TRIES: usize = 16;

/// The sockets, and the port that they have.
#[derive(Debug)]
pub struct Sockets {
    /// TCP.
    pub listener: Option<std::net::TcpListener>,
    /// UDP.
    pub datagrams: Option<std::net::UdpSocket>,
    /// Port.
    pub port: u16,
    /// The system itself keeps other hosts away.
    pub on_loopback_device: bool,
}

/// Opens what is asked for; with port 0 both get the same port.
///
/// # Errors
/// A port that is taken or not allowed, an address that is not there.
pub fn open(listen: &Range, port: u16, tcp: bool, udp: bool) -> Result<Sockets, ServeError> {
    let mut tries = if port == 0 && tcp && udp { TRIES } else { 1 };
    loop {
        tries -= 1;
        match attempt(listen, port, tcp, udp) {
            Err(error) if tries > 0 && error.kind() == io::ErrorKind::AddrInUse => {}
            Ok(sockets) => return Ok(sockets),
            Err(cause) => {
                let help = match cause.kind() {
                    io::ErrorKind::AddrInUse => "; choose another port with --port, or 0 for any that is free",
                    io::ErrorKind::PermissionDenied => "; ports below 1024 are for root: choose another with --port",
                    io::ErrorKind::AddrNotAvailable => "; give this host the address first, or change serve.listen",
                    _ => "",
                };
                return Err(ServeError::Listen { listen: listen.to_string(), port, cause, help });
            }
        }
    }
}

fn attempt(listen: &Range, port: u16, tcp: bool, udp: bool) -> io::Result<Sockets> {
    let mut sockets = Sockets { listener: None, datagrams: None, port, on_loopback_device: true };
    if tcp {
        let socket = socket(listen, Type::STREAM, Protocol::TCP, &mut sockets.on_loopback_device)?;
        socket.set_reuse_address(true)?;
        // Connections inherit it.
        let _ = socket.set_send_buffer_size(ANSWER_BUFFER);
        socket.bind(&bind_to(listen, port).into())?;
        socket.listen(BACKLOG)?;
        let listener: std::net::TcpListener = socket.into();
        sockets.port = listener.local_addr()?.port();
        sockets.listener = Some(listener);
    }
    if udp {
        let socket = socket(listen, Type::DGRAM, Protocol::UDP, &mut sockets.on_loopback_device)?;
        let _ = socket.set_recv_buffer_size(DATAGRAM_BUFFER);
        if listen.first.is_ipv4() {
            setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
        } else {
            setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?;
            // Answers leave from addresses that no interface has.
            socket.set_freebind_v6(true)?;
        }
        socket.bind(&bind_to(listen, sockets.port).into())?;
        let datagrams: std::net::UdpSocket = socket.into();
        sockets.port = datagrams.local_addr()?.port();
        sockets.datagrams = Some(datagrams);
    }
    Ok(sockets)
}

fn socket(listen: &Range, kind: Type, protocol: Protocol, on_loopback_device: &mut bool) -> io::Result<Socket> {
    let domain = if listen.first.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
    let socket = Socket::new(domain, kind, Some(protocol))?;
    if domain == Domain::IPV6 {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    // A wildcard address is heard from outside too; where the system does not tie it to a device, each connection is
    // looked at instead.
    *on_loopback_device &= listen.is_loopback() && socket.bind_device(Some(b"lo")).is_ok();
    Ok(socket)
}

fn bind_to(listen: &Range, port: u16) -> SocketAddr {
    let ip = match listen.first {
        first if listen.is_single() => first,
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    SocketAddr::new(ip, port)
}

/// A datagram: how long it is, who sent it, and which address it came to.
#[derive(Clone, Copy, Debug)]
pub struct Datagram {
    /// Bytes; more than the buffer holds are cut off.
    pub bytes: usize,
    /// Who sent it.
    pub peer: SocketAddr,
    /// Where it came to.
    pub local: IpAddr,
    /// It did not fit.
    pub cut: bool,
}

/// Takes a datagram; `None` if there is none. One without the addresses that belong to it is passed over.
///
/// # Errors
/// As the system's.
pub fn receive(socket: &std::net::UdpSocket, buffer: &mut [u8], control: &mut [u8]) -> io::Result<Option<Datagram>> {
    loop {
        let mut parts = [IoSliceMut::new(buffer)];
        let message =
            match recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(control), MsgFlags::MSG_DONTWAIT) {
                Ok(message) => message,
                Err(nix::Error::EAGAIN) => return Ok(None),
                Err(nix::Error::EINTR) => continue,
                Err(error) => return Err(error.into()),
            };
        let local = message.cmsgs()?.find_map(|control| match control {
            ControlMessageOwned::Ipv4PacketInfo(info) => {
                Some(IpAddr::from(Ipv4Addr::from(u32::from_be(info.ipi_addr.s_addr))))
            }
            ControlMessageOwned::Ipv6PacketInfo(info) => Some(IpAddr::from(info.ipi6_addr.s6_addr)),
            _ => None,
        });
        let cut = message.flags.contains(MsgFlags::MSG_TRUNC);
        if let (Some(local), Some(peer)) = (local, message.address.as_ref().and_then(address)) {
            return Ok(Some(Datagram { bytes: message.bytes, peer, local, cut }));
        }
    }
}

fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = storage.as_sockaddr_in() {
        return Some(SocketAddrV4::from(*v4).into());
    }
    storage.as_sockaddr_in6().map(|v6| SocketAddrV6::from(*v6).into())
}

/// Sends a datagram from one of the meters' addresses.
///
/// # Errors
/// As the system's; a full buffer is one of them.
pub fn send(socket: &std::net::UdpSocket, bytes: &[u8], peer: SocketAddr, local: IpAddr) -> io::Result<()> {
    let to = SockaddrStorage::from(peer);
    let parts = [IoSlice::new(bytes)];
    let sent = match local {
        IpAddr::V4(local) => {
            let source = libc::in_addr { s_addr: u32::from(local).to_be() };
            let info = libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: source, ipi_addr: libc::in_addr { s_addr: 0 } };
            let control = [ControlMessage::Ipv4PacketInfo(&info)];
            sendmsg(socket.as_raw_fd(), &parts, &control, MsgFlags::MSG_DONTWAIT, Some(&to))
        }
        IpAddr::V6(local) => {
            let source = libc::in6_addr { s6_addr: local.octets() };
            let info = libc::in6_pktinfo { ipi6_addr: source, ipi6_ifindex: 0 };
            let control = [ControlMessage::Ipv6PacketInfo(&info)];
            sendmsg(socket.as_raw_fd(), &parts, &control, MsgFlags::MSG_DONTWAIT, Some(&to))
        }
    };
    sent.map(|_| ()).map_err(Into::into)
}

/// Room for the addresses of one datagram.
pub fn control_buffer() -> Vec<u8> {
    nix::cmsg_space!(libc::in6_pktinfo, libc::in_pktinfo)
}

/// Lifts the limit on descriptors as far as this process may; how many it has then.
pub fn descriptors() -> u64 {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 1_024 };
    if soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() { hard } else { soft }
}
