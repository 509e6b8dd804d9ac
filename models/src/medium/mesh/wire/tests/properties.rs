//! Any payload in fragments, and any frame sealed and opened again.

use super::*;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn fragments_fit_and_make_the_datagram_again(payload in 0usize..1_200, room in 140u16..1_500, hops in 0u8..20) {
        let payload: Vec<u8> = (0..payload).map(|n| n as u8).collect();
        let datagram = Hop { hops, ..hop(Kind::Push, &payload) }.compressed();
        let (whole, lengths) = reassembled(&datagram, room);
        prop_assert_eq!(&whole, &datagram.bytes);
        for (index, length) in lengths.iter().enumerate() {
            prop_assert!(*length <= usize::from(room));
            prop_assert_eq!(datagram.extent().fragment(room, index as u16), Some(*length as u16));
        }
        prop_assert_eq!(datagram.extent().fragment(room, lengths.len() as u16), None);
    }

    #[test]
    fn any_frame_opens_again(lowpan in proptest::collection::vec(any::<u8>(), 0..300), counter: u32, node: u32) {
        let network = network();
        let sender = Sender { node: SiteId(node), counter, ..sender() };
        let mut frame = network.data(&sender, Some(SiteId(5)), &lowpan);
        let header = 2 + 1 + 16 + 6 + 7 + 8 + 2;
        prop_assert!(network.key.open(&mut frame, header, address::eui64(SiteId(node)), counter));
        prop_assert!(frame.ends_with(&lowpan));
    }
}
