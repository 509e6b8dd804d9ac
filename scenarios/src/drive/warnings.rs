//! What to know about the worlds of a scenario before trusting results from them.

use amitwin_data::metrics::{Metric, Values};
use amitwin_models::build::Built;
use amitwin_models::medium::mesh::LeftOut;
use amitwin_models::medium::mesh::radio::limits;
use amitwin_models::medium::mesh::radio::phy::channel_plan;
use amitwin_models::node::SiteId;
use amitwin_models::spec::{IdleTraffic, MediumKind, MeshSpec, WorldSpec};
use amitwin_models::terrain::SiteKind;
use amitwin_sim_core::SimTime;

/// Radios that a warning names.
const NAMED_MAX: usize = 5;

/// Warnings about a world that has been built.
pub fn of_world(built: &Built, spec: &WorldSpec) -> Vec<String> {
    let mut warnings = Vec::new();
    if !built.unreachable.is_empty() {
        let name = |&node: &u32| spec.placement.sites[node as usize].name.to_string();
        let names = built.unreachable.iter().take(NAMED_MAX).map(name).collect::<Vec<_>>().join(", ");
        let more = if built.unreachable.len() > NAMED_MAX { ", ..." } else { "" };
        let radios = spec.placement.sites.iter().filter(|s| s.kind.has_radio()).count();
        warnings.push(format!(
            "{} of {radios} radios have no route to a border router and stay silent ({names}{more}); the table `nodes` has them \
             with reachable = false. Add border routers or repeaters near them, or more transmit power{}",
            built.unreachable.len(),
            limits_of_trees(spec),
        ));
    }
    // Where all links stand out from whoever is left out, nothing is different.
    if let Some(left_out) = built.left_out.filter(|left_out| left_out.weak_links > 0) {
        let LeftOut { neighbours, strongest_dbm, undisturbed_dbm, weak_links, links } = left_out;
        warnings.push(format!(
            "up to {neighbours} neighbours beyond the strongest {} of a radio disturb nobody in the model. They are heard at {strongest_dbm:.1} \
             dBm at most, so that frames from {undisturbed_dbm:.1} dBm on do not suffer; {weak_links} of {links} links to a parent are \
             weaker and may lose more, and repeat more, than shown. Raise radio.neighbours_max to keep them",
            spec.radio.neighbours_max
        ));
    }
    if spec.medium == MediumKind::Mesh && spec.mesh.idle_traffic == IdleTraffic::None {
        warnings.push(
            "mesh.idle_traffic is \"none\": frames, air time and batteries are without what nodes say while nothing happens, which is most of it"
                .to_string(),
        );
    }
    warnings
}

/// Settings of the mesh that keep radios from border routers as well, as something else to look at.
fn limits_of_trees(spec: &WorldSpec) -> String {
    let mesh = &spec.mesh;
    let set = [
        mesh.neighbour_table.map(|places| format!("neighbour_table = {places}")),
        mesh.parent_threshold_dbm.map(|level| format!("parent_threshold = \"{level} dBm\"")),
        (mesh.hops_max != MeshSpec::default().hops_max).then(|| format!("hops_max = {}", mesh.hops_max)),
    ];
    let set: Vec<String> = set.into_iter().flatten().collect();
    if set.is_empty() { String::new() } else { format!("; or look at what [mesh] allows: {}", set.join(", ")) }
}

