//! Two reports side by side.

use std::fmt::Write;

use super::{Quantiles, Report, table};

/// A figure of a report, by name; `None` if it was not measured.
type Figure = (&'static str, fn(&Report) -> Option<f64>);

const FIGURES: &[Figure] = &[
    ("participants", |r| Some(f64::from(r.participants))),
    ("packets_sent", |r| Some(r.packets_sent as f64)),
    ("packets_received", |r| Some(r.packets_received as f64)),
    ("loss_pct", |r| Some(r.loss_pct)),
    ("packets_repaired", |r| Some(r.packets_repaired as f64)),
    ("slots_empty", |r| Some(r.slots_empty as f64)),
    ("server_cpu_us_per_packet", |r| r.server_cpu_us_per_packet),
    ("server_cpu_cores", |r| r.server_cpu_cores),
    ("server_cpu_us_per_participant_second", |r| r.server_cpu_us_per_participant_second),
    ("server_rss_kb_per_participant", |r| r.server_rss_kb_per_participant),
    ("join_cpu_ms", |r| r.join_cpu_ms),
    ("join_ms.p50", |r| p50(r.join_ms)),
    ("join_ms.p95", |r| p95(r.join_ms)),
    ("first_audio_ms.p50", |r| p50(r.first_audio_ms)),
    ("first_video_ms.p50", |r| p50(r.first_video_ms)),
    ("first_video_ms.p95", |r| p95(r.first_video_ms)),
    ("latency_ms.p50", |r| p50(r.latency_ms)),
    ("latency_ms.p95", |r| p95(r.latency_ms)),
    ("latency_ms.p99", |r| r.latency_ms.map(|q| q.p99)),
    ("frame_gap_ms.p99", |r| r.frame_gap_ms.map(|q| q.p99)),
    ("freezes", |r| Some(r.freezes as f64)),
    ("frozen_ms", |r| Some(r.frozen_ms)),
    ("keyframes_asked", |r| Some(r.keyframes_asked as f64)),
    ("bots_cpu_cores", |r| r.bots_cpu_cores),
    ("failed", |r| Some(r.failed as f64)),
];

fn p50(quantiles: Option<Quantiles>) -> Option<f64> {
    quantiles.map(|q| q.p50)
}

fn p95(quantiles: Option<Quantiles>) -> Option<f64> {
    quantiles.map(|q| q.p95)
}

/// Both, and the ratio of the second to the first.
pub(crate) fn compare(before: &Report, after: &Report) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ =
        writeln!(text, "before  {}\nafter   {}\n", table::headline(before), table::headline(after));
    if (&before.scenario, &before.values) != (&after.scenario, &after.values) {
        let _ = writeln!(text, "! these are not the same scenario with the same values\n");
    }
    let _ = writeln!(text, "{:<38} {:>14} {:>14} {:>8}", "", "before", "after", "ratio");
    for (name, of) in FIGURES {
        let (before, after) = (of(before), of(after));
        let ratio = ratio(before, after);
        let _ = writeln!(text, "{name:<38} {:>14} {:>14} {ratio:>8}", shown(before), shown(after));
    }
    text
}

fn shown(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{}", (value * 1e3).round() / 1e3))
}

fn ratio(before: Option<f64>, after: Option<f64>) -> String {
    match (before, after) {
        (Some(before), Some(after)) if before == after => "1.00".to_owned(),
        (Some(before), Some(after)) if before != 0.0 => format!("{:.2}", after / before),
        _ => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().skip(1).collect()
    }

    #[test]
    fn ratios() {
        let before =
            Report { packets_sent: 100, server_cpu_us_per_packet: Some(4.0), ..Report::default() };
        let after = Report {
            packets_sent: 100,
            server_cpu_us_per_packet: Some(3.0),
            freezes: 2,
            join_cpu_ms: Some(1.0),
            ..Report::default()
        };
        let text = compare(&before, &after);
        assert_eq!(row(&text, "packets_sent"), ["100", "100", "1.00"]);
        assert_eq!(row(&text, "server_cpu_us_per_packet"), ["4", "3", "0.75"]);
        assert_eq!(row(&text, "freezes"), ["0", "2", "-"]);
        assert_eq!(row(&text, "join_cpu_ms"), ["-", "1", "-"]);
        assert!(!text.contains('!'));
        let other = Report { scenario: "bell".to_owned(), ..Report::default() };
        assert!(compare(&before, &other).contains("not the same scenario"));
    }
}
