//! Campaigns that ask meters a few questions, saved in the middle of them.

use super::*;

/// Relays, clocks and keys, with lost answers, waves and meters that wait for others.
#[test]
fn campaigns_of_questions_go_on() {
    for (medium, payload) in
        [(MediumKind::Mesh, Payload::Sized), (MediumKind::Ideal, Payload::Real), (MediumKind::Ideal, Payload::Sized)]
    {
        let mut spec = streets(2_400);
        spec.medium = medium;
        spec.ideal.loss = 0.3;
        spec.dlms.payload = payload;
        let waves = WavesSpec {
            shares: Some(vec![0.3, 1.0]),
            pause: seconds(60),
            stop_at_failed: Some(0.5),
            parallel: Some(3),
            order: Some(Order::Word(OrderWord::Random)),
            ..WavesSpec::default()
        };
        let timeout = seconds(15);
        let pace = PaceSpec { timeout, waves, ..PaceSpec::new(seconds(120), seconds(100)) };
        let job = |name: &str, job| CampaignSpec { name: name.into(), priority: PRIORITY_USUAL, role: None, job };
        let relay = RelaySpec::new(pace.clone(), RelayAction::Disconnect);
        // The first round is over after a few minutes.
        let write = WriteSpec::new(PaceSpec { every: Some(seconds(600)), ..pace.clone() }, Setting::PushRetries, 7);
        let keys = KeyChangeSpec::new(PaceSpec { attempts: Some(1), ..pace.clone() });
        let keys = KeyChangeSpec { master: true, broadcast: true, recover_after: seconds(100), ..keys };
        let suite = dlms_cosem_rs::security::SecuritySuite::Suite1;
        spec.dlms.vendors = vec![amitwin_dlms::Vendor { suite, ..Default::default() }.into()];
        let valid = seconds(3_600);
        spec.dlms.certificates = Some(CertificatesSpec { valid, age: (seconds(1_800), seconds(3_400)) });
        // Floods at 150 and 210 s, questions from 270 s on.
        let spread = SpreadSpec { settle: seconds(60), ..SpreadSpec::broadcast() };
        let asked = PaceSpec { timeout, ..PaceSpec::new(seconds(150), seconds(300)) };
        let price = WriteSpec { spread, ..WriteSpec::new(asked, Setting::Price, 99) };
        let (renew_before, again_after) = (seconds(600), seconds(200));
        let renewal = RenewalSpec { pace, renew_before, again_after };
        spec.campaigns = vec![
            job("certificates", JobSpec::Certificates(Box::new(renewal))),
            job("off", JobSpec::Relay(Box::new(relay))),
            job("retries", JobSpec::Write(Box::new(write))),
            job("keys", JobSpec::Keys(Box::new(keys))),
            job("price", JobSpec::Write(Box::new(price))),
        ];
        check(&spec, &[119_000, 125_007, 160_500, 250_250, 400_100, 700_000, 1_300_000].map(SimTime::from_millis));
    }
}
