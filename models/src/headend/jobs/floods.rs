//! Floods of one campaign after the other, resets aside: in which of the places for floods that are under way at a time each lies.

use super::firmware;
use crate::spec::CampaignSpec;

/// Floods that tell a command of this kind: a price takes one that sets and one that activates.
const EACH: u16 = 2;

/// Places that commands share; each campaign has its own unless there are more.
const COMMANDS_MAX: usize = 64;

/// Places of images, which all firmware campaigns use in turn.
fn of_images(campaigns: &[CampaignSpec]) -> u16 {
    campaigns.iter().filter_map(|campaign| campaign.job.firmware()).map(firmware::slots).max().unwrap_or(0)
}

/// Places that a run's campaigns need.
pub fn places(campaigns: &[CampaignSpec]) -> u16 {
    let commands = campaigns.iter().filter(|campaign| campaign.job.flood().is_some()).count();
    of_images(campaigns) + EACH * commands.min(COMMANDS_MAX / usize::from(EACH)) as u16
}

/// The first place of a command that is flooded.
pub fn first(campaigns: &[CampaignSpec], of: &CampaignSpec) -> u16 {
    let others = campaigns.iter().take_while(|campaign| !std::ptr::eq(*campaign, of));
    let before = others.filter(|campaign| campaign.job.flood().is_some()).count();
    of_images(campaigns) + EACH * (before % (COMMANDS_MAX / usize::from(EACH))) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{FirmwareSpec, JobSpec, PaceSpec, RelayAction, RelaySpec, SpreadSpec};
    use amitwin_sim_core::SimTime;

    #[test]
    fn each_command_has_two_places_behind_those_of_images() {
        let s = SimTime::from_secs;
        let relay = |spread| {
            let relay = RelaySpec { spread, ..RelaySpec::new(PaceSpec::new(s(0), s(60)), RelayAction::Disconnect) };
            let campaign = CampaignSpec::firmware("relay", FirmwareSpec::new(s(0), 1));
            CampaignSpec { job: JobSpec::Relay(Box::new(relay)), ..campaign }
        };
        let flood = || relay(SpreadSpec::broadcast());
        // A block each 45 s for 600 s: 14 places.
        let image = CampaignSpec::firmware("image", FirmwareSpec::new(s(0), 4_000));
        let campaigns = [flood(), relay(SpreadSpec::default()), image, flood()];
        assert_eq!(places(&campaigns), 14 + 4);
        assert_eq!([0, 3].map(|n| first(&campaigns, &campaigns[n])), [14, 16]);
        // The 33rd begins anew.
        let many: Vec<CampaignSpec> = (0..40).map(|_| flood()).collect();
        assert_eq!((places(&many), first(&many, &many[31]), first(&many, &many[32])), (64, 62, 0));
    }
}
