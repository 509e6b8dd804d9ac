//! Purposes of the keyed random streams of this crate; a number is never used for two things.
//!
//! 120 and 121 are taken by `amitwin_dlms::purpose`, whose streams have the same seeds.

/// Outcome of a reception at a node.
pub const RECEPTION: u32 = 100;
/// Backoffs of a node.
pub const BACKOFF: u32 = 101;
/// Timers of a node: trickle, join, retries.
pub const TIMER: u32 = 102;
/// Boot time of a node.
pub const BOOT: u32 = 103;
/// Phase of a node's hop sequence.
pub const HOP_PHASE: u32 = 104;
/// Phase of a node's regular reports.
pub const PUSH_PHASE: u32 = 105;
/// Planned times of a reset job (entity: job and meter).
pub const RESET_TIME: u32 = 106;
/// Gaps between the clusters of a campaign (entity: job).
pub const CLUSTER_GAP: u32 = 107;
/// When a meter pushes in a period (entity: meter and period).
pub const PUSH_START: u32 = 119;
/// How long a meter waits with an answer (entity: meter and what was asked).
pub const ANSWER: u32 = 122;
/// Messages that the ideal medium loses (entity: meter).
pub const IDEAL_LOSS: u32 = 124;
/// Messages that a backhaul loses (entity: border router).
pub const BACKHAUL_LOSS: u32 = 125;
/// Who belongs to a share of the fleet (entity: site).
pub const EVENT_SHARE: u32 = 126;
/// Transmit power of a radio around that of its kind (entity: site).
pub const TX_POWER: u32 = 127;
/// How long a node takes to join while the first tree grows (entity: site).
pub const JOIN_ORDER: u32 = 128;
/// Whom of its neighbours a node has heard first while the first tree grows (entity: site and neighbour).
pub const HEARD_ORDER: u32 = 270;
/// How the level of a link wanders (entity: pair of sites).
pub const FADING: u32 = 129;
/// Weather of a run (entity: the rest of the air, the sun).
pub const WEATHER: u32 = 130;
/// Whether the sun reaches a box (entity: site).
pub const SUNNY: u32 = 131;
/// A radio's crystal (entity: site).
pub const CRYSTAL: u32 = 132;
/// A radio's amplifier (entity: site).
pub const AMPLIFIER: u32 = 133;
/// When an interferer sends (entity: its place in the file and channel).
pub const INTERFERER: u32 = 134;
/// What obstacles take from a link (entity: pair of sites).
pub const OBSTACLE: u32 = 135;
/// Whether a meter's socket is a hot one (entity: site).
pub const HOT_SOCKET: u32 = 136;
/// How much heat a radio bears (entity: site).
pub const OVERHEATING: u32 = 137;
/// What a worker of the head-end takes.
pub const SERVICE: u32 = 138;
/// What years do to a radio's antenna and gasket (entity: site).
pub const AGEING: u32 = 141;
/// When a meter says what of its supply (entity: meter).
pub const LAST_GASP: u32 = 164;
/// Whether a meter is a bellwether (entity: meter).
pub const BELLWETHER: u32 = 165;
/// How fast a meter's clock runs, and how far it is off at the start (entity: meter).
pub const CLOCK: u32 = 180;
/// When a meter's application hangs (entity: meter).
pub const HANG: u32 = 181;
/// Deviations of the value that a meter watches (entity: meter).
pub const HEALTH: u32 = 182;
/// Phase of a meter's samples (entity: meter).
pub const HEALTH_PHASE: u32 = 183;
/// When in a period a meter sends its keep-alive (entity: meter).
pub const KEEP_ALIVE: u32 = 184;
/// Whether the supply of a meter or repeater is weak (entity: site).
pub const SUPPLY: u32 = 185;
/// What becomes of a meter that activates an image (entity: name of the campaign and meter).
pub const IMAGE_FATE: u32 = 142;
/// Which wave of a campaign a meter belongs to (entity: job and meter).
pub const WAVE: u32 = 143;
/// Place of a meter in a job whose meters have their turns in an order that is drawn (entity: job and meter).
pub const ORDER: u32 = 310;
/// When in a day it rains under a climate.
pub const RAIN: u32 = 194;
/// Who belongs to a share of the meters that a campaign means (entity: site).
pub const CAMPAIGN_SHARE: u32 = 144;
/// Who belongs to a share of the meters that a read means (entity: site).
pub const READ_SHARE: u32 = 295;
/// What EAPOL frames are filled with.
pub const EAPOL: u32 = 140;
/// What is wrong with an answer of a served meter (entity: worker and number of the answer).
pub const SPOIL: u32 = 123;
/// After which time a session that found no permit comes again.
pub const PERMIT: u32 = 160;
/// How long the head-end pauses before it asks again (entity: meter).
pub const RETRY: u32 = 161;
/// How old a meter's certificate is as a run begins (entity: site).
pub const CERTIFICATE: u32 = 166;
/// Whether both boards of a meter restart (entity: site).
pub const PARTIAL_RESET: u32 = 172;
/// How long a crew is on its way (entity: visit and meter).
pub const VISIT_TRAVEL: u32 = 170;
/// How long it works there (entity: visit and meter).
pub const VISIT_WORK: u32 = 171;
/// What becomes of an answer at the meter data management.
pub const INGESTION: u32 = 162;
/// When a node asks for a group key that it lacks (entity: site and since when).
pub const KEY_REQUEST: u32 = 240;
