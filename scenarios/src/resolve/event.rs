//! `[[event]]`: when things happen, and to whom: targets become sites.

use super::placement::Placements;
use super::{Context, show};
use crate::language::diagnostic::suggest;
use amitwin_models::purpose::EVENT_SHARE;
use amitwin_models::spec::{Act, Circle, EventSpec, Target, TargetKind, WorldSpec};
use amitwin_models::terrain::{Assignment, Site, SiteKind, assign};
use amitwin_sim_core::rng::Stream;
use std::collections::BTreeMap;

/// Unknown ids that are told one by one.
const TOLD_MAX: usize = 20;
const EARTH_RADIUS_M: f64 = 6_371_000.0;

/// Finds the nodes and edges of every event of a world.
pub(super) fn events(cx: &mut Context<'_>, spec: &mut WorldSpec, placements: &mut Placements) {
    if spec.events.is_empty() {
        return;
    }
    let mut events = std::mem::take(&mut spec.events);
    let ids: BTreeMap<String, u32> =
        (0..).zip(&spec.placement.sites).map(|(n, site)| (site.name.to_string(), n)).collect();
    let assignment = assign(&spec.placement);
    let finder = Finder { spec, ids: &ids, assignment: &assignment };
    for (index, event) in events.iter_mut().enumerate() {
        times(cx, event, spec);
        let links = if let Act::ExtraLoss(extra) = &event.act { &extra.links[..] } else { &[] };
        if links.is_empty() {
            event.nodes = finder.nodes(cx, placements, event, index);
            check_act(cx, event, spec);
        } else {
            event.edges = finder.edges(cx, &event.name, links);
            if !event.target.is_empty() {
                let title = format!("the event `{}` has both a `target` and `links`", event.name);
                cx.error(&["event", &event.name, "links"], title, "one of the two", "remove `target` or `links`");
            }
        }
    }
    spec.events = events;
}

fn times(cx: &mut Context<'_>, event: &EventSpec, spec: &WorldSpec) {
    let name = event.name.as_str();
    if event.until.is_some() && event.lasts.is_some() {
        let title = format!("the event `{name}` has both `until` and `for`");
        cx.error(&["event", name, "for"], title, "one of the two", "remove `until` or `for`");
    }
    if event.at >= spec.duration {
        let title = format!("the event `{name}` begins when the run is over");
        let help = format!("the run lasts {}; begin earlier or raise `duration`", show(spec.duration));
        cx.error(&["event", name, "at"], title, "not within the run", help);
    }
    if event.until.is_some_and(|until| until <= event.at) {
        let title = format!("the event `{name}` ends before it begins");
        let help = format!("it begins at {}; end it later, or say how long it lasts with `for`", show(event.at));
        cx.error(&["event", name, "until"], title, "not after `at`", help);
    }
}

/// Acts that only make sense at border routers.
fn check_act(cx: &mut Context<'_>, event: &EventSpec, spec: &WorldSpec) {
    let is_router = |&site: &u32| spec.placement.sites[site as usize].kind == SiteKind::Gateway;
    if event.act.is_of_routers() && !event.nodes.is_empty() && !event.nodes.iter().any(is_router) {
        let name = event.name.as_str();
        let title = format!("the event `{name}` needs a border router, and its target has none");
        let help = "add kind = \"gateway\" to its target, or name a border router in `ids`";
        cx.error(&["event", name, "target"], title, "no border router among them", help);
    }
}

/// Whether a node fits one thing that a target says.
type Fits<'t> = Box<dyn Fn(u32) -> bool + 't>;

struct Finder<'a> {
    spec: &'a WorldSpec,
    ids: &'a BTreeMap<String, u32>,
    assignment: &'a Assignment,
}

