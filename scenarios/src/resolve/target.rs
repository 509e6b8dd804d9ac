//! `target` and `links` of an event, `target` of a campaign: the nodes that fit all that is said, the pairs that are named.

use super::Context;
use super::area::{in_circle, in_polygon};
use super::id_list::IdList;
use super::sites::Sites;
use crate::language::diagnostic::{nearest, suggest};
use amitwin_models::purpose::EVENT_SHARE;
use amitwin_models::spec::{Coupling, EventSpec, Fitting, Target, TargetKind};
use amitwin_models::terrain::{Assignment, Placement, Site, SiteKind, assign_within};
use amitwin_sim_core::rng::Stream;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::fmt;

/// Unknown ids of a list, or known border routers, that are told one by one.
const TOLD_MAX: usize = 20;
/// Values of a column that a misspelt one is compared with.
const COMPARED_MAX: usize = 10_000;

/// One thing that a target says: its key, and whether a site fits.
type Criterion<'t> = (Cow<'t, str>, Fits<'t>);

/// Whether a site fits, by its number and what stands there.
type Fits<'t> = Box<dyn Fn(u32, &Site) -> bool + 't>;

/// Whose target it is, and where that stands.
pub(super) struct Of<'n> {
    /// "event", or what else has one.
    pub noun: &'static str,
    /// Its name.
    pub name: &'n str,
    /// Keys down to the target.
    pub path: &'n [&'n str],
}

impl<'n> Of<'n> {
    fn place<'k>(&self, keys: &[&'k str]) -> Vec<&'k str>
    where
        'n: 'k,
    {
        self.path.iter().chain(keys).copied().collect()
    }
}

impl fmt::Display for Of<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} `{}`", self.noun, self.name)
    }
}

/// Finds the nodes of targets in a placement.
pub(super) struct Finder<'a> {
    placement: &'a Placement,
    sites: &'a Sites<'a>,
    routes_max: Option<u32>,
    /// Who serves whom, once somebody asks.
    assignment: OnceCell<Assignment>,
}

