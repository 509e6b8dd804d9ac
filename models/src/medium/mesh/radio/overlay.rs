//! What is added to the air for a while, or for good: extra loss of nodes and edges, of links through obstacles and of ends that age, transmit power,
//! frequency offset, noise.
//!
//! The air knows overlays, not causes. A frame keeps the overlay of its beginning until it ends.

use super::crystal::{offset_loss_db, window_hz};
use super::shades::{Ends, Row, Shades};
use crate::math::ratio;
use crate::node::{Node, PerNode};
use serde::{Deserialize, Serialize};

/// What is different about a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NodeOverlay {
    /// Extra loss of all that it sends and receives, dB.
    pub loss_db: f32,
    /// Change of its transmit power, dB.
    pub tx_power_db: f32,
    /// Offset of its carrier, Hz.
    pub offset_hz: f32,
    /// Noise that is added at its receiver, mW over the unit of levels; see [`super::air::Air::noise_of`].
    pub noise: u64,
}

impl NodeOverlay {
    fn is_neutral(&self) -> bool {
        *self == NodeOverlay::default()
    }
}

/// A node's factors, worked out once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Factors {
    sends: f32,
    receives: f32,
    has_edges: bool,
}

/// The overlay of a partition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overlay {
    /// Both empty while no node is different and no edge loses more.
    nodes: PerNode<NodeOverlay>,
    factors: PerNode<Factors>,
    radios: u32,
    /// Extra loss of pairs of nodes, dB and as a factor; both directions, sorted.
    edges: Vec<(Node, Node, f32, f32)>,
    /// What obstacles take, if there are some.
    shades: Option<Shades>,
    /// What ageing takes at the ends of links, if anything ages.
    ends: Option<Ends>,
    /// Nodes that are not as they were built.
    changed: u32,
    /// Nodes whose carrier has an offset.
    offsets: u32,
    window_hz: f32,
}

impl Overlay {
    /// A neutral one.
    pub fn new(radios: usize, bit_rate_bps: u32) -> Self {
        Overlay {
            nodes: PerNode(Vec::new()),
            factors: PerNode(Vec::new()),
            radios: radios as u32,
            edges: Vec::new(),
            shades: None,
            ends: None,
            changed: 0,
            offsets: 0,
            window_hz: window_hz(bit_rate_bps),
        }
    }

    /// Whether nothing is overlaid.
    pub fn is_neutral(&self) -> bool {
        self.is_plain() && self.shades.is_none() && self.ends.is_none()
    }

