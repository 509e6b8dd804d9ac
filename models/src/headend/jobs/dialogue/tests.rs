//! What follows from what a meter says.

use super::talked::{TURNS_MAX, Talked};
use super::topic::{Came, Follows, Topic};
use crate::apdu::{Ask, Cosem, Said};
use crate::headend::talk::{Keys, Talk};
use crate::node::SiteId;
use crate::spec::{DlmsSpec, Setting};
use amitwin_data::rows::Outcome;
use amitwin_sim_core::SimTime;
use std::sync::Arc;

const METER: SiteId = SiteId(0);

fn s(n: u64) -> SimTime {
    SimTime::from_secs(n)
}

struct Bench {
    talk: Talk,
    topic: Topic,
    talked: Talked,
}

impl Bench {
    fn new(topic: Topic) -> Bench {
        let mut talk = Talk::new(Arc::new(Cosem::new(&DlmsSpec::default(), 1)), 1);
        let mut talked = Talked::new(0, s(100), None);
        talked.ask = topic.first(&mut talk, METER, &mut talked);
        Bench { talk, topic, talked }
    }

    /// The question was asked at one second and this came at another.
    fn came(&mut self, (sent, now): (u64, u64), came: Came) -> Follows {
        self.talked.sent_at = s(sent);
        let follows = self.topic.follows(&mut self.talk, METER, &mut self.talked, (s(now), &came));
        if let Follows::Ask(ask) | Follows::Later(_, ask) = follows {
            self.talked.ask = ask;
        }
        follows
    }

    fn keys(&mut self) -> Keys {
        *self.talk.keys(METER)
    }
}

#[test]
fn a_clock_is_set_when_no_delay_explains_what_it_shows() {
    let start_s = DlmsSpec::default().start_unix_s;
    let clock = |at: i64| Came::Said(Said::Clock(start_s + at));
    let mut bench = Bench::new(Topic::Time { if_off_by: s(10) });
    assert_eq!(bench.talked.ask, Ask::Clock);
    // Asked at 100 s, answered at 104 s: in the middle it was 102 s. 10 s, 2 s for the ways and half a second for whole seconds: up to 114.5 s is well.
    assert_eq!(bench.came((100, 104), clock(114)), Follows::Over(Outcome::Ok));
    assert_eq!(bench.talked.off_s, Some(12.5));
    let mut bench = Bench::new(Topic::Time { if_off_by: s(10) });
    assert_eq!(bench.came((100, 104), clock(115)), Follows::Ask(Ask::SetClock(0)));
    // It leaves at 104 s and takes 2 s: it says 106 s.
    assert_eq!(Topic::now(&bench.talk, &bench.talked, s(104)), Ask::SetClock(start_s + 106));
    assert_eq!(bench.came((104, 108), Came::Said(Said::Done)), Follows::Ask(Ask::Clock));
    assert_eq!(bench.came((108, 112), clock(110)), Follows::Over(Outcome::Ok));
    assert_eq!((bench.talked.off_s, bench.talked.changed), (Some(13.5), true), "what it was first");
    // A clock that cannot be set is given up after a while.
    let mut bench = Bench::new(Topic::Time { if_off_by: s(10) });
    for _ in 0..TURNS_MAX {
        assert_eq!(bench.came((100, 104), clock(1_000)), Follows::Ask(Ask::SetClock(0)));
        assert_eq!(bench.came((100, 104), Came::Said(Said::Done)), Follows::Ask(Ask::Clock));
    }
    assert_eq!(bench.came((100, 104), clock(1_000)), Follows::Over(Outcome::Failed));
}

#[test]
fn a_value_that_is_read_back_otherwise_has_failed() {
    let mut bench = Bench::new(Topic::Write(Setting::PushPause, 258));
    assert_eq!(bench.talked.ask, Ask::Set(Setting::PushPause, 258));
    assert_eq!(bench.came((1, 2), Came::Said(Said::Done)), Follows::Ask(Ask::Setting(Setting::PushPause)));
    assert_eq!(bench.came((2, 3), Came::Said(Said::Value(vec![0x12, 1, 3]))), Follows::Over(Outcome::Failed));
    bench.talked.ask = Ask::Setting(Setting::PushPause);
    assert_eq!(bench.came((2, 3), Came::Said(Said::Value(vec![0x12, 1, 2]))), Follows::Over(Outcome::Ok));
    let mut bench = Bench::new(Topic::Write(Setting::PushPause, 258));
    // Temporary failure is asked again, another denial is not.
    let again = Follows::Later(s(10), Ask::Set(Setting::PushPause, 258));
    assert_eq!(bench.came((1, 2), Came::Said(Said::Denied(2))), again);
    assert_eq!(bench.came((1, 2), Came::Said(Said::Denied(3))), Follows::Over(Outcome::Refused));
}

#[test]
fn a_lost_answer_leaves_both_keys_possible_until_one_is_heard() {
    let topic = Topic::Keys { recover_after: s(240), master: false, broadcast: false };
    let (clock, first) = (Came::Said(Said::Clock(0)), Ask::Keys { generation: 1, under: 0, broadcast: 0 });
    // As it should be.
    let mut bench = Bench::new(topic);
    assert_eq!((bench.talked.ask, bench.keys()), (first, Keys { now: 0, other: 1, proven: false }));
    assert_eq!(bench.came((1, 2), Came::Said(Said::Done)), Follows::Ask(Ask::Clock));
    assert_eq!(bench.keys(), Keys { now: 1, other: 0, proven: false });
    assert_eq!(bench.came((2, 3), clock.clone()), Follows::Over(Outcome::Ok));
    // The answer is lost, and the meter has the new ones.
    let mut bench = Bench::new(topic);
    assert_eq!(bench.came((1, 2), Came::Silence), Follows::Later(s(240), Ask::Clock));
    assert_eq!((bench.keys().now, bench.came((242, 243), clock.clone())), (1, Follows::Over(Outcome::Ok)));
    assert!(bench.talked.recovers);
    // The request was lost: the meter does not understand the new ones, by which the conversation goes back to the former.
    let mut bench = Bench::new(topic);
    assert_eq!(bench.came((1, 2), Came::Silence), Follows::Later(s(240), Ask::Clock));
    bench.talk.keys(METER).swap();
    assert_eq!(bench.came((242, 243), Came::Undeciphered), Follows::Ask(first));
    assert_eq!(bench.keys(), Keys { now: 0, other: 1, proven: false });
    // Nothing is heard of it any more: it has failed, and both are still there.
    for _ in 1..TURNS_MAX - 1 {
        assert!(matches!(bench.came((1, 2), Came::Silence), Follows::Later(..)));
    }
    assert_eq!(bench.came((1, 2), Came::Silence), Follows::Over(Outcome::Failed));
    let keys = bench.keys();
    assert_eq!([keys.now.min(keys.other), keys.now.max(keys.other)], [0, 1]);
    // It gets no newer ones before it has been heard.
    let mut talked = Talked::new(0, s(100), None);
    assert_eq!(topic.first(&mut bench.talk, METER, &mut talked), Ask::Clock);
}
