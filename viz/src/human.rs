//! Numbers as people write them: times, shares, counts.

use amitwin_data::summary::{FILE_KEYS, TEST_KEYS};

/// What stands where a figure does not apply or was not measured.
pub const NONE: &str = "–";

/// A time: `0.42 s`, `4.2 s`, `42 s`, `12.3 min`, `2.4 h`, `3.1 d`.
pub fn duration(seconds: f64) -> String {
    let s = seconds.abs();
    let sign = if seconds < 0.0 { "-" } else { "" };
    let body = match s {
        s if !s.is_finite() => return NONE.into(),
        0.0 => "0 s".into(),
        s if s < 0.995 => format!("{s:.2} s"),
        s if s < 9.95 => format!("{s:.1} s"),
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 90.0 * 60.0 => format!("{:.1} min", s / 60.0),
        s if s < 48.0 * 3_600.0 => format!("{:.1} h", s / 3_600.0),
        s => format!("{:.1} d", s / 86_400.0),
    };
    format!("{sign}{body}")
}

/// A time that is a whole number of its unit where possible: `10 s`, `1 min`, `2 h`, `1 d`.
pub fn whole_duration(seconds: f64) -> String {
    for (unit, name) in [(86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s")] {
        let n = seconds / unit;
        if n >= 1.0 && n == n.round() {
            return format!("{n} {name}");
        }
    }
    duration(seconds)
}

/// A share of 1 in percent: `0 %`, `62 %`, `99.7 %`. Only exactly all is `100 %`, only exactly none is `0 %`.
pub fn share(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        p if !p.is_finite() => NONE.into(),
        0.0 => "0 %".into(),
        100.0 => "100 %".into(),
        p if p > 0.0 && p < 0.1 => "<0.1 %".into(),
        p if p > 99.9 && p < 100.0 => "99.9 %".into(),
        p => format!("{p:.1} %"),
    }
}

/// A count in at most five characters: `0`, `9,999`, `83.1k`, `1.24M`, `412M`.
pub fn short_count(n: f64) -> String {
    let scaled = |v: f64, unit: &str| match v {
        v if v < 9.995 => format!("{v:.2}{unit}"),
        v if v < 99.95 => format!("{v:.1}{unit}"),
        v => format!("{v:.0}{unit}"),
    };
    match n {
        n if !n.is_finite() => NONE.into(),
        n if n < 9_999.5 => count(n),
        n if n < 999_500.0 => scaled(n / 1e3, "k"),
        n if n < 999_500_000.0 => scaled(n / 1e6, "M"),
        n => scaled(n / 1e9, "G"),
    }
}

/// A count in full, with thousands set apart: `1,240,512`; a part of a small one, such as of an hour, in decimals: `0.13`.
pub fn count(n: f64) -> String {
    if !n.is_finite() {
        return NONE.into();
    }
    let part = n.fract() != 0.0;
    match n.abs() {
        small if part && (0.005..0.995).contains(&small) => return format!("{n:.2}"),
        small if part && (0.995..9.95).contains(&small) => return format!("{n:.1}"),
        _ => {}
    }
    let digits = format!("{:.0}", n.abs());
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(c);
    }
    if n <= -0.5 { format!("-{out}") } else { out }
}

/// `1 meter`, `2 meters`.
pub fn plural(n: usize, one: &str) -> String {
    format!("{} {one}{}", count(n as f64), if n == 1 { "" } else { "s" })
}

/// A size in bytes: `512 B`, `14.2 kB`, `3.1 MB`.
pub fn bytes(n: u64) -> String {
    match n as f64 {
        n if n < 1e3 => format!("{n} B"),
        n if n < 1e6 => format!("{:.1} kB", n / 1e3),
        n if n < 1e9 => format!("{:.1} MB", n / 1e6),
        n => format!("{:.1} GB", n / 1e9),
    }
}

/// What a summary says of the meters' DLMS keys, for people.
pub fn keys(word: &str) -> &str {
    match word {
        TEST_KEYS => "TEST, published ones that protect nothing",
        FILE_KEYS => "derived for each meter from the secret in the keys file",
        other => other,
    }
}

/// Text from a file without what would move a cursor or hide other text.
pub fn one_line(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most `width` characters; a cut is shown.
pub fn shorten(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_string();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (s, text) in [
            (0.0, "0 s"),
            (0.25, "0.25 s"),
            (0.999, "1.0 s"),
            (4.21, "4.2 s"),
            (9.97, "10 s"),
            (42.0, "42 s"),
            (90.0, "1.5 min"),
            (738.0, "12.3 min"),
            (8_640.0, "2.4 h"),
            (-42.0, "-42 s"),
            (f64::INFINITY, "–"),
        ] {
            assert_eq!(duration(s), text);
        }
        assert_eq!(whole_duration(1_200.0), "20 min");
        assert_eq!(whole_duration(0.5), "0.50 s");
    }

    #[test]
    fn a_share_never_rounds_to_all_or_none() {
        for (v, text) in [(0.0, "0 %"), (0.000_1, "<0.1 %"), (0.623_4, "62.3 %"), (0.999_9, "99.9 %"), (1.0, "100 %")] {
            assert_eq!(share(v), text);
        }
    }

    #[test]
    fn counts() {
        for (n, short, long) in [
            (0.0, "0", "0"),
            // Four meters that were away for two minutes each: 8 of 60.
            (8.0 / 60.0, "0.13", "0.13"),
            (2.04, "2.0", "2.0"),
            (24.6, "25", "25"),
            (999.0, "999", "999"),
            (9_999.0, "9,999", "9,999"),
            (10_000.0, "10.0k", "10,000"),
            (83_140.0, "83.1k", "83,140"),
            (999_600.0, "1.00M", "999,600"),
            (1_240_512.0, "1.24M", "1,240,512"),
            (4.12e8, "412M", "412,000,000"),
        ] {
            assert_eq!((short_count(n).as_str(), count(n).as_str()), (short, long));
        }
        assert_eq!(count(-1_234.0), "-1,234");
        assert_eq!(plural(1, "meter"), "1 meter");
        assert_eq!(shorten("abcdef", 4), "abc…");
    }
}
