//! The head-end's desk against the queues of the textbooks, with service times of 1 s on average and a million to 200 million arrivals by chance.

use amitwin_models::spec::{HeadEndSpec, ServiceTimes};
use amitwin_testkit::queues::{ERLANG, JOBS, MANY_JOBS, desk, enough, mixed, queue};

fn close(what: &str, is: f64, expected: f64, within: f64) {
    assert!((is - expected).abs() <= within * expected, "{what}: {is} instead of {expected}");
}

/// Those of the table at loads in a range, with so many arrivals that chance leaves about 1 %.
fn are_those_of_erlang(loads: std::ops::Range<f64>) {
    let mut seen = 0;
    for (workers, load, waits, mean_s, p95_s) in ERLANG.into_iter().filter(|queue| loads.contains(&queue.1)) {
        let came = queue(&desk(workers, ServiceTimes::Exponential), load * f64::from(workers), enough(load));
        let name = format!("M/M/{workers} at {load}");
        close(&format!("{name}: share that waits"), came.waited, waits, 0.01);
        close(&format!("{name}: mean wait"), came.mean_s, mean_s, 0.02);
        close(&format!("{name}: p95"), came.p95_s, p95_s, 0.02);
        seen += 1;
    }
    assert!(seen > 0, "the table has some");
}

// Three tests, which run side by side: a queue that is nearly full remembers for long, and takes most of the time.

#[test]
fn queues_with_exponential_service_are_those_of_erlang() {
    are_those_of_erlang(0.0..0.9);
}

#[test]
fn a_desk_that_is_busy_for_95_percent_is_that_of_erlang() {
    are_those_of_erlang(0.9..0.97);
}

#[test]
fn a_hundred_workers_at_98_percent_are_those_of_erlang() {
    are_those_of_erlang(0.97..1.0);
}

#[test]
fn service_times_count_by_their_square() {
    // Pollaczek and Khinchine: load / (1 - load) x (1 + cv2) / 2 s.
    let fixed = queue(&desk(1, ServiceTimes::Fixed), 0.8, JOBS);
    close("M/D/1: mean wait", fixed.mean_s, 2.0, 0.02);
    close("M/D/1: share that waits", fixed.waited, 0.8, 0.01);
    // Lognormal ones that deviate by 1.5 averages: 4 x (1 + 1.5^2) / 2.
    let lognormal = HeadEndSpec { service_spread: 1.5, ..desk(1, ServiceTimes::Lognormal) };
    close("M/G/1, lognormal: mean wait", queue(&lognormal, 0.8, MANY_JOBS).mean_s, 6.5, 0.02);
    close("M/G/1: mean wait", queue(&mixed(), 0.8, MANY_JOBS).mean_s, 10.0, 0.02);
}

#[test]
fn a_full_queue_refuses_as_often_as_erlang_says() {
    // At most 10 in the system: 9 wait behind the one that is served. (1 - a) a^10 / (1 - a^11) for a = 0.9.
    let ten = HeadEndSpec { queue_max: Some(9), ..desk(1, ServiceTimes::Exponential) };
    close("M/M/1/10", queue(&ten, 0.9, JOBS).refused, 0.0508, 0.02);
    // Nobody waits: Erlang's B.
    let none = HeadEndSpec { queue_max: Some(0), ..desk(8, ServiceTimes::Exponential) };
    close("M/M/8/8", queue(&none, 6.4, JOBS).refused, 0.1444, 0.02);
}
