//! Crews as a queue: who waits, and how long (Erlang C).

/// Share of the jobs that wait, and their mean wait in service times, with `crews` and an offered load of `load` crews.
pub fn waits(crews: u32, load: f64) -> (f64, f64) {
    let blocked = (1..=crews).fold(1.0, |b, c| load * b / (f64::from(c) + load * b));
    let busy = load / f64::from(crews);
    let wait = blocked / (1.0 - busy * (1.0 - blocked));
    (wait, wait / (f64::from(crews) - load))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_crews_of_six_jobs_a_day() {
        for (a_day, share, days) in [(54.0, 0.669, 0.111), (57.0, 0.826, 0.275)] {
            let (wait, mean) = waits(10, a_day / 6.0);
            assert!(
                (wait / share - 1.0).abs() < 0.01 && (mean / 6.0 / days - 1.0).abs() < 0.01,
                "{wait} {}",
                mean / 6.0
            );
        }
    }
}