impl<'a> Finder<'a> {
    /// `sites` knows every id that the events name; `routes_max` is the limit of border routers.
    pub fn new(placement: &'a Placement, sites: &'a Sites<'a>, routes_max: Option<u32>) -> Finder<'a> {
        Finder { placement, sites, routes_max, assignment: OnceCell::new() }
    }

    fn assignment(&self) -> &Assignment {
        self.assignment.get_or_init(|| assign_within(self.placement, self.routes_max))
    }

    /// The meters that something else than an event means, ascending; `purpose` is that of a share's draws.
    pub fn meters(&self, cx: &mut Context<'_>, of: &Of<'_>, purpose: u32, target: &Target) -> Vec<u32> {
        let Some(mut criteria) = self.criteria(cx, of, target, None) else { return Vec::new() };
        criteria.push(("kind".into(), Box::new(|_, site| site.kind == SiteKind::Meter)));
        let fit = self.fitting(cx, of, &criteria);
        self.share(cx, of, purpose, target.share, fit)
    }

    /// The nodes that an event happens to, ascending. `index` is its place in the file, `list` what its file names.
    pub fn nodes(&self, cx: &mut Context<'_>, index: usize, event: &EventSpec, list: Option<&IdList>) -> Vec<u32> {
        let (name, target) = (event.name.as_str(), &event.target);
        if target.is_empty() {
            let title = format!("the event `{name}` does not say whom it happens to");
            let help = "add target = { kind = \"meter\" }, { ids = [\"M1\"] }, { router = \"G1\" }, { share = \"10 %\" }, \
                        a circle, a polygon or a file of ids";
            cx.error(&["event", name], title, "needs a `target`", help);
            return Vec::new();
        }
        let of = &Of { noun: "event", name, path: &["event", name, "target"] };
        let Some(criteria) = self.criteria(cx, of, target, list) else { return Vec::new() };
        let mut fit = self.fitting(cx, of, &criteria);
        if fit.is_empty() {
            return fit;
        }
        if event.act.is_of_routers() {
            fit.retain(|&node| self.placement.sites[node as usize].kind == SiteKind::Gateway);
            if fit.is_empty() {
                let title = format!("the event `{name}` needs a border router, and its target has none");
                let help = match target.router {
                    Some(_) => "`router` means whom it serves; add kind = \"gateway\" for the border router itself",
                    None => "add kind = \"gateway\" to its target, or name a border router in `ids`",
                };
                cx.error(&["event", name, "target"], title, "no border router among them", help);
                return fit;
            }
        }
        self.share(cx, of, EVENT_SHARE ^ ((index as u32) << 16), target.share, fit)
    }

    /// The pairs that an event names, each once.
    pub fn edges(&self, cx: &mut Context<'_>, event: &EventSpec, links: &[[String; 2]]) -> Vec<(u32, u32)> {
        let name = event.name.as_str();
        if !event.target.is_empty() {
            let title = format!("the event `{name}` has both a `target` and `links`");
            cx.error(&["event", name, "links"], title, "one of the two", "remove `target` or `links`");
        }
        let mut seen = BTreeSet::new();
        let mut edges = Vec::new();
        for (at, [a, b]) in links.iter().enumerate() {
            let at = at.to_string();
            let place = ["event", name, "links", &at];
            if a == b {
                let title = format!("the event `{name}` has a link from `{a}` to itself");
                cx.error(&place, title, "two ends are needed", "name two different nodes");
                continue;
            }
            let ends = [(a, "0"), (b, "1")].map(|(id, end)| {
                let tell =
                    |(title, help)| cx.error(&[&place[..], &[end]].concat(), title, "not in the placement", help);
                self.sites.node(id).map_err(tell).ok()
            });
            let [Some(from), Some(to)] = ends else { continue };
            if !seen.insert((from.min(to), from.max(to))) {
                continue;
            }
            let assignment = self.assignment();
            if cx.file.coupling.meshes != Coupling::Exact
                && !cx.file.mesh.chooses_pan()
                && assignment.gateway_of(from) != assignment.gateway_of(to)
            {
                let text = format!(
                    "the event `{name}` has a link between `{a}` and `{b}`, which are of different border routers; its \
                     loss counts only where both are simulated together (coupling.meshes = \"exact\")"
                );
                cx.warn(&place, text);
            }
            edges.push((from, to));
        }
        edges
    }

    /// The nodes that fit every criterion; an error if there are none.
    fn fitting(&self, cx: &mut Context<'_>, of: &Of<'_>, criteria: &[Criterion<'_>]) -> Vec<u32> {
        let mut fit = Vec::new();
        let mut alone = vec![0; criteria.len()];
        for (number, site) in (0..).zip(&self.placement.sites).filter(|(_, site)| site.kind.has_radio()) {
            let mut all = true;
            for ((_, fits), alone) in criteria.iter().zip(&mut alone) {
                let fits = fits(number, site);
                *alone += u32::from(fits);
                all &= fits;
            }
            if all {
                fit.push(number);
            }
        }
        if fit.is_empty() {
            let count = |((word, _), alone): (&Criterion<'_>, &u32)| format!("{alone} fit `{word}`");
            let counts: Vec<String> = criteria.iter().zip(&alone).map(count).collect();
            let title = format!("{of} happens to nobody");
            cx.error(&of.place(&[]), title, "nothing fits all of it", counts.join(", "));
        }
        fit
    }

    /// The share of those who fit. That a draw hits none is no error, so that a sweep over shares or seeds goes through.
    fn share(
        &self,
        cx: &mut Context<'_>,
        of: &Of<'_>,
        purpose: u32,
        share: Option<f64>,
        mut fit: Vec<u32>,
    ) -> Vec<u32> {
        let Some(share) = share else { return fit };
        let (seed, all) = (cx.file.seed, fit.len());
        fit.retain(|&node| Stream::new(seed, u64::from(node), purpose).unit() < share);
        if fit.is_empty() && share > 0.0 {
            let text = format!("{of} happens to nobody: its share took none of the {all} nodes that fit");
            cx.warn(&of.place(&["share"]), text);
        }
        fit
    }

    /// Everything that a target says, but for its share; `None` after an error.
    fn criteria<'t>(
        &'t self,
        cx: &mut Context<'_>,
        of: &Of<'_>,
        target: &'t Target,
        list: Option<&IdList>,
    ) -> Option<Vec<Criterion<'t>>> {
        let mut all: Vec<Option<Criterion<'t>>> = Vec::new();
        if !target.ids.is_empty() {
            all.push(self.ids(cx, of, &target.ids));
        }
        if target.file.is_some() {
            all.push(list.and_then(|list| self.listed(cx, of, list)));
        }
        if let Some(kind) = target.kind {
            let kind = match kind {
                TargetKind::Meter => SiteKind::Meter,
                TargetKind::Repeater => SiteKind::Repeater,
                TargetKind::Gateway => SiteKind::Gateway,
            };
            all.push(Some(("kind".into(), Box::new(move |_, site| site.kind == kind))));
        }
        if let Some(router) = &target.router {
            all.push(self.router(cx, of, router, target.kind));
        }
        if let Some(vintage) = &target.vintage {
            all.push(vintage_of(cx, of, vintage));
        }
        for (column, fitting) in &target.attributes {
            all.push(self.attribute(cx, of, column, fitting));
        }
        if let Some(circle) = &target.circle {
            let inside = move |_, site: &Site| in_circle(circle, site.lat_deg, site.lon_deg);
            all.push(has_coordinates(cx, of, "circle").then_some(("circle".into(), Box::new(inside))));
        }
        if let Some(corners) = &target.polygon {
            let inside = move |_, site: &Site| in_polygon(corners, site.lat_deg, site.lon_deg);
            let sound = has_coordinates(cx, of, "polygon") & are_on_the_globe(cx, of, corners);
            all.push(sound.then_some(("polygon".into(), Box::new(inside))));
        }
        all.into_iter().collect()
    }

    fn ids<'t>(&self, cx: &mut Context<'_>, of: &Of<'_>, ids: &[String]) -> Option<Criterion<'t>> {
        let mut nodes = Vec::with_capacity(ids.len());
        let mut sound = true;
        for (at, id) in ids.iter().enumerate() {
            match self.sites.node(id) {
                Ok(node) => nodes.push(node),
                Err((title, help)) => {
                    cx.error(&of.place(&["ids", &at.to_string()]), title, "not in the placement", help);
                    sound = false;
                }
            }
        }
        sound.then(|| ("ids".into(), among(nodes)))
    }

    /// As `ids`, but the ids stand in a file: its errors are told in one.
    fn listed<'t>(&self, cx: &mut Context<'_>, of: &Of<'_>, list: &IdList) -> Option<Criterion<'t>> {
        let (known, unknown): (Vec<_>, Vec<_>) = list.ids.iter().partition(|(_, id)| self.sites.node_of(id).is_some());
        if !unknown.is_empty() {
            let tell = |(line, id): &&(usize, String)| match self.sites.near(id) {
                Some(near) => format!("`{id}` (line {line}, did you mean `{near}`?)"),
                None => format!("`{id}` (line {line})"),
            };
            let told: Vec<String> = unknown.iter().take(TOLD_MAX).map(tell).collect();
            let more = match unknown.len().saturating_sub(TOLD_MAX) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let title = format!("the list of ids names what is no node of the placement: {}{more}", told.join(", "));
            let help =
                "write one id of a meter, repeater or border router a line; a line that begins with # is a comment";
            cx.error(&of.place(&["file"]), title, "this file", help);
            return None;
        }
        Some(("file".into(), among(known.iter().filter_map(|(_, id)| self.sites.node_of(id)).collect())))
    }

    /// Those of whom a column of the placement file says one of these texts.
    fn attribute<'t>(
        &'t self,
        cx: &mut Context<'_>,
        of: &Of<'_>,
        column: &'t str,
        fitting: &'t Fitting,
    ) -> Option<Criterion<'t>> {
        let place = of.place(&["attributes", column]);
        let attributes = &self.placement.attributes;
        let names: Vec<&str> = attributes.columns().iter().map(|attribute| attribute.name()).collect();
        let Some(attribute) = attributes.column(column) else {
            let help = match names[..] {
                [] => "the placement has no columns of your own; add one to its file".to_owned(),
                _ => suggest(column, &names[..names.len().min(TOLD_MAX)], "columns of your own"),
            };
            cx.error(&place, format!("the placement has no column `{column}`"), "not in the placement", help);
            return None;
        };
        let unknown: Vec<&String> =
            fitting.texts().iter().filter(|text| attribute.words().all(|word| word != text.as_str())).collect();
        if let [first, ..] = unknown[..] {
            let told: Vec<String> = unknown.iter().take(TOLD_MAX).map(|text| format!("`{text}`")).collect();
            let words: Vec<&str> = attribute.words().take(COMPARED_MAX).collect();
            let help = match nearest(first, words.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => suggest("", &words[..words.len().min(TOLD_MAX)], "some of its values"),
            };
            let title = format!("nothing in the column `{column}` of the placement is {}", told.join(" or "));
            cx.error(&place, title, "nowhere", help);
            return None;
        }
        let fits = move |number: u32, _: &Site| {
            attribute.value(number as usize).is_some_and(|value| fitting.texts().iter().any(|text| text == value))
        };
        Some((format!("attributes.{column}").into(), Box::new(fits)))
    }

    /// Whom a border router serves; itself only where border routers are meant.
    fn router<'t>(
        &'t self,
        cx: &mut Context<'_>,
        of: &Of<'_>,
        router: &str,
        kind: Option<TargetKind>,
    ) -> Option<Criterion<'t>> {
        let assignment = self.assignment();
        let place = of.place(&["router"]);
        match self.sites.of(router) {
            Some((gateway, SiteKind::Gateway)) => {
                let itself = kind == Some(TargetKind::Gateway);
                let served =
                    move |node, _: &Site| assignment.gateway_of(node) == Some(gateway) && (itself || node != gateway);
                Some(("router".into(), Box::new(served)))
            }
            Some((_, kind)) => {
                let title = format!("`{router}` is a {kind} and no border router");
                cx.error(&place, title, "not a border router", self.routers("", assignment));
                None
            }
            None => {
                let title = format!("there is no border router `{router}`");
                cx.error(&place, title, "not a border router", self.routers(router, assignment));
                None
            }
        }
    }

    /// The border router that was meant, or those that there are.
    fn routers(&self, meant: &str, assignment: &Assignment) -> String {
        let name = |&node: &u32| self.placement.sites[node as usize].name.to_string();
        let names: Vec<String> = assignment.gateways.iter().map(name).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let first = &names[..names.len().min(TOLD_MAX)];
        match nearest(meant, names.iter().copied()) {
            Some(_) => suggest(meant, &names, "border routers"),
            None if first.len() < names.len() => format!("{}, …", suggest("", first, "border routers")),
            None => suggest("", first, "border routers"),
        }
    }
}