    /// Whether no node is different and no edge loses more.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.changed == 0 && self.edges.is_empty()
    }

    /// Whether it is of so many radios, and whole.
    pub fn fits(&self, radios: usize) -> bool {
        let count = |is: fn(&NodeOverlay) -> bool| self.nodes.0.iter().filter(|&node| is(node)).count();
        let of_nodes = if self.is_plain() { 0 } else { radios };
        self.radios as usize == radios
            && self.nodes.len() == of_nodes
            && self.factors.len() == of_nodes
            && self.changed as usize == count(|node| !node.is_neutral())
            && self.offsets as usize == count(|node| node.offset_hz != 0.0)
            && self.edges.is_sorted_by_key(|edge| (edge.0, edge.1))
            && self.shades.as_ref().is_none_or(|shades| shades.fits(radios))
            && self.ends.as_ref().is_none_or(|ends| ends.fits(radios))
    }

    /// What is different about a node.
    pub fn node(&self, node: Node) -> NodeOverlay {
        self.nodes.0.get(node.at()).copied().unwrap_or_default()
    }

    /// Makes room for what differs.
    fn begin(&mut self) {
        if self.is_plain() {
            let radios = self.radios as usize;
            self.nodes = PerNode::of(NodeOverlay::default(), radios);
            self.factors = PerNode::of(Factors { sends: 1.0, receives: 1.0, has_edges: false }, radios);
        }
    }

    /// Gives the room back where nothing differs any more.
    fn end(&mut self) {
        if self.is_plain() {
            (self.nodes, self.factors) = (PerNode(Vec::new()), PerNode(Vec::new()));
        }
    }

    /// Sets what is different about a node.
    pub fn set_node(&mut self, node: Node, overlay: NodeOverlay) {
        self.begin();
        let before = std::mem::replace(&mut self.nodes[node], overlay);
        self.changed = self.changed + u32::from(!overlay.is_neutral()) - u32::from(!before.is_neutral());
        self.offsets = self.offsets + u32::from(overlay.offset_hz != 0.0) - u32::from(before.offset_hz != 0.0);
        let factors = &mut self.factors[node];
        factors.receives = factor(overlay.loss_db);
        factors.sends = factor(overlay.loss_db - overlay.tx_power_db);
        self.end();
    }

    /// Sets the extra loss between two nodes, in both directions; 0 dB takes it away.
    pub fn set_edge(&mut self, a: Node, b: Node, loss_db: f32) {
        self.begin();
        for (from, to) in [(a, b), (b, a)] {
            match self.find(from, to) {
                Ok(at) if loss_db == 0.0 => {
                    self.edges.remove(at);
                }
                Ok(at) => (self.edges[at].2, self.edges[at].3) = (loss_db, factor(loss_db)),
                Err(_) if loss_db == 0.0 => {}
                Err(at) => self.edges.insert(at, (from, to, loss_db, factor(loss_db))),
            }
            self.factors[from].has_edges = self.edges.iter().any(|edge| edge.0 == from);
        }
        self.end();
    }

    /// Sets what obstacles take from links, each named once, dB; all others lose nothing to them.
    pub fn set_shades(&mut self, losses: &[(Node, Node, f32)]) {
        self.shades = (!losses.is_empty()).then(|| Shades::new(self.radios as usize, losses));
    }

    /// Sets what each radio loses by age, dB.
    pub fn set_ends(&mut self, losses_db: &[f32]) {
        self.ends = losses_db.iter().any(|&loss_db| loss_db > 0.0).then(|| Ends::new(losses_db));
    }

    /// Extra loss between two nodes: of both, of their edge, and of obstacles, dB.
    pub fn loss_db(&self, a: Node, b: Node) -> f32 {
        let edge = self.find(a, b).map_or(0.0, |at| self.edges[at].2);
        let shade = self.shades.as_ref().map_or(0.0, |shades| shades.loss_db(a, b));
        let end = |node| self.node(node).loss_db + self.ends.as_ref().map_or(0.0, |ends| ends.loss_db(node));
        end(a) + end(b) + edge + shade
    }

    /// Factor on the level at which `to` hears `from`.
    #[inline]
    pub fn factor(&self, from: Node, to: Node) -> f32 {
        let shade = self.shades.as_ref().map_or(1.0, |shades| shades.of(from).factor(to));
        let mut factor = self.factors.0.get(from.at()).map_or(1.0, |sender| self.of_nodes(*sender, from, to)) * shade;
        if let Some(ends) = &self.ends {
            factor *= ends.factor(from) * ends.factor(to);
        }
        if self.offsets > 0 {
            factor *= self.of_offsets(from, to);
        }
        factor
    }

    fn of_nodes(&self, sender: Factors, from: Node, to: Node) -> f32 {
        let factor = sender.sends * self.factors[to].receives;
        if !sender.has_edges {
            return factor;
        }
        self.find(from, to).map_or(factor, |at| factor * self.edges[at].3)
    }

    #[cold]
    fn of_offsets(&self, from: Node, to: Node) -> f32 {
        self.of_offset(self.node(from).offset_hz - self.node(to).offset_hz)
    }

    /// What is overlaid on the frames of a sender, whose receivers are asked for in ascending order.
    #[inline]
    pub fn sender(&self, from: Node) -> Sender<'_> {
        Sender {
            overlay: self,
            from,
            node: self.factors.0.get(from.at()).copied(),
            shades: self.shades.as_ref().map(|shades| shades.of(from)),
            end: self.ends.as_ref().map(|ends| (ends, ends.factor(from))),
        }
    }

    /// Noise added at a node.
    #[inline]
    pub fn noise(&self, node: Node) -> u64 {
        self.node(node).noise
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let edges = self.edges.capacity() * size_of::<(Node, Node, f32, f32)>();
        self.nodes.bytes()
            + self.factors.bytes()
            + edges
            + self.shades.as_ref().map_or(0, Shades::bytes)
            + self.ends.as_ref().map_or(0, Ends::bytes)
    }

    fn of_offset(&self, offset_hz: f32) -> f32 {
        offset_loss_db(offset_hz, self.window_hz).map_or(0.0, factor)
    }

    fn find(&self, from: Node, to: Node) -> Result<usize, usize> {
        self.edges.binary_search_by_key(&(from, to), |edge| (edge.0, edge.1))
    }
}

/// A sender's part of the factors on its levels, worked out once a frame.
pub struct Sender<'a> {
    overlay: &'a Overlay,
    from: Node,
    node: Option<Factors>,
    shades: Option<Row<'a>>,
    end: Option<(&'a Ends, f32)>,
}

