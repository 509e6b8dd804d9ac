//! The macro that makes the enum of metrics and all that is known of each from one declaration.

/// See [`crate::metrics::list`] for its only use. An entry is `Name = "key": format, activity;`, and between them what
/// gates call it, `gate("name", "stat")`, with the verdict on a missing value if that is not "no data", and how results
/// tables show it, `table("two-line\nheader", "label in a list")`.
macro_rules! metrics {
    ($(
        $(#[doc = $help:literal])+
        $metric:ident = $key:literal: $format:ident, $activity:ident
            $(, gate($gate:literal, $stat:literal $(, $missing:ident)?))?
            $(, table($header:literal, $label:literal))?;
    )+) => {
        /// A figure of a variant in `summary.json`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Metric {
            $( $(#[doc = $help])+ $metric, )+
        }

        impl Metric {
            /// Every metric, in the order of the declaration.
            pub const ALL: &'static [Metric] = &[$( Metric::$metric ),+];

            pub(super) const fn info(self) -> &'static Info {
                const INFOS: &[Info] = &[$(
                    Info {
                        key: $key,
                        help: concat!($($help),+),
                        format: Format::$format,
                        activity: Activity::$activity,
                        gate: metrics!(@some $( GateName {
                            name: $gate,
                            stat: $stat,
                            missing: metrics!(@missing $($missing)?),
                        } )?),
                        table: metrics!(@some $( TableEntry { header: $header, label: $label } )?),
                    },
                )+];
                &INFOS[self as usize]
            }
        }
    };
    (@some) => { None };
    (@some $value:expr) => { Some($value) };
    (@missing) => { Verdict::NoData };
    (@missing $verdict:ident) => { Verdict::$verdict };
}

pub(super) use metrics;
