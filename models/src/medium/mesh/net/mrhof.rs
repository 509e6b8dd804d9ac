//! How wsrd chooses its parents whenever something has changed: both places anew, each by the same rule.
//!
//! Whoever has a place keeps it unless another is better by 1.5 ETX, even where its own rank has come to be above the limit or its link bad, as long as
//! there is another at all. Where nobody keeps to the limit the first parent is chosen without one. W `rpl_mrhof.c`.

use super::candidates::{CONSIDERED, Candidate, minute};
use super::etx::{ETX_LOST, ETX_MAX};
use super::parents::SWITCH_THRESHOLD;
use super::second::top_of_step;
use super::{INFINITE_RANK, Net};
use crate::context::Ctx;
use crate::node::Node;

/// No path costs so much.
const COST_MAX: u32 = 256 * 128;

/// The parents of a node, as they are to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// The first and the second, [`Node::NONE`] where there is none.
    pub(super) parents: [Node; 2],
    /// Nobody keeps to the limit of ranks, which does not count until the node has said its rank again.
    pub(super) waives: bool,
}

/// The best for a place among those that may have it: who has it, unless another is clearly better.
pub(super) fn best<'a>(
    current: Option<&'a Candidate>,
    those: impl Iterator<Item = &'a Candidate>,
    step: u16,
    rank_max: u32,
) -> Option<&'a Candidate> {
    let fits = |c: &Candidate, etx_max: u16| {
        let rank = c.rank_below(step);
        c.etx.value().is_some_and(|etx| etx <= etx_max) && rank <= rank_max && rank < u32::from(INFINITE_RANK)
    };
    let best = those.filter(|c| fits(c, ETX_MAX)).min_by_key(|c| (u64::from(c.cost()) << 16) | u64::from(c.node.0));
    match (best, current) {
        (Some(best), Some(current)) if current.cost() < COST_MAX && best.cost() + SWITCH_THRESHOLD > current.cost() => {
            Some(current)
        }
        (None, Some(current)) if fits(current, ETX_LOST) => Some(current),
        (best, _) => best,
    }
}

/// Both places: `those` may have them, `current` has them, the first of both first; `rank_max` is the limit, if there is one.
fn choose<'a>(
    current: [Option<&'a Candidate>; 2],
    those: impl Iterator<Item = &'a Candidate> + Clone,
    (step, parents_max): (u16, u8),
    rank_max: Option<u32>,
) -> Choice {
    let any = u32::from(INFINITE_RANK);
    let within = best(current[0], those.clone(), step, rank_max.unwrap_or(any));
    let waives = within.is_none() && rank_max.is_some();
    let first = if waives { best(current[0], those.clone(), step, any) } else { within };
    let second = first.filter(|_| parents_max > 1).and_then(|first| {
        let own = top_of_step(first.rank_below(step), u32::from(step));
        let rank_max = rank_max.filter(|_| !waives).unwrap_or(own);
        let current = current[1].filter(|c| c.node != first.node);
        best(current, those.filter(|c| c.node != first.node && c.version == first.version), step, rank_max)
    });
    Choice { parents: [first, second].map(|of| of.map_or(Node::NONE, |c| c.node)), waives }
}

/// Whether a neighbour may be the parent of a node that has none: whatever the limit of ranks, over a link that is good enough, and in a version if that counts.
fn is_able(c: &Candidate, step: u16, version: Option<u8>) -> bool {
    c.etx.value().is_some_and(|etx| etx <= ETX_MAX)
        && c.rank_below(step) < u32::from(INFINITE_RANK)
        && version.is_none_or(|version| c.version == version)
}

impl Net {
    /// Whether a node of wsrd that has found no parent among its candidates knows another neighbour that may be it: one behind the five, or, if it was part of the
    /// mesh and has forgotten its version, in another one. W `rpl_mrhof.c`, `rpl.c`.
    pub(super) fn knows_another(&self, ctx: &Ctx, node: Node, was_member: bool) -> bool {
        let (minute, joining, step) = (minute(ctx), &self.nodes[node], self.procedures.parents.rank_step);
        let version = (!was_member).then_some(joining.rpl.version);
        let is_known = |c: &&Candidate| c.node.is_some() && !c.is_denied(minute) && self.may_lead(node, c.node);
        joining.candidates.iter().filter(is_known).any(|c| is_able(c, step, version))
    }

    /// Parents that a node of wsrd would have now.
    pub(super) fn chooses_parents(&self, ctx: &Ctx, node: Node) -> Choice {
        let (minute, joining, step) = (minute(ctx), &self.nodes[node], self.procedures.parents.rank_step);
        let is_free = joining.parent == Node::NONE;
        let may_have_it = |c: &&Candidate| {
            c.rank != INFINITE_RANK && (is_free || c.version == joining.rpl.version) && self.may_lead(node, c.node)
        };
        // Both places are chosen among them.
        let mut able = [None; CONSIDERED];
        able.iter_mut().zip(self.considered(node, minute).filter(may_have_it)).for_each(|(one, c)| *one = Some(c));
        let those = able.into_iter().flatten();
        let current = self.parents(node).map(|parent| {
            self.candidate(node, parent).filter(|c| !c.is_denied(minute) && self.nodes[c.node].hops < self.hops_max)
        });
        let rank_max = (joining.lowest != INFINITE_RANK).then(|| self.rank_max(node));
        choose(current, those, (step, self.procedures.parents.parents_max), rank_max)
    }
}