impl Finder<'_> {
    fn site(&self, node: u32) -> &Site {
        &self.spec.placement.sites[node as usize]
    }

    /// The nodes that fit all that a target says, ascending.
    fn nodes(&self, cx: &mut Context<'_>, placements: &mut Placements, event: &EventSpec, index: usize) -> Vec<u32> {
        let (name, target) = (event.name.as_str(), &event.target);
        if target.is_empty() {
            let title = format!("the event `{name}` does not say whom it happens to");
            let help = "add target = { kind = \"meter\" }, { ids = [\"M1\"] }, { router = \"G1\" }, { share = \"10 %\" }, \
                        a circle, a polygon or a file of ids";
            cx.error(&["event", name], title, "needs a `target`", help);
            return Vec::new();
        }
        let errors = cx.errors.len();
        let mut fit: Vec<u32> = (0..self.spec.placement.sites.len() as u32)
            .filter(|&n| self.site(n).kind != SiteKind::Transformer)
            .collect();
        let mut counts: Vec<String> = Vec::new();
        for (word, which) in self.criteria(cx, placements, name, target) {
            let alone = fit_count(self.spec.placement.sites.len() as u32, &*which);
            counts.push(format!("{alone} fit `{word}`"));
            fit.retain(|&node| which(node));
        }
        if let Some(share) = target.share {
            let draw = |node: u32| {
                Stream::new(self.spec.seed, u64::from(node), EVENT_SHARE ^ ((index as u32) << 16)).unit() < share
            };
            fit.retain(|&node| draw(node));
            counts.push(format!("a share of {share} is taken of them"));
        }
        if fit.is_empty() && cx.errors.len() == errors {
            let title = format!("the event `{name}` happens to nobody");
            cx.error(&["event", name, "target"], title, "nothing fits all of it", counts.join(", "));
        }
        fit
    }

    /// What a target says, but for its share: a word for it, and whether a node fits.
    fn criteria<'t>(
        &'t self,
        cx: &mut Context<'_>,
        placements: &mut Placements,
        name: &str,
        target: &'t Target,
    ) -> Vec<(&'static str, Fits<'t>)> {
        let mut all: Vec<(&'static str, Fits<'t>)> = Vec::new();
        if !target.ids.is_empty() {
            let nodes = self.named(cx, &["event", name, "target", "ids"], target.ids.iter().map(String::as_str));
            all.push(("ids", Box::new(move |node| nodes.binary_search(&node).is_ok())));
        }
        if let Some(file) = &target.file {
            let place = ["event", name, "target", "file"];
            let nodes = match placements.read_list(file) {
                Ok(text) => {
                    let ids = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
                    self.named(cx, &place, ids)
                }
                Err(error) => {
                    let title = format!("the list of ids `{file}` cannot be read: {error}");
                    cx.error(&place, title, "this file", "one id of the placement a line; paths start at the scenario");
                    Vec::new()
                }
            };
            all.push(("file", Box::new(move |node| nodes.binary_search(&node).is_ok())));
        }
        if let Some(kind) = target.kind {
            let kind = match kind {
                TargetKind::Meter => SiteKind::Meter,
                TargetKind::Repeater => SiteKind::Repeater,
                TargetKind::Gateway => SiteKind::Gateway,
            };
            all.push(("kind", Box::new(move |node| self.site(node).kind == kind)));
        }
        if let Some(router) = &target.router {
            all.extend(self.behind(cx, name, router, target.kind).map(|which| ("router", which)));
        }
        if let Some(vintage) = &target.vintage {
            all.extend(self.of_vintage(cx, name, vintage).map(|which| ("vintage", which)));
        }
        if let Some(circle) = target.circle {
            all.push(("circle", Box::new(move |node| distance_m(circle, self.site(node)) <= circle.radius_m)));
        }
        if let Some(corners) = &target.polygon {
            all.push(("polygon", Box::new(move |node| is_inside(corners, self.site(node)))));
        }
        all
    }

    /// Sites by their ids, ascending; those that are unknown are told.
    fn named<'i>(&self, cx: &mut Context<'_>, place: &[&str], ids: impl Iterator<Item = &'i str>) -> Vec<u32> {
        let (known, unknown): (Vec<&str>, Vec<&str>) = ids.partition(|&id| self.ids.contains_key(id));
        if let Some(&first) = unknown.first() {
            let names: Vec<&str> = self.ids.keys().map(String::as_str).collect();
            let told = unknown.iter().take(TOLD_MAX).map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
            let more = unknown.len().saturating_sub(TOLD_MAX);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let title = format!("the placement has no {told}{more}");
            let near = suggest(first, &names, "ids of the placement");
            let help = if names.len() > 12 && !near.starts_with("did") {
                "ids are those of the placement".into()
            } else {
                near
            };
            cx.error(place, title, "not in the placement", help);
        }
        let mut nodes: Vec<u32> = known.into_iter().map(|id| self.ids[id]).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// Whom a border router serves; itself only where border routers are meant.
    fn behind<'t>(
        &'t self,
        cx: &mut Context<'_>,
        name: &str,
        router: &str,
        kind: Option<TargetKind>,
    ) -> Option<Fits<'t>> {
        let gateway = self.ids.get(router).copied().filter(|&n| self.site(n).kind == SiteKind::Gateway);
        let Some(gateway) = gateway else {
            let names: Vec<String> = self.assignment.gateways.iter().map(|&g| self.site(g).name.to_string()).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let title = format!("there is no border router `{router}`");
            let place = ["event", name, "target", "router"];
            cx.error(&place, title, "not a border router", suggest(router, &names, "border routers"));
            return None;
        };
        let itself = kind == Some(TargetKind::Gateway);
        Some(Box::new(move |node| self.assignment.gateway_of(node) == Some(gateway) && (itself || node != gateway)))
    }

    fn of_vintage<'t>(&'t self, cx: &mut Context<'_>, name: &str, vintage: &str) -> Option<Fits<'t>> {
        let vendors = &self.spec.dlms.vendors;
        let Some(at) = vendors.iter().position(|vendor| vendor.name == vintage) else {
            let names: Vec<&str> = vendors.iter().map(|vendor| vendor.name.as_str()).collect();
            let title = format!("there is no kind of meter `{vintage}`");
            let place = ["event", name, "target", "vintage"];
            cx.error(&place, title, "not one of dlms.vendor", suggest(vintage, &names, "kinds of meters"));
            return None;
        };
        let kinds = vendors.len();
        Some(Box::new(move |node| self.site(node).kind == SiteKind::Meter && node as usize % kinds == at))
    }

    fn edges(&self, cx: &mut Context<'_>, name: &str, links: &[[String; 2]]) -> Vec<(u32, u32)> {
        let place = ["event", name, "links"];
        self.named(cx, &place, links.iter().flatten().map(String::as_str));
        let mut edges = Vec::with_capacity(links.len());
        for [a, b] in links {
            if a == b {
                let title = format!("the event `{name}` has a link from `{a}` to itself");
                cx.error(&place, title, "two ends are needed", "name two different nodes");
            } else if let (Some(&from), Some(&to)) = (self.ids.get(a), self.ids.get(b)) {
                if self.assignment.gateway_of(from) != self.assignment.gateway_of(to) {
                    let text = format!(
                        "the event `{name}` has a link between `{a}` and `{b}`, which are of different border routers; its \
                         loss counts only where both are simulated together (coupling.meshes = \"exact\")"
                    );
                    cx.warn(&place, text);
                }
                edges.push((from, to));
            }
        }
        edges
    }
}

