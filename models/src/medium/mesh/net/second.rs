//! The second parent: who it is, and the rank through both.
//!
//! The border router is told of it beside the first, and it has the node among its children as well. wsrd leaves it for another as it does
//! with the first, nanostack takes the cheapest each time that it looks. It must not take the rank of the node further down than its step, or by more
//! than half an ETX.

use super::candidates::{Candidate, minute};
use super::etx::ETX_MAX;
use super::{INFINITE_RANK, Net, mrhof};
use crate::context::Ctx;
use crate::node::Node;
use crate::spec::RouterStack;

/// N `rpl_policy.c`: a second parent may take the rank up by so much.
const STRETCH: u32 = 64;

/// Highest rank within the step of one.
pub(super) fn top_of_step(rank: u32, step: u32) -> u32 {
    (rank / step + 1) * step - 1
}

/// Rank of a node below two parents, the first of them first: that of the path through the first, at least a step below the second's, and not below
/// the path through the second by more than `increase_max`. RFC 6719, 3.3.
pub(super) fn rank_below_both(first: &Candidate, second: Option<&Candidate>, step: u16, increase_max: u16) -> u32 {
    let Some(second) = second else { return first.rank_below(step) };
    let (rank, step) = (u32::from(second.rank), u32::from(step));
    let beside = second.rank_below(step as u16).saturating_sub(u32::from(increase_max));
    first.rank_below(step as u16).max(step * (rank / step + 1)).max(beside)
}

/// What a second parent must not take the rank of a node above.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub(super) stack: RouterStack,
    /// Least step of a rank.
    pub(super) step: u16,
    /// How far a rank may rise.
    pub(super) increase_max: u16,
    /// Highest rank that the node may have, if there is a limit; else wsrd takes the step of the path through the first parent.
    pub(super) rank_max: Option<u32>,
    /// Its lowest.
    pub(super) lowest: u16,
}

impl Limit {
    /// The best second parent beside the first: the one that there is already, if there is one, comes first. W `rpl_mrhof.c`, N `rpl_mrhof.c`.
    pub(super) fn best<'a>(
        &self,
        first: &Candidate,
        current: Node,
        those: impl Iterator<Item = &'a Candidate> + Clone,
    ) -> Option<&'a Candidate> {
        let step = u32::from(self.step);
        let first_rank = first.rank_below(self.step);
        let those = those.filter(|c| c.node != first.node && c.rank != INFINITE_RANK && c.version == first.version);
        if self.stack == RouterStack::Wsrd {
            let current = those.clone().find(|c| c.node == current);
            return mrhof::best(current, those, self.step, self.rank_max.unwrap_or(top_of_step(first_rank, step)));
        }
        let highest = top_of_step(first_rank.max(u32::from(self.lowest)), step).min(first_rank + STRETCH);
        let fits = |c: &Candidate| {
            let beside = c.cost().saturating_sub(u32::from(self.increase_max));
            beside.max(step * (u32::from(c.rank) / step + 1)) <= highest
        };
        those.filter(|c| c.etx.value().is_some_and(|etx| etx <= ETX_MAX) && fits(c)).min_by_key(|c| c.cost())
    }
}

impl Net {
    /// First and second parent of a node.
    pub(super) fn parents(&self, node: Node) -> [Node; 2] {
        self.nodes[node].parents()
    }

    /// Whether another is the first parent of a node (0), or the second (1).
    pub(super) fn which_parent(&self, node: Node, of: Node) -> Option<usize> {
        if of == Node::NONE { None } else { self.parents(node).iter().position(|&parent| parent == of) }
    }

    /// What a second parent of a node must keep to.
    pub(super) fn second_limit(&self, node: Node) -> Limit {
        let rules = &self.procedures.parents;
        Limit {
            stack: self.procedures.stack,
            step: rules.rank_step,
            increase_max: rules.rank_increase_max,
            rank_max: (self.nodes[node].lowest != INFINITE_RANK).then(|| self.rank_max(node)),
            lowest: self.nodes[node].lowest,
        }
    }

    /// Rank of a node through its parents; [`INFINITE_RANK`] and more if the first is not known.
    pub(super) fn rank_through_parents(&self, node: Node) -> u32 {
        let rules = &self.procedures.parents;
        let [first, second] = self.parents(node).map(|parent| self.candidate(node, parent));
        first.map_or(u32::from(INFINITE_RANK), |first| {
            rank_below_both(first, second, rules.rank_step, rules.rank_increase_max)
        })
    }
}

