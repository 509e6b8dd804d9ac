//! The driver over another exchange than `Local`: meshes and head-end on two engines come to the fingerprint of one.

use amitwin_data::rows::Fingerprinter;
use amitwin_models::backhaul::HEAD_END;
use amitwin_models::event::Event;
use amitwin_scenarios::drive::{Unwatched, VariantRun, run_variant};
use amitwin_scenarios::{Variant, load_text};
use amitwin_sim_core::{Exchange, Local};
use amitwin_testkit::exchange::lines;
use std::path::Path;

/// Everything that crosses between partitions: commands to one and to all, reads, heartbeats, frames of neighbours. The run
/// ends while meters that have reset are not back and reads are under way.
const TOWN: &str = r#"name = "apart"
duration = "10min"
[placement]
generator = "suburb"
meters = 90
gateways = 3
[traffic]
push = "2min"
[backhaul]
latency = "200ms"
[[read]]
name = "registers"
what = "registers"
every = "3min"
[[campaign]]
name = "reset"
kind = "reset"
at = "7min"
window = ["10s", "170s"]
[[variant]]
name = "one command for all"
[[variant]]
name = "one command each"
set = { "campaign.reset.delivery" = "unicast" }
"#;

fn drive<X: Exchange<Event>>(variant: &Variant, exchange: X) -> VariantRun {
    run_variant(variant, 0, exchange, |_| Ok(()), &Unwatched).expect("it runs")
}

/// Fingerprints of the partitions that each of two engines ran.
fn apart(variant: &Variant, owner: fn(u32) -> usize) -> Vec<Vec<(u32, String)>> {
    std::thread::scope(|scope| {
        let ends = lines(2, owner);
        let jobs: Vec<_> = ends.into_iter().map(|end| scope.spawn(|| drive(variant, end).prints)).collect();
        jobs.into_iter().map(|job| job.join().expect("it runs")).collect()
    })
}

#[test]
fn meshes_and_head_end_on_two_engines_come_to_the_fingerprint_of_one() {
    let scenario = load_text(TOWN, "apart.toml", Path::new("."), &[], Some(1)).unwrap_or_else(|e| panic!("{e}"));
    for variant in &scenario.variants {
        let one = drive(variant, Local);
        let unheard = one.summary.metrics["resets_unheard"].expect("there is a campaign");
        assert!(unheard > 0.0, "the head-end learns of some resets only at the end");
        let owners: [fn(u32) -> usize; 2] = [|id| usize::from(id == HEAD_END), |id| usize::from(id == 1)];
        for owner in owners {
            let mut prints = apart(variant, owner);
            assert!(prints.iter().all(|part| !part.is_empty()), "both engines run something");
            let mut prints: Vec<_> = prints.iter_mut().flat_map(std::mem::take).collect();
            prints.sort();
            assert_eq!(prints, one.prints, "'{}'", variant.name);
            assert_eq!(Fingerprinter::combine(prints.iter().map(|p| &p.1)), one.summary.fingerprint);
        }
    }
}
