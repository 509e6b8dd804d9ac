//! Each meter and repeater to its nearest gateway that has room.

use super::{Placement, Site, SiteKind, SpatialGrid};

/// Which gateway serves which radio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Node ids of the gateways, ascending.
    pub gateways: Vec<u32>,
    /// For each site its gateway's position in `gateways`; a gateway has its own, a transformer has none, and nobody
    /// has one where there is no gateway.
    pub cell_of: Vec<Option<u32>>,
}

impl Assignment {
    /// Node id of the gateway that serves a site.
    pub fn gateway_of(&self, node: u32) -> Option<u32> {
        self.cell_of[node as usize].map(|cell| self.gateways[cell as usize])
    }

    /// For each gateway, in the order of `gateways`, the node ids of its meters and repeaters, ascending.
    pub fn members(&self) -> Vec<Vec<u32>> {
        let mut members: Vec<Vec<u32>> = self.radios().into_iter().map(Vec::with_capacity).collect();
        for (node, cell) in (0u32..).zip(&self.cell_of) {
            if let Some(cell) = *cell
                && self.gateways[cell as usize] != node
            {
                members[cell as usize].push(node);
            }
        }
        members
    }

    /// For each gateway the number of radios in its mesh, its own not counted.
    pub fn radios(&self) -> Vec<usize> {
        let mut radios = vec![0usize; self.gateways.len()];
        for cell in self.cell_of.iter().flatten() {
            radios[*cell as usize] += 1;
        }
        // Each gateway is in its own cell.
        radios.iter_mut().for_each(|n| *n -= 1);
        radios
    }
}

/// Assigns every meter and repeater to the gateway at the smallest distance in three dimensions; of equally near ones
/// to the one with the smallest id.
pub fn assign(placement: &Placement) -> Assignment {
    assign_within(placement, None)
}