/// Chooses the second parent of a node beside its first, and its rank.
pub(super) fn choose(net: &mut Net, ctx: &Ctx, node: Node) {
    let joining = &net.nodes[node];
    let Some(first) = net.candidate(node, joining.parent) else { return };
    let takes_any = net.procedures.parents.parents_max > 1;
    let those = net.considered(node, minute(ctx)).filter(|c| takes_any && net.may_lead(node, c.node));
    let second = net.second_limit(node).best(first, joining.rpl.second, those).map_or(Node::NONE, |c| c.node);
    if second != joining.rpl.second {
        net.nodes[node].rpl.second = second;
        net.sort(node, minute(ctx));
    }
    let rank = net.rank_through_parents(node).min(u32::from(INFINITE_RANK) - 1) as u16;
    if rank != net.nodes[node].rank {
        net.nodes[node].rank = rank;
    }
}

#[cfg(test)]
mod tests {
    use super::super::etx::Etx;
    use super::*;

    fn candidate(node: u16, rank: u16, etx: u16) -> Candidate {
        Candidate { node: Node(node), rank, etx: Etx::settled(etx, 0), ..Candidate::default() }
    }

    #[test]
    fn the_rank_of_wsrd_is_that_of_the_worse_path() {
        // Paths of 256 + 130 and 270 + 200: the second is the longer.
        let (first, second) = (candidate(1, 256, 130), candidate(2, 270, 200));
        assert_eq!(rank_below_both(&first, None, 128, 0), 386);
        assert_eq!(rank_below_both(&first, Some(&second), 128, 0), 470);
        // Nanostack takes 2,048 off that, and is a step below: 392 + 130 are 522, the next of 196 above 450 is 588.
        let (first, second) = (candidate(1, 392, 200), candidate(2, 450, 150));
        assert_eq!(rank_below_both(&first, None, 196, 2_048), 592);
        assert_eq!(rank_below_both(&first, Some(&second), 196, 2_048), 592);
        let second = candidate(2, 590, 150);
        assert_eq!(rank_below_both(&first, Some(&second), 196, 2_048), 784, "588 and more are in the step to 784");
    }

    #[test]
    fn wsrd_takes_a_second_within_its_step_and_leaves_it_for_one_that_is_better_by_1_5() {
        let limit = Limit { stack: RouterStack::Wsrd, step: 128, increase_max: 0, rank_max: Some(511), lowest: 390 };
        let first = candidate(1, 256, 134);
        let best = |current: u16, others: &[Candidate]| {
            limit.best(&first, Node(current), others.iter().chain([&first])).map(|c| c.node.0)
        };
        // Its step ends at 511: 300 + 211 is in it, 300 + 212 is not, nor one whose link is above 4.
        assert_eq!(best(0, &[candidate(2, 300, 211)]), Some(2));
        assert_eq!(best(0, &[candidate(2, 300, 212)]), None);
        assert_eq!(best(0, &[candidate(2, 384, 128)]), None, "384 + 128");
        // The cheapest; one that there is stays until another is cheaper by 192: 200 + 310 against 256 + 63, which counts as a path of 319.
        assert_eq!(best(0, &[candidate(2, 260, 200), candidate(3, 256, 150)]), Some(3));
        assert_eq!(best(2, &[candidate(2, 128, 382), candidate(3, 128, 191)]), Some(2), "510 against 319");
        assert_eq!(best(2, &[candidate(2, 128, 383), candidate(3, 128, 191)]), Some(3), "511 against 319");
    }

    #[test]
    fn nanostack_takes_the_cheapest_that_raises_its_rank_by_64_at_most() {
        let limit =
            Limit { stack: RouterStack::Nanostack, step: 196, increase_max: 2_048, rank_max: Some(2_500), lowest: 530 };
        // A path of 330 + 200 = 530, whose step ends at 587: the next step below a second of 330 is 392, below one of 392 is 588.
        let first = candidate(1, 330, 200);
        let best = |others: &[Candidate]| limit.best(&first, Node(2), others.iter()).map(|c| c.node.0);
        assert_eq!(best(&[candidate(2, 350, 300), candidate(3, 391, 200)]), Some(3), "650 and 591, whatever there is");
        assert_eq!(best(&[candidate(2, 392, 128)]), None);
        assert_eq!(best(&[candidate(2, 330, 513)]), None, "its link is above 4");
        // Of the same cost that which stands in front.
        assert_eq!(best(&[candidate(4, 350, 200), candidate(3, 330, 220)]), Some(4));
    }
}
