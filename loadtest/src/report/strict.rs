//! What must be true of every run on the loopback address, however slow the machine is.
//!
//! Invariant: no time is judged here, only what arrived and whether it was measured.

use super::Report;

/// What is wrong with a run; empty if nothing is.
pub(crate) fn faults(report: &Report) -> Vec<String> {
    let r = report;
    let counts = [
        ("people failed", r.failed),
        ("requests were refused", r.refused.len() as u64),
        ("packets were lost", r.packets_expected.saturating_sub(r.packets_received)),
        ("packets showed somebody under another's name", r.packets_wrong_source),
        ("datagrams were no valid packet", r.packets_invalid),
        ("pictures that were wished never came", r.slots_empty),
        ("people heard nobody", r.people_without_voice),
        ("people saw nobody", r.people_without_picture),
    ];
    let figures = [
        ("packets_received", r.packets_received > 0),
        ("door_ms", r.door_ms.is_some()),
        ("seat_ms", r.seat_ms.is_some()),
        ("join_ms", r.join_ms.is_some()),
        ("latency_ms", r.latency_ms.is_some()),
        ("server_cpu_us_per_packet", r.server_cpu_us_per_packet.is_some()),
        ("server_cpu_cores", r.server_cpu_cores.is_some()),
        ("server_rss_kb_per_participant", r.server_rss_kb_per_participant.is_some()),
        ("bots_cpu_cores", r.bots_cpu_cores.is_some()),
    ];
    let wrong = counts.iter().filter(|(_, count)| *count > 0);
    let missing = figures.iter().filter(|(_, is_there)| !is_there);
    wrong
        .map(|(what, count)| format!("{count} {what}"))
        .chain(r.faults.iter().cloned())
        .chain(missing.map(|(name, _)| format!("{name} was not measured")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::Quantiles;
    use super::*;

    fn flawless() -> Report {
        let time = Some(Quantiles::default());
        Report {
            packets_expected: 9,
            packets_received: 9,
            door_ms: time,
            seat_ms: time,
            join_ms: time,
            latency_ms: time,
            server_cpu_us_per_packet: Some(1.0),
            server_cpu_cores: Some(0.1),
            server_rss_kb_per_participant: Some(40.0),
            bots_cpu_cores: Some(0.1),
            ..Report::default()
        }
    }

    #[test]
    fn each_fault_is_named() {
        assert_eq!(faults(&flawless()), [""; 0]);
        for (spoil, named) in [
            ((|r| r.packets_received = 8) as fn(&mut Report), "1 packets were lost"),
            (|r| r.packets_wrong_source = 2, "2 packets showed"),
            (|r| r.failed = 3, "3 people failed"),
            (|r| r.refused = vec![String::new()], "1 requests"),
            (|r| r.faults = vec!["pupil 1 heard a stranger".to_owned()], "a stranger"),
            (|r| r.packets_invalid = 1, "no valid packet"),
            (|r| r.slots_empty = 1, "never came"),
            (|r| r.people_without_voice = 1, "heard nobody"),
            (|r| r.people_without_picture = 1, "saw nobody"),
            (|r| r.join_ms = None, "join_ms was not measured"),
            (|r| r.server_cpu_us_per_packet = None, "server_cpu_us_per_packet was not"),
        ] {
            let mut report = flawless();
            spoil(&mut report);
            let found = faults(&report);
            assert!(found.len() == 1 && found[0].contains(named), "{named}: {found:?}");
        }
        assert!(faults(&Report::default()).len() > 5, "nothing measured is no success");
    }
}