fn fit_count(sites: u32, which: &dyn Fn(u32) -> bool) -> usize {
    (0..sites).filter(|&node| which(node)).count()
}

/// Great-circle distance from the centre of a circle.
fn distance_m(circle: Circle, site: &Site) -> f64 {
    let (lat, other) = (circle.lat.to_radians(), site.lat_deg.to_radians());
    let (dy, dx) = (other - lat, (site.lon_deg - circle.lon).to_radians());
    let half = |angle: f64| libm::sin(angle / 2.0) * libm::sin(angle / 2.0);
    let h = half(dy) + libm::cos(lat) * libm::cos(other) * half(dx);
    2.0 * EARTH_RADIUS_M * libm::asin(h.min(1.0).sqrt())
}

/// Even-odd rule in latitudes and longitudes.
fn is_inside(corners: &[[f64; 2]], site: &Site) -> bool {
    let (lat, lon) = (site.lat_deg, site.lon_deg);
    let edges = corners.iter().zip(corners.iter().cycle().skip(1));
    let crossed = edges.filter(|([lat_a, lon_a], [lat_b, lon_b])| {
        (*lat_a > lat) != (*lat_b > lat) && lon < lon_a + (lat - lat_a) / (lat_b - lat_a) * (lon_b - lon_a)
    });
    crossed.count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use amitwin_models::terrain::SiteName;

    fn site(lat_deg: f64, lon_deg: f64) -> Site {
        let name = SiteName::numbered('N', 1);
        Site { name, kind: SiteKind::Meter, lat_deg, lon_deg, x_m: 0.0, y_m: 0.0, height_m: 1.5 }
    }

    #[test]
    fn a_degree_of_latitude_is_111_km_and_of_longitude_at_60_degrees_half_of_that() {
        // 6,371 km x pi / 180 = 111.195 km.
        let circle = |lat, lon| Circle { lat, lon, radius_m: 0.0 };
        assert!((distance_m(circle(0.0, 0.0), &site(1.0, 0.0)) - 111_195.0).abs() < 1.0);
        assert!((distance_m(circle(60.0, 0.0), &site(60.0, 1.0)) - 55_595.0).abs() < 5.0);
        assert_eq!(distance_m(circle(47.0, 8.0), &site(47.0, 8.0)), 0.0);
    }

    #[test]
    fn a_point_is_inside_if_a_ray_crosses_an_odd_number_of_sides() {
        // An L: the square 0 to 2 without its upper right quarter.
        let corners = [[0.0, 0.0], [0.0, 2.0], [1.0, 2.0], [1.0, 1.0], [2.0, 1.0], [2.0, 0.0]];
        for (lat, lon, inside) in [
            (0.5, 0.5, true),
            (0.5, 1.5, true),
            (1.5, 0.5, true),
            (1.5, 1.5, false),
            (2.5, 0.5, false),
            (0.5, -0.5, false),
        ] {
            assert_eq!(is_inside(&corners, &site(lat, lon)), inside, "{lat} {lon}");
        }
    }
}