/// Whether radios were on the air for longer than their region lets them: how long each was in its busiest hour is known by site.
pub fn of_air(busiest: impl Iterator<Item = (SiteId, SimTime)>, spec: &WorldSpec) -> Option<String> {
    let limit = limits::air(&spec.radio)?;
    let (mut most, mut meters, mut over, mut radios) = (None, None, 0, 0);
    for (site, time) in busiest {
        let longer = |than: Option<(SiteId, SimTime)>| than.filter(|(_, than)| *than >= time).or(Some((site, time)));
        most = longer(most);
        if spec.placement.sites[site.at()].kind == SiteKind::Meter {
            meters = longer(meters);
        }
        radios += 1;
        over += u32::from(time > limit.plain);
    }
    let (site, time) = most.filter(|(_, time)| *time > limit.plain)?;
    let share = |time: SimTime| format!("{:.2} %", time.secs_f64() / 36.0);
    let name = |site: SiteId| &spec.placement.sites[site.at()].name;
    let who = |site: SiteId| match spec.placement.sites[site.at()].kind {
        SiteKind::Gateway => format!("border router {}", name(site)),
        SiteKind::Repeater => format!("repeater {}", name(site)),
        SiteKind::Meter | SiteKind::Transformer => format!("meter {}", name(site)),
    };
    let next = meters.filter(|(meter, _)| *meter != site);
    let next = next.map_or(String::new(), |(meter, time)| format!(", {} {}", who(meter), share(time)));
    let slices =
        channel_plan(spec.radio.region, spec.radio.phy).map_or(1.0, |plan| limits::slices(&plan, &limit, &spec.mac));
    let polite_s = time.secs_f64() / slices;
    let verdict = if polite_s > limit.polite.secs_f64() { "too much as well" } else { "within that" };
    Some(format!(
        "{} transmitted {} of its busiest hour{next}; {over} of {radios} radios were on the air for more than {} \
         ({}), which the region eu allows only with polite spectrum access. That allows {} s an hour in each {} kHz \
         (EN 300 220-1): {} comes to {polite_s:.1} s, {verdict}",
        who(site),
        share(time),
        share(limit.plain),
        limit.rule,
        limit.polite.secs_f64(),
        limit.slice_hz / 1_000,
        name(site),
    ))
}

/// Warnings about results, by the summary's metrics.
pub fn of_results(metrics: &Values, duration: SimTime) -> Vec<String> {
    let of = |metric| metrics.value(metric).unwrap_or(0.0);
    let (unheard, left_out, unknown) = (of(Metric::ResetsUnheard), of(Metric::LeftOut), of(Metric::LeftOutUnknown));
    let mut warnings = Vec::new();
    let last_s = of(Metric::CampaignStartS) + of(Metric::ResetWindowS);
    if last_s > duration.secs_f64() {
        warnings.push(format!(
            "resets are planned until {:.1} h into the run, which ends after {:.1} h: whoever has a later turn is never reset and counts as not back. Let it \
             last longer, or take a shorter window",
            last_s / 3_600.0,
            duration.secs_f64() / 3_600.0
        ));
    }
    if unheard > 0.0 {
        warnings.push(format!(
            "{unheard} meters did reset, and the head-end does not know: it takes them for failed or pending. The table \
             `transactions` has them with reset_s and without answered_s"
        ));
    }
    if left_out > 0.0 {
        warnings.push(format!(
            "{left_out} meters were left out by only_when: {} did not fit it, themselves or their links, and of the links of {unknown} nothing was known. \
             The table `transactions` has them as left_out, with what each lacked in held_by",
            left_out - unknown
        ));
    }
    let halted = of(Metric::ResetsHalted);
    if halted > 0.0 {
        warnings.push(format!(
            "a reset campaign was halted by stop_at_failed: {} meters had failed, and {halted} were not commanded. The table `transactions` has \
             them as halted",
            of(Metric::Failed)
        ));
    }
    let open = of(Metric::FieldVisitsOpen);
    if open > 0.0 {
        warnings.push(format!(
            "{open} meters still waited for a technician when the run ended, or had one with them: the figures of visits are of the others. \
             The table `field_visits` has them as waiting or under_way"
        ));
    }
    let (halted, failed) = (of(Metric::FirmwareHalted), of(Metric::FirmwareFailed));
    if halted > 0.0 {
        warnings.push(format!(
            "a firmware campaign was halted by stop_at_failed: {failed} meters had failed, and {halted} are not done. The table `transactions` \
             has them as halted, with how far each came in image_state"
        ));
    }
    warnings
}

