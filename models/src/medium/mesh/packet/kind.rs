//! What a datagram is for.

use amitwin_data::rows::FrameKind;

/// What a datagram is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Link-layer bench: one hop, no meaning.
    Probe,
    /// Neighbour solicitation with address registration, to the parent.
    Ns,
    /// Its refusal, or the demand to all children for theirs.
    Na,
    /// Neighbour solicitation that asks whether a neighbour is there (unreachability detection).
    Nud,
    /// DHCPv6 solicit, relayed to the border router.
    Solicit,
    /// DHCPv6 reply.
    Reply,
    /// RPL destination advertisement, to the border router.
    Dao,
    /// Its answer.
    DaoAck,
    /// A node cannot pass on what came by source route, to the border router.
    RouteError,
    /// A frame by which a node gets its keys.
    Eapol,
    /// RPL solicitation, to one neighbour.
    Dis,
    /// RPL information, to one neighbour or to all.
    Dio,
    /// A meter is back.
    Heartbeat,
    /// The head-end has heard it.
    Confirm,
    /// A regular report.
    Push,
    /// A meter tells of its supply or its health, or that it is alive.
    Alarm,
    /// A command for one meter.
    Command,
    /// Its answer.
    CommandAck,
    /// A read of one meter.
    Request,
    /// What was read.
    Answer,
    /// A command for all, repeated by everyone.
    Flood,
}

impl Kind {
    /// Its kind in the `frames` table.
    pub const fn frame_kind(self) -> FrameKind {
        match self {
            Kind::Probe => FrameKind::Probe,
            Kind::Ns => FrameKind::Ns,
            Kind::Na => FrameKind::Na,
            Kind::Nud => FrameKind::Nud,
            Kind::Solicit => FrameKind::DhcpSolicit,
            Kind::Reply => FrameKind::DhcpReply,
            Kind::Dao => FrameKind::Dao,
            Kind::DaoAck => FrameKind::DaoAck,
            Kind::RouteError => FrameKind::RouteError,
            Kind::Eapol => FrameKind::Eapol,
            Kind::Dis => FrameKind::Dis,
            Kind::Dio => FrameKind::Dio,
            Kind::Heartbeat => FrameKind::Heartbeat,
            Kind::Confirm => FrameKind::Confirm,
            Kind::Push => FrameKind::Push,
            Kind::Alarm => FrameKind::Alarm,
            Kind::Command => FrameKind::Command,
            Kind::CommandAck => FrameKind::CommandAck,
            Kind::Request => FrameKind::Request,
            Kind::Answer => FrameKind::Answer,
            Kind::Flood => FrameKind::Flood,
        }
    }
}