/// The same, with at most `radios_max` meters and repeaters to a gateway: it has those that are nearest to it, of equally near ones those with
/// smaller ids. The others go to the nearest gateway that has room left, the nearest of them first; who finds none has no gateway.
pub fn assign_within(placement: &Placement, radios_max: Option<u32>) -> Assignment {
    let gateways: Vec<u32> = placement.of_kind(SiteKind::Gateway).collect();
    let at = |cell: u32| &placement.sites[gateways[cell as usize] as usize];
    let points: Vec<(f32, f32)> =
        gateways.iter().map(|&id| &placement.sites[id as usize]).map(|g| (g.x_m, g.y_m)).collect();
    let index = SpatialGrid::balanced(&points);
    let nearest = |site: &Site, has_room: &dyn Fn(u32) -> bool| {
        let found = index.nearest_by(site.x_m, site.y_m, |cell, horizontal| {
            let rise = f64::from(at(cell).height_m) - f64::from(site.height_m);
            if has_room(cell) { horizontal + rise * rise } else { f64::INFINITY }
        });
        found.filter(|(_, squared_m)| squared_m.is_finite())
    };
    let (mut own, mut radios) = (0u32.., Vec::new());
    let mut cell_of: Vec<Option<u32>> = (0u32..)
        .zip(&placement.sites)
        .map(|(node, site)| match site.kind {
            SiteKind::Meter | SiteKind::Repeater => {
                let (cell, squared_m) = nearest(site, &|_| true)?;
                radios.push((squared_m, node));
                Some(cell)
            }
            SiteKind::Gateway => own.next(),
            SiteKind::Transformer => None,
        })
        .collect();
    if let Some(most) = radios_max {
        radios.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut room = vec![most; gateways.len()];
        let mut left = Vec::new();
        for (_, node) in radios {
            match cell_of[node as usize].map(|cell| &mut room[cell as usize]) {
                Some(room) if *room > 0 => *room -= 1,
                _ => left.push(node),
            }
        }
        for node in left {
            let found = nearest(&placement.sites[node as usize], &|cell| room[cell as usize] > 0);
            cell_of[node as usize] = found.map(|(cell, _)| cell);
            found.iter().for_each(|(cell, _)| room[*cell as usize] -= 1);
        }
    }
    Assignment { gateways, cell_of }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terrain::{GenerateSpec, Generator, SiteName, generate};
    use proptest::prelude::*;

    fn placement(sites: &[(SiteKind, f32, f32, f32)]) -> Placement {
        let site = |(i, &(kind, x_m, y_m, height_m)): (usize, &(SiteKind, f32, f32, f32))| Site {
            name: SiteName::numbered('S', i as u32),
            kind,
            lat_deg: 0.0,
            lon_deg: 0.0,
            x_m,
            y_m,
            height_m,
            antenna_gain: None,
        };
        Placement { sites: sites.iter().enumerate().map(site).collect(), ..Placement::default() }
    }

    #[test]
    fn height_counts_and_ties_go_to_the_smaller_id() {
        use SiteKind::{Gateway, Meter, Repeater, Transformer};
        let placement = placement(&[
            (Meter, 50.0, 0.0, 1.5),     // as far from 1 as from 2
            (Gateway, 0.0, 0.0, 1.5),    // cell 0
            (Gateway, 100.0, 0.0, 1.5),  // cell 1
            (Repeater, 60.0, 0.0, 1.5),  // nearer to 2
            (Gateway, 60.0, 0.0, 101.5), // cell 2: straight above the repeater, but 100 m up
            (Transformer, 0.0, 0.0, 0.0),
        ]);
        let assignment = assign(&placement);
        assert_eq!(assignment.gateways, [1, 2, 4]);
        assert_eq!(assignment.cell_of, [Some(0), Some(0), Some(1), Some(1), Some(2), None]);
        assert_eq!(assignment.gateway_of(3), Some(2));
        assert_eq!(assignment.members(), [vec![0], vec![3], vec![]]);
        assert_eq!(assignment.radios(), [1, 1, 0]);
    }

    #[test]
    fn a_full_gateway_keeps_those_that_are_near_and_the_others_go_where_there_is_room() {
        use SiteKind::{Gateway, Meter};
        // Gateways at 0, 100 and 1,000 m; three meters are nearest to the first one, at 10, 20 and 40 m, and one to the second.
        let placement = placement(&[
            (Gateway, 0.0, 0.0, 1.5),
            (Gateway, 100.0, 0.0, 1.5),
            (Gateway, 1000.0, 0.0, 1.5),
            (Meter, 40.0, 0.0, 1.5),
            (Meter, 10.0, 0.0, 1.5),
            (Meter, -20.0, 0.0, 1.5),
            (Meter, 90.0, 0.0, 1.5),
        ]);
        let cells = |most| assign_within(&placement, most).cell_of[3..].to_vec();
        assert_eq!(cells(None), [Some(0), Some(0), Some(0), Some(1)]);
        assert_eq!(cells(Some(2)), [Some(1), Some(0), Some(0), Some(1)]);
        // The second one is full with its own: at -20 m is nearer to the third than nobody.
        assert_eq!(cells(Some(1)), [None, Some(0), Some(2), Some(1)]);
    }

    #[test]
    fn without_a_gateway_nobody_is_served() {
        let assignment = assign(&placement(&[(SiteKind::Meter, 0.0, 0.0, 1.5)]));
        assert_eq!(assignment.cell_of, [None]);
        assert!(assignment.members().is_empty());
    }

    #[test]
    fn a_generated_town_is_assigned_as_by_brute_force() {
        let spec = GenerateSpec { meters: 3_000, gateways: 11, ..GenerateSpec::default() };
        let placement = generate(Generator::OldTown, &spec, 5).unwrap();
        let assignment = assign(&placement);
        assert_eq!(assignment.radios().iter().sum::<usize>(), 3_000);
        for meter in placement.of_kind(SiteKind::Meter) {
            assert_eq!(assignment.gateway_of(meter), brute(&placement, meter));
        }
    }

    fn brute(placement: &Placement, node: u32) -> Option<u32> {
        let site = &placement.sites[node as usize];
        let distance = |id: u32| placement.sites[id as usize].distance_squared(site);
        placement.of_kind(SiteKind::Gateway).reduce(|a, b| if distance(b) < distance(a) { b } else { a })
    }

    proptest! {
        #[test]
        fn any_placement_is_assigned_as_by_brute_force(
            sites in prop::collection::vec((0u8..4, -9i16..9, -9i16..9, 0u8..4), 1..60),
        ) {
            let sites: Vec<_> = sites
                .into_iter()
                .map(|(kind, x, y, h)| (SiteKind::ALL[kind as usize], f32::from(x) * 50.0, f32::from(y) * 50.0, f32::from(h) * 25.0))
                .collect();
            let placement = placement(&sites);
            let assignment = assign(&placement);
            for node in placement.of_kind(SiteKind::Meter).chain(placement.of_kind(SiteKind::Repeater)) {
                prop_assert_eq!(assignment.gateway_of(node), brute(&placement, node));
            }
        }
    }
}