/// Whether a node is one of these.
fn among<'t>(mut nodes: Vec<u32>) -> Fits<'t> {
    nodes.sort_unstable();
    Box::new(move |node, _| nodes.binary_search(&node).is_ok())
}

fn vintage_of<'t>(cx: &mut Context<'_>, of: &Of<'_>, vintage: &str) -> Option<Criterion<'t>> {
    let names: Vec<&str> = cx.file.dlms.vendors.iter().map(|vendor| vendor.name.as_str()).collect();
    let Some(at) = names.iter().position(|name| *name == vintage) else {
        let help = match names[..] {
            [] => "the scenario has no [[dlms.vendor]]; add one for each kind of meter".to_owned(),
            _ => suggest(vintage, &names, "kinds of meters"),
        };
        let title = format!("there is no kind of meter `{vintage}`");
        cx.error(&of.place(&["vintage"]), title, "not one of dlms.vendor", help);
        return None;
    };
    let kinds = names.len();
    Some(("vintage".into(), Box::new(move |node, site| site.kind == SiteKind::Meter && node as usize % kinds == at)))
}

/// Whether places on the globe mean anything: a town lies somewhere only if the scenario says where.
fn has_coordinates(cx: &mut Context<'_>, of: &Of<'_>, key: &str) -> bool {
    let section = &cx.file.placement;
    let has = section.file.is_some() || section.origin.is_some();
    if !has {
        let title = format!("{of} has a {key}, and the generated town does not say where it lies");
        let help = "add `origin` to [placement]; without it the town lies around origin = { lat = \"50 deg\", lon = \"10 deg\" }";
        cx.error(&of.place(&[key]), title, "which place is this?", help);
    }
    has
}

fn are_on_the_globe(cx: &mut Context<'_>, of: &Of<'_>, corners: &[[f64; 2]]) -> bool {
    let mut sound = true;
    for (at, [lat, lon]) in corners.iter().enumerate() {
        if lat.abs() > 90.0 || lon.abs() > 180.0 {
            let title = format!("corner {} of the polygon of `{}` is no place on the globe", at + 1, of.name);
            let help = "write [latitude, longitude] in degrees: -90 to 90, and -180 to 180";
            cx.error(&of.place(&["polygon", &at.to_string()]), title, "out of range", help);
            sound = false;
        }
    }
    sound
}
