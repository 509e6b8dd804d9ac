//! The head-end's desk beside the queues of the textbooks.

use super::{Effort, Figure, Group, Tolerance};
use amitwin_models::spec::{HeadEndSpec, ServiceTimes};
use amitwin_testkit::queues::{ERLANG, JOBS, MANY_JOBS, desk, enough, mixed, queue};

/// All of them; those that are nearly full take the whole effort.
pub fn groups(effort: Effort) -> Vec<Group> {
    let mut figures = Vec::new();
    let two_percent = Tolerance::Share(0.02);
    for (workers, load, waits, mean_s, p95_s) in ERLANG {
        // So many arrivals as a queue that is nearly full takes last a minute.
        if load > 0.9 && effort == Effort::Quick {
            continue;
        }
        let came = queue(&desk(workers, ServiceTimes::Exponential), load * f64::from(workers), enough(load));
        let name = |what: &str| format!("M/M/{workers} at {load}: {what}");
        figures.push(Figure::new(name("share that waits"), waits, "", two_percent, came.waited));
        figures.push(Figure::new(name("mean wait"), mean_s, "s", two_percent, came.mean_s));
        figures.push(Figure::new(name("p95 of the wait"), p95_s, "s", two_percent, came.p95_s));
    }
    let fixed = queue(&desk(1, ServiceTimes::Fixed), 0.8, JOBS);
    figures.push(Figure::new("M/D/1 at 0.8: mean wait", 2.0, "s", two_percent, fixed.mean_s));
    let mean_s = queue(&mixed(), 0.8, MANY_JOBS).mean_s;
    figures.push(Figure::new("M/G/1 at 0.8, cv2 4: mean wait", 10.0, "s", two_percent, mean_s));
    let ten = HeadEndSpec { queue_max: Some(9), ..desk(1, ServiceTimes::Exponential) };
    figures.push(Figure::new("M/M/1/10 at 0.9: refused", 0.0508, "", two_percent, queue(&ten, 0.9, JOBS).refused));
    let none = HeadEndSpec { queue_max: Some(0), ..desk(8, ServiceTimes::Exponential) };
    figures.push(Figure::new("M/M/8/8 at 0.8: refused", 0.1444, "", two_percent, queue(&none, 6.4, JOBS).refused));
    vec![Group {
        title: "Queues of the head-end",
        source: "Erlang B and C, Pollaczek and Khinchine; mean service 1 s",
        how: "the desk of `[head_end]` under Poisson arrivals, a million of them at least and 200 million where it is nearly full; what waited in all is what stood \
              in the queue over time, to the nanosecond",
        why: "A queue that is nearly full remembers: with a hundred workers at 0.98 for 99 s, of which eight million arrivals have 825 and chance leaves 5 %; so there are as many arrivals as leave 1 %.",
        figures,
    }]
}
