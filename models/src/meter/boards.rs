//! The two boards of a meter, and what one of them says when it restarts without the other.

use super::Meters;
use crate::apdu::{ImageStep, Word};
use crate::books::Happened;
use crate::context::Ctx;
use crate::medium::message::Message;
use crate::node::{Node, SiteId};
use crate::purpose::PARTIAL_RESET;
use crate::spec::{BoardsSpec, DlmsSpec, PairRule, ResetTier, Version};
use amitwin_sim_core::rng::Stream;

/// The boards of the meters of a partition.
#[derive(Debug)]
pub struct Boards {
    partial: f64,
    /// Of each kind of meter: firmware of the metrology board, and of the communication board as delivered.
    kinds: Vec<(Version, Version)>,
    pairs: Vec<PairRule>,
}

impl Boards {
    /// As a scenario has them.
    pub fn new(spec: &BoardsSpec, dlms: &DlmsSpec) -> Boards {
        Boards { partial: spec.partial_resets, kinds: spec.of_kinds(dlms), pairs: spec.pairs.clone() }
    }

    /// Firmware of both boards of a meter, if an image has not changed it.
    fn of(&self, site: SiteId) -> (Version, Version) {
        self.kinds[site.at() % self.kinds.len()]
    }
}

impl Meters {
    /// A meter restarts, warm or cold: both of its boards do, or the communication board alone.
    pub(super) fn restart_boards(&mut self, ctx: &mut Ctx, node: Node, tier: ResetTier, boots: u16) {
        let Some(boards) = self.boards.as_ref().filter(|_| tier != ResetTier::Soft) else { return };
        let site = ctx.facts.sites[node];
        let draw = Stream::new(ctx.facts.seed, u64::from(site), PARTIAL_RESET ^ (u32::from(boots) << 16)).unit();
        let (metrology, delivered) = boards.of(site);
        let image = self.servers.as_ref().and_then(|servers| servers.image(node)?.is.version);
        let fit = PairRule::allow(&boards.pairs, (metrology, image.unwrap_or(delivered)));
        let meter = &mut self.meters[node];
        let partial = draw < boards.partial && meter.measures;
        meter.out_of_step = partial && !fit;
        if partial {
            ctx.note(node, Happened::PartialReset { out_of_step: meter.out_of_step });
        }
    }

    /// Whether the state of its boards keeps a meter from what it is asked: its measurements, or an image that its metrology board is too old for.
    pub(super) fn boards_refuse(&self, ctx: &Ctx, node: Node, message: &Message) -> bool {
        let (Some(boards), Some(servers)) = (&self.boards, &self.servers) else { return false };
        if message.apdu.metrology {
            return self.meters[node].out_of_step;
        }
        let Some(Word::AskImage { image, step: ImageStep::Verify | ImageStep::Activate, .. }) =
            message.apdu.word.as_deref()
        else {
            return false;
        };
        let needs = servers.cosem().images[usize::from(*image)].is.needs_metrology;
        let (has, _) = boards.of(ctx.facts.sites[node]);
        needs.is_some_and(|needs| has < needs)
    }
}
