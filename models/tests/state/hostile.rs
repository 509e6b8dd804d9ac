//! Saved bytes that somebody changed.

use super::*;

/// Changes each byte twice under a checksum that is right; what is refused, each in the beginning of its words.
fn hostile(spec: &WorldSpec, at: SimTime) -> BTreeSet<String> {
    const HEADER: usize = 24;
    const PARTS: usize = 21;
    let mut world = built(spec);
    world.run_until(at).unwrap();
    world.partitions_mut().for_each(|part| *part.rows() = Default::default());
    let bytes = save(&world, spec).unwrap();
    let body = HEADER..bytes.len() - 32;
    let mut draws = Stream::new(7, 0, 0);
    let mut refused = BTreeSet::new();
    // Behind the hashes of the specification's parts.
    let behind = body.start + PARTS * 8..body.end;
    for place in behind.clone().chain(behind) {
        let mut changed = bytes.clone();
        changed[place] = draws.below(256) as u8;
        let checksum = blake3::hash(&changed[..body.end]);
        changed[body.end..].copy_from_slice(checksum.as_bytes());
        if let Err(why) = restore(&changed, spec, &mut world) {
            let text = why.to_string();
            refused.insert(text.chars().filter(|c| !c.is_ascii_digit()).take(90).collect::<String>());
        }
    }
    restore(&bytes, spec, &mut world).expect("what was saved");
    refused
}

/// Bytes that nobody wrote, under a checksum that is right: taken over or refused, never a crash.
#[test]
fn changed_bytes_are_refused_or_taken_over_but_crash_nothing() {
    let mut spec = streets(900);
    spec.traffic.push_period = Some(seconds(20));
    spec.campaigns = vec![
        reset(400, Delivery::Unicast, BackSign::Heartbeat),
        CampaignSpec {
            name: "clocks".to_owned(),
            priority: PRIORITY_USUAL,
            role: None,
            job: JobSpec::Ping(PaceSpec {
                at: seconds(380),
                window: Some(seconds(100)),
                timeout: seconds(60),
                attempts: Some(1),
                ..PaceSpec::default()
            }),
        },
    ];
    spec.polls = vec![PollSpec {
        at: seconds(420),
        every: seconds(300),
        window: Some(seconds(200)),
        parallel: 2,
        attempts: 3,
        timeout: seconds(20),
        ..PollSpec::once("reads".to_owned(), PollContent::Registers)
    }];
    let dark = event("dark", 415, Some(60), Act::PowerOff(PowerOff {}), vec![12, 13]);
    let mut loss =
        event("loss", 410, Some(300), Act::ExtraLoss(ExtraLoss { loss_db: 20.0, links: Vec::new() }), vec![25]);
    loss.edges = vec![(1, 2)];
    let slow = event("slow", 300, Some(300), Act::BackhaulSlow(BackhaulSlow { delay: seconds(20) }), vec![0, 24]);
    spec.events = vec![dark, loss, slow];
    spec.device.last_gasp = Some(LastGaspSpec::default());
    let refused = hostile(&spec, SimTime::from_millis(433_333));
    let rooms = ["air: ", "mac: ", "net: ", "packets: ", "meter: ", "gateway: ", "fleet: ", "head-end: ", "read: "];
    for room in rooms.into_iter().chain(["an event is"]) {
        assert!(refused.iter().any(|text| text.contains(room)), "{room} refuses nothing: {refused:#?}");
    }
    spec.medium = MediumKind::Ideal;
    spec.dlms.payload = Payload::Real;
    let refused = hostile(&spec, SimTime::from_millis(433_333));
    assert!(refused.iter().any(|text| text.contains("ideal: ")), "the ideal medium refuses nothing: {refused:#?}");
}