impl Sender<'_> {
    /// Factor on the level at which a node hears it; no node may be less than the one before.
    #[inline]
    pub fn factor(&mut self, to: Node) -> f32 {
        let mut factor = self.node.map_or(1.0, |sender| self.overlay.of_nodes(sender, self.from, to));
        if let Some(shades) = &mut self.shades {
            factor *= shades.factor(to);
        }
        if let Some((ends, end)) = self.end {
            factor *= end * ends.factor(to);
        }
        if self.overlay.offsets > 0 {
            factor *= self.overlay.of_offsets(self.from, to);
        }
        factor
    }
}

/// The factor of a loss; of none exactly 1.
pub(super) fn factor(loss_db: f32) -> f32 {
    if loss_db == 0.0 { 1.0 } else { ratio(-f64::from(loss_db)) as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(is: f32, expected_db: f32) {
        let is_db = 10.0 * libm::log10(f64::from(is));
        assert!((is_db - f64::from(expected_db)).abs() < 1e-3, "{is_db} dB instead of {expected_db}");
    }

    #[test]
    fn a_loss_of_a_node_counts_both_ways_its_power_one_way_and_an_edge_between_its_ends() {
        let mut overlay = Overlay::new(3, 50_000);
        assert!(overlay.is_neutral());
        assert_eq!(overlay.factor(Node(0), Node(1)), 1.0, "exactly");
        overlay.set_node(Node(0), NodeOverlay { loss_db: 10.0, tx_power_db: -3.0, ..NodeOverlay::default() });
        overlay.set_edge(Node(0), Node(1), 5.0);
        close(overlay.factor(Node(0), Node(1)), -10.0 - 3.0 - 5.0);
        close(overlay.factor(Node(1), Node(0)), -10.0 - 5.0);
        close(overlay.factor(Node(0), Node(2)), -13.0);
        assert_eq!(overlay.factor(Node(1), Node(2)), 1.0);
        assert_eq!((overlay.loss_db(Node(0), Node(1)), overlay.loss_db(Node(2), Node(0))), (15.0, 10.0));
        assert!(overlay.fits(3) && overlay.bytes() > 0);
        overlay.set_edge(Node(1), Node(0), 0.0);
        overlay.set_node(Node(0), NodeOverlay::default());
        assert!(overlay.is_neutral() && overlay.fits(3));
        assert_eq!(overlay, Overlay::new(3, 50_000));
    }

    #[test]
    fn what_ages_loses_both_ways_and_takes_a_byte() {
        let mut overlay = Overlay::new(1_000, 50_000);
        let losses: Vec<f32> = (0..1_000).map(|n| if n == 0 { 3.0 } else { 0.0 }).collect();
        overlay.set_ends(&losses);
        assert!(!overlay.is_neutral() && overlay.fits(1_000) && !overlay.fits(999));
        close(overlay.factor(Node(0), Node(1)), -3.0);
        close(overlay.factor(Node(1), Node(0)), -3.0);
        assert_eq!((overlay.factor(Node(1), Node(2)), overlay.loss_db(Node(0), Node(2))), (1.0, 3.0));
        // A byte each, and a kilobyte of factors.
        assert_eq!(overlay.bytes(), 1_000 + 1_024);
        overlay.set_ends(&[0.0; 1_000]);
        assert!(overlay.is_neutral());
    }

    #[test]
    fn an_offset_costs_by_its_square_up_to_the_window() {
        // Both ends opposite by 10, 20 and 30 ppm of 915 MHz: 18.3, 36.6 and 54.9 kHz apart.
        let mut overlay = Overlay::new(2, 50_000);
        for (ppm, loss_db) in [(10.0, 0.332), (20.0, 1.329), (30.0, 2.99)] {
            let offset_hz = ppm * 915.0;
            overlay.set_node(Node(0), NodeOverlay { offset_hz, ..NodeOverlay::default() });
            overlay.set_node(Node(1), NodeOverlay { offset_hz: -offset_hz, ..NodeOverlay::default() });
            close(overlay.factor(Node(0), Node(1)), -loss_db);
        }
        overlay.set_node(Node(0), NodeOverlay { offset_hz: 31.0 * 915.0, ..NodeOverlay::default() });
        assert_eq!(overlay.factor(Node(0), Node(1)), 0.0, "beyond the window");
        overlay.set_node(Node(1), NodeOverlay { offset_hz: 31.0 * 915.0, ..NodeOverlay::default() });
        assert_eq!(overlay.factor(Node(0), Node(1)), 1.0, "both drift alike");
    }
}