/// The warnings of a variant with several seeds. What differs in numbers alone is told once, by the first seed.
pub fn over_seeds<'a>(of: impl IntoIterator<Item = (u64, &'a [String])>) -> Vec<String> {
    struct Told<'a> {
        words: Vec<&'a str>,
        text: &'a str,
        seed: u64,
        times: usize,
    }
    let (mut seeds, mut told): (usize, Vec<Told>) = (0, Vec::new());
    for (seed, warnings) in of {
        seeds += 1;
        for text in warnings {
            let digit = |word: &&str| word.contains(|c: char| c.is_ascii_digit());
            let words: Vec<&str> = text.split_whitespace().filter(|word| !digit(word)).collect();
            match told.iter_mut().find(|known| known.words == words) {
                Some(known) => known.times += 1,
                None => told.push(Told { words, text, seed, times: 1 }),
            }
        }
    }
    let tell = |Told { text, seed, times, .. }: Told| match times {
        1 => format!("seed {seed}: {text}"),
        _ => format!("seed {seed}, and much the same with {times} of {seeds} seeds: {text}"),
    };
    told.into_iter().map(tell).collect()
}

/// The warnings of all variants; one that several share is told once, with their names.
pub fn merged<'a>(of: impl IntoIterator<Item = (&'a str, &'a [String])>) -> Vec<String> {
    let mut variants = 0;
    let mut told: Vec<(&str, Vec<&str>)> = Vec::new();
    for (variant, warnings) in of {
        variants += 1;
        for warning in warnings {
            match told.iter_mut().find(|(text, _)| text == warning) {
                Some((_, names)) => names.push(variant),
                None => told.push((warning, vec![variant])),
            }
        }
    }
    let tell = |(text, names): (&str, Vec<&str>)| match names.len() {
        n if n == variants => text.to_owned(),
        1 => format!("variant '{}': {text}", names[0]),
        _ => format!("variants '{}': {text}", names.join("', '")),
    };
    told.into_iter().map(tell).collect()
}

#[cfg(test)]
mod tests {
    use super::{limits_of_trees, merged, of_results, over_seeds};
    use amitwin_data::metrics::{Metric, Values};
    use amitwin_models::spec::WorldSpec;
    use amitwin_sim_core::SimTime;

    #[test]
    fn turns_behind_the_end_of_a_run_are_told() {
        let mut metrics = Values::default();
        metrics.set(Metric::CampaignStartS, Some(1_800.0));
        metrics.set(Metric::ResetWindowS, Some(7_200.0));
        // 0.5 h and 2 h.
        assert_eq!(of_results(&metrics, SimTime::from_secs(9_000)), Vec::<String>::new());
        let told = of_results(&metrics, SimTime::from_secs(7_200));
        assert!(
            told.len() == 1
                && told[0].starts_with("resets are planned until 2.5 h into the run, which ends after 2.0 h"),
            "{told:?}"
        );
    }

    #[test]
    fn what_keeps_radios_from_a_route_besides_their_signal_is_named() {
        let mut spec = WorldSpec::plain();
        assert_eq!(limits_of_trees(&spec), "");
        (spec.mesh.neighbour_table, spec.mesh.hops_max) = (Some(11), 3);
        assert_eq!(limits_of_trees(&spec), "; or look at what [mesh] allows: neighbour_table = 11, hops_max = 3");
    }

    #[test]
    fn seeds_that_differ_in_numbers_are_told_once() {
        let told = |text: &str| vec![text.to_owned()];
        let (one, two, other) =
            (told("3 of 9 radios (M1) stay silent"), told("4 of 9 radios (M7) stay silent"), told("too loud"));
        assert_eq!(
            over_seeds([(1, &one[..]), (2, &two[..]), (3, &other[..])]),
            ["seed 1, and much the same with 2 of 3 seeds: 3 of 9 radios (M1) stay silent", "seed 3: too loud"]
        );
    }

    #[test]
    fn what_variants_share_is_told_once() {
        let (one, two) = (["x".to_owned(), "y".to_owned()], ["x".to_owned()]);
        assert_eq!(merged([("a", &one[..]), ("b", &two[..])]), ["x", "variant 'a': y"]);
        assert_eq!(
            merged([("a", &one[..]), ("b", &one[..]), ("c", &[][..])]),
            ["variants 'a', 'b': x", "variants 'a', 'b': y"]
        );
        assert!(merged([("a", &[][..])]).is_empty());
    }
}