#[cfg(test)]
mod tests {
    use super::super::etx::Etx;
    use super::*;

    fn candidate(node: u16, rank: u16, etx: u16) -> Candidate {
        Candidate { node: Node(node), rank, etx: Etx::settled(etx, 0), ..Candidate::default() }
    }

    /// Parents chosen from some where the first and the second are given by number, 0 for none.
    fn of(current: [u16; 2], those: &[Candidate], rank_max: Option<u32>) -> ([u16; 2], bool) {
        let known = |node: u16| those.iter().find(|c| c.node == Node(node));
        let choice = choose(current.map(known), those.iter(), (128, 2), rank_max);
        (choice.parents.map(|parent| if parent == Node::NONE { 0 } else { parent.0 }), choice.waives)
    }

    #[test]
    fn a_node_without_a_limit_takes_the_cheapest_and_a_second_within_the_step_of_that() {
        // Paths of 256 + 130 = 386, whose step ends at 511; 300 + 211 = 511 and 300 + 212 = 512.
        assert_eq!(of([0, 0], &[candidate(1, 256, 130), candidate(2, 300, 211)], None), ([1, 2], false));
        assert_eq!(of([0, 0], &[candidate(1, 256, 130), candidate(2, 300, 212)], None), ([1, 0], false));
        // A link above 4 is none, and at least a step is added: 300 + 128.
        assert_eq!(of([0, 0], &[candidate(1, 256, 513), candidate(2, 300, 100)], None), ([2, 0], false));
        assert_eq!(of([0, 0], &[], None), ([0, 0], false));
        // Where nodes have one parent alone.
        let those = [candidate(1, 256, 130), candidate(2, 300, 211)];
        assert_eq!(choose([None; 2], those.iter(), (128, 1), None).parents, [Node(1), Node::NONE]);
    }

    #[test]
    fn who_has_a_place_keeps_it_unless_another_is_better_by_one_and_a_half() {
        let at = |etx| [candidate(1, 256, etx), candidate(2, 256, 128)];
        // 256 + 319 = 575 and 256 + 128 + 192 = 576.
        assert_eq!(of([1, 0], &at(319), Some(639)), ([1, 2], false));
        assert_eq!(of([1, 0], &at(320), Some(639)), ([2, 1], false), "576: the former first is within the limit");
        assert_eq!(of([1, 2], &at(320), Some(511)), ([2, 0], false), "576 is not");
        // Above the limit as well: 256 + 256 = 512, and the other is not better by so much.
        assert_eq!(of([1, 0], &at(256), Some(511)), ([1, 2], false));
        // And behind a bad link: 128 + 520 = 648, the other 500 + 128 = 628.
        assert_eq!(of([1, 0], &[candidate(1, 128, 520), candidate(2, 500, 128)], Some(767)), ([1, 2], false));
    }

    #[test]
    fn who_is_alone_keeps_to_the_limit_or_it_is_waived() {
        // Nobody else: 256 + 256 = 512 is above 511, without a limit it stays.
        assert_eq!(of([1, 0], &[candidate(1, 256, 256)], Some(511)), ([1, 0], true));
        // A link above 4 stays as long as nobody else has a better one; one that nothing arrives over costs 8.
        assert_eq!(of([1, 0], &[candidate(1, 128, 1_024)], Some(2_000)), ([1, 0], false));
        // Without a limit another that is better by 1.5 takes the place: 256 + 700 = 956 against 640 + 124 -> 640 + 128 = 768 of rank, 764 of cost.
        let those = [candidate(1, 256, 700), candidate(2, 640, 124)];
        assert_eq!(of([1, 0], &those, Some(511)), ([2, 0], true), "956 - 764 = 192; the step of 768 ends at 895");
    }

    #[test]
    fn who_has_no_parent_may_have_another_at_any_rank_behind_a_link_of_four_at_most() {
        let of = |rank, etx| is_able(&candidate(1, rank, etx), 128, None);
        assert_eq!([of(256, 512), of(256, 513), of(60_000, 128)], [true, false, true]);
        // No route; 65,400 + 128 is not less than the rank of who has none, 65,535, although its path costs less.
        assert_eq!([of(INFINITE_RANK, 128), of(65_400, 128), of(65_420, 100)], [false, true, false]);
        // Nobody has counted the link.
        assert!(!is_able(&Candidate { node: Node(1), rank: 256, ..Candidate::default() }, 128, None));
        // Who was no member yet keeps to its version.
        let newer = Candidate { version: 3, ..candidate(1, 256, 128) };
        assert_eq!([None, Some(3), Some(2)].map(|version| is_able(&newer, 128, version)), [true, true, false]);
    }

    #[test]
    fn a_parent_that_has_no_route_keeps_nothing() {
        let gone = Candidate { rank: INFINITE_RANK, ..candidate(1, 0, 128) };
        let those = [candidate(2, 500, 400)];
        let choice = choose([Some(&gone), None], those.iter(), (128, 2), Some(1_000));
        assert_eq!((choice.parents, choice.waives), ([Node(2), Node::NONE], false));
        let choice = choose([Some(&gone), None], [].iter(), (128, 2), Some(1_000));
        assert_eq!(choice.parents, [Node::NONE; 2]);
    }
}
