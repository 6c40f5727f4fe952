//! The report as a person reads it on a terminal.

use std::fmt::Write;

use super::{Quantiles, Report};

/// One row: what, and its value.
pub(crate) type Row = (&'static str, String);

/// The whole table.
pub(crate) fn table(report: &Report) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "\n{}", headline(report));
    for (what, value) in rows(report) {
        let _ = writeln!(text, "  {what:<28} {value}");
    }
    for (mark, times) in &report.marks {
        let _ = writeln!(text, "  {mark:<28} {}", quantiles(Some(*times)));
    }
    for warning in warnings(report).iter().chain(&report.faults) {
        let _ = writeln!(text, "  ! {warning}");
    }
    text
}

pub(crate) fn headline(report: &Report) -> String {
    let Report { scenario, participants, rooms, seconds, .. } = report;
    let rooms = if *rooms == 1 { "one room".to_owned() } else { format!("{rooms} rooms") };
    format!("{scenario}: {participants} people in {rooms}, {seconds:.0} s")
}

pub(crate) fn rows(report: &Report) -> Vec<Row> {
    let r = report;
    let number = |value: Option<f64>, unit: &str| {
        value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2} {unit}"))
    };
    vec![
        ("packets sent", r.packets_sent.to_string()),
        (
            "packets received / expected",
            format!("{} / {}  loss {} %", r.packets_received, r.packets_expected, r.loss_pct),
        ),
        ("loss of voices, of pictures", format!("{} %, {} %", r.loss_audio_pct, r.loss_video_pct)),
        ("repaired, again, reordered", {
            format!("{}, {}, {}", r.packets_repaired, r.packets_duplicate, r.packets_reordered)
        }),
        ("pictures wished, never came", format!("{}, {}", r.slots_wished, r.slots_empty)),
        ("server, per packet", number(r.server_cpu_us_per_packet, "us CPU")),
        ("server", {
            let waiting = number(r.server_waiting_cores, "cores");
            format!("{}, waited for {waiting}", number(r.server_cpu_cores, "cores"))
        }),
        ("server, per participant", {
            let each_second = number(r.server_cpu_us_per_participant_second, "us CPU each second");
            format!("{}, {each_second}", number(r.server_rss_kb_per_participant, "kB"))
        }),
        ("server, per join", number(r.join_cpu_ms, "ms CPU")),
        ("to the token", quantiles(r.door_ms)),
        ("to the seat", quantiles(r.seat_ms)),
        ("to media (join)", quantiles(r.join_ms)),
        ("to the first voice", quantiles(r.first_audio_ms)),
        ("to the first picture", quantiles(r.first_video_ms)),
        ("latency", quantiles(r.latency_ms)),
        ("between two pictures", quantiles(r.frame_gap_ms)),
        ("freezes", format!("{}, together {:.0} ms", r.freezes, r.frozen_ms)),
        (
            "pictures, keyframes, asked",
            format!("{}, {}, {}", r.frames, r.keyframes, r.keyframes_asked),
        ),
        ("bots", number(r.bots_cpu_cores, &format!("cores on {} threads", r.bots_threads))),
        ("bots' timers late by", quantiles(r.bots_lag_ms)),
    ]
}

/// What makes the figures doubtful, or the run a failure.
pub(crate) fn warnings(report: &Report) -> Vec<String> {
    let r = report;
    let mut warnings = Vec::new();
    let mut warn = |on: bool, text: String| {
        if on {
            warnings.push(text);
        }
    };
    let first = |all: &[String]| all.first().cloned().unwrap_or_default();
    warn(r.failed > 0, format!("{} failed, the first: {}", r.failed, first(&r.failures)));
    warn(!r.refused.is_empty(), format!("the server refused: {}", first(&r.refused)));
    let wrong = r.packets_wrong_source;
    warn(wrong > 0, format!("{wrong} packets showed somebody under another's name"));
    warn(r.packets_invalid > 0, format!("{} datagrams were no valid packet", r.packets_invalid));
    let dropped = r.bots_dropped.unwrap_or(0);
    warn(
        dropped > 0,
        format!("the bots were too slow for {dropped} datagrams: give them more threads"),
    );
    warn(
        r.bots_unsent > 0,
        format!("the kernel did not take {} datagrams of the bots", r.bots_unsent),
    );
    let dropped = r.server_dropped.unwrap_or(0);
    warn(dropped > 0, format!("the server was too slow for {dropped} datagrams"));
    let waited = r.server_waiting_cores.zip(r.server_cpu_cores);
    let shared = waited.is_some_and(|(waited, cpu)| waited > 0.05 && waited > cpu / 4.0);
    warn(shared, "the server had to wait for a processor: times are the machine's".to_owned());
    let busy = r.bots_cpu_cores.is_some_and(|cores| cores > 0.9 * f64::from(r.bots_threads));
    warn(busy, "the bots' threads are full: latencies are theirs".to_owned());
    warnings
}

fn quantiles(quantiles: Option<Quantiles>) -> String {
    quantiles.map_or_else(
        || "-".to_owned(),
        |q| format!("p50 {:.1}  p95 {:.1}  p99 {:.1}  max {:.1} ms", q.p50, q.p95, q.p99, q.max),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_measured_is_a_dash_and_what_is_wrong_is_said() {
        let text = table(&Report::default());
        assert!(text.contains("server, per packet           -"), "{text}");
        assert!(!text.contains('!'), "{text}");
        let bad = Report {
            failed: 2,
            failures: vec!["the door".to_owned()],
            packets_wrong_source: 1,
            bots_dropped: Some(3),
            ..Report::default()
        };
        assert_eq!(table(&bad).matches("  ! ").count(), 3);
    }
}
