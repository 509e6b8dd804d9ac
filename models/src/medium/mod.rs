//! The port: how a meter reaches its gateway.
//!
//! Above it, `meter` and `gateway` say [`Medium::send`], [`Medium::power`] and [`Medium::wake`]. Below it, a medium says
//! [`PortUser::attached`], [`PortUser::detached`], [`PortUser::delivered`], [`PortUser::routed`] and [`PortUser::lost`]. Neither side knows how
//! the other does it: a parent, a rank or a channel never passes. Both are dispatched statically.
//!
//! | what passes | is |
//! | --- | --- |
//! | [`Message`] | what a meter or gateway sends: what for, to whom, payload |
//! | [`Carried`] | the same on its way or at its end, with its sender and hops |
//! | [`Return`] | what a meter's registration with its gateway tells: back after a reset |
//!
//! [`mesh`] is the one with radios, [`ideal`] a baseline without. A further one is a folder beside them with an event type of
//! its own and the three functions of [`Medium`]; it is chosen where a cell is built.

pub mod ideal;
pub mod mesh;
pub mod message;

use crate::books::Loss;
use crate::context::Ctx;
use crate::node::Node;
use message::{Carried, Message, Return};

/// A way between meters and their gateway.
pub trait Medium: Sized {
    /// Hands over a message: a meter's goes to its gateway, a gateway's to a meter of its own or to all. If there is no
    /// way, it is lost at once.
    fn send<P: PortUser>(&mut self, user: &mut P, ctx: &mut Ctx, node: Node, message: Message);

    /// Cuts or restores the supply of a node's radio. What it held is lost; restored, it listens, and does nothing else
    /// until it is woken. `boots` counts its restarts.
    fn power<P: PortUser>(&mut self, user: &mut P, ctx: &mut Ctx, node: Node, supply: Supply);

    /// How long a node's radio has sent since the run began, us, modulo 2^32; 0 where nothing counts it.
    fn sent_us(&self, node: Node) -> u32;

    /// The node's software runs: it looks for its gateway.
    fn wake<P: PortUser>(&mut self, user: &mut P, ctx: &mut Ctx, node: Node);
}

/// Supply of a radio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    /// Cut.
    Off,
    /// There, after so many restarts.
    On {
        /// Restarts of the node so far.
        boots: u16,
    },
}

/// What a medium tells those who use it.
pub trait PortUser {
    /// The node has a way to its gateway, which knows it.
    fn attached<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node);
    /// A burst of the node's transmitter has sagged its supply.
    fn browns_out<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node);
    /// The node has lost its way.
    fn detached(&mut self, ctx: &mut Ctx, node: Node);
    /// A message reached `node`.
    fn delivered<M: Medium>(&mut self, medium: &mut M, ctx: &mut Ctx, node: Node, carried: Carried);
    /// A message was lost on its way.
    fn lost(&mut self, ctx: &mut Ctx, carried: Carried, why: Loss);
    /// What the registration of this meter is to tell the head-end.
    fn returning(&self, node: Node) -> Option<Return>;
    /// The gateway knows a way to a node, which another may have had before.
    fn routed(&mut self, ctx: &mut Ctx, gateway: Node, node: Node);
    /// A registration that tells of a return reached the gateway.
    fn returned(&mut self, ctx: &mut Ctx, gateway: Node, node: Node, hops: u8, back: Return);
}
