//! What a run came to, as one object of JSON.
//!
//! Invariant: names of fields are relied on by scripts; they only grow. What was not measured is
//! null.

pub(crate) mod compare;
pub(crate) mod each;
pub(crate) mod html;
pub(crate) mod strict;
pub(crate) mod table;

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use kreide_bot::{Counts, SlotCounts};
use serde::{Deserialize, Serialize};

use crate::proc::Spent;
use crate::run::{Ended, Findings, Second, Settings};
use crate::scenario::{OthersSend, Plan, Values};

/// A whole report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Report {
    /// Name or file of the scenario.
    pub(crate) scenario: String,
    /// Its values.
    pub(crate) values: Values,
    pub(crate) rooms: u32,
    pub(crate) participants: u32,
    /// How long it was measured.
    pub(crate) seconds: f64,
    /// When that began, in ms since 1970 UTC by the clock of the stamps in the payloads.
    pub(crate) began_unix_ms: Option<f64>,
    pub(crate) server_version: String,
    /// RTP packets that the bots sent to the server, repetitions left out.
    pub(crate) packets_sent: u64,
    /// Packets that the server numbered for the bots' slots: per slot the highest sequence number
    /// less the first, plus one. A layer that a slot does not carry, or a locked microphone, is
    /// not among them; what the server or the network lost is. A slot that carries nothing at all
    /// is not among them either: see `slots_empty`.
    pub(crate) packets_expected: u64,
    /// Different packets that arrived, by themselves or repeated, at most 0.9 s after the end.
    pub(crate) packets_received: u64,
    /// What never arrived, in percent of `packets_expected`.
    pub(crate) loss_pct: f64,
    /// What never arrived of voices, which nobody repairs, and of pictures, in percent of theirs.
    pub(crate) loss_audio_pct: f64,
    pub(crate) loss_video_pct: f64,
    /// What the bots lost on purpose, in percent (`--lose`), each way.
    pub(crate) lose_pct: f64,
    /// Packets that arrived only because they were asked for.
    pub(crate) packets_repaired: u64,
    pub(crate) packets_duplicate: u64,
    pub(crate) packets_reordered: u64,
    /// Packets that showed somebody under another's name. Not one is allowed.
    pub(crate) packets_wrong_source: u64,
    /// Datagrams that were no valid packet of the server.
    pub(crate) packets_invalid: u64,
    /// Datagrams that the kernel did not take from the bots.
    pub(crate) bots_unsent: u64,
    /// Pictures asked for at the end, and those of them that never came.
    pub(crate) slots_wished: u64,
    pub(crate) slots_empty: u64,
    /// People who were there at the end and had heard nobody, or seen nobody, since they came,
    /// although somebody else in their room sent it.
    pub(crate) people_without_voice: u64,
    pub(crate) people_without_picture: u64,
    /// Processor time of the server for each packet that arrived, everything included.
    pub(crate) server_cpu_us_per_packet: Option<f64>,
    pub(crate) server_cpu_cores: Option<f64>,
    /// The same for each participant and second: where nobody sends, what being there costs.
    pub(crate) server_cpu_us_per_participant_second: Option<f64>,
    /// Time in which its threads could have run but had no processor, for each second. Much of it
    /// says that the machine was shared, and that latencies are the machine's.
    pub(crate) server_waiting_cores: Option<f64>,
    /// Growth of the server's memory from before the first join to the end.
    pub(crate) server_rss_kb_per_participant: Option<f64>,
    /// The same to the beginning of the measurement.
    pub(crate) server_rss_kb_per_join: Option<f64>,
    /// From the opening of the door to the token, and to the seat with the answer to the offer.
    pub(crate) door_ms: Option<Quantiles>,
    pub(crate) seat_ms: Option<Quantiles>,
    /// From the opening of the door to keys for media.
    pub(crate) join_ms: Option<Quantiles>,
    /// Processor time of the server for each join while nobody sent.
    pub(crate) join_cpu_ms: Option<f64>,
    /// From the opening of the door to the first voice, of those who came into a running lesson.
    pub(crate) first_audio_ms: Option<Quantiles>,
    /// The same to the first whole picture.
    pub(crate) first_video_ms: Option<Quantiles>,
    /// From capture to the whole picture or voice packet, after repair.
    pub(crate) latency_ms: Option<Quantiles>,
    /// The same of voices and of pictures alone.
    pub(crate) latency_audio_ms: Option<Quantiles>,
    pub(crate) latency_video_ms: Option<Quantiles>,
    /// Between two pictures of a slot.
    pub(crate) frame_gap_ms: Option<Quantiles>,
    /// Whole pictures that arrived, and the keyframes among them.
    pub(crate) frames: u64,
    pub(crate) keyframes: u64,
    /// Keyframes that the server asked the bots for.
    pub(crate) keyframes_asked: u64,
    /// Freezes as WebRTC counts them, of all slots together.
    pub(crate) freezes: u64,
    /// How long they lasted together.
    pub(crate) frozen_ms: f64,
    /// Datagrams that the kernel dropped at the server's sockets, and at the bots': the latter are
    /// no fault of the server.
    pub(crate) server_dropped: Option<u64>,
    pub(crate) bots_dropped: Option<u64>,
    /// Processor time of the bots. Near the number of their threads, latencies are theirs.
    pub(crate) bots_cpu_cores: Option<f64>,
    /// The bots' time without a processor.
    pub(crate) bots_waiting_cores: Option<f64>,
    pub(crate) bots_threads: u16,
    /// By how much the bots' own timers were late.
    pub(crate) bots_lag_ms: Option<Quantiles>,
    /// Bots that ended before they were told to, and why the first of them did.
    pub(crate) failed: u64,
    pub(crate) failures: Vec<String>,
    /// What the server refused, the first few.
    pub(crate) refused: Vec<String>,
    /// How long deeds of the scenario took, by their marks. `voice_gap`: the longest pause of a
    /// voice that had to go on, once for each stretch of time that was looked at.
    pub(crate) marks: BTreeMap<String, Quantiles>,
    /// What was not as it must be after a deed.
    pub(crate) faults: Vec<String>,
    pub(crate) per_second: Vec<Second>,
    /// What each bot received; a file of its own (`--each`).
    #[serde(skip)]
    pub(crate) each: Vec<each::Each>,
}

/// Quantiles in ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Quantiles {
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
    /// Of how many.
    pub(crate) count: u64,
}

/// What one bot saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) name: String,
    pub(crate) room: u32,
    pub(crate) counts: Counts,
    /// Somebody sent when it came.
    pub(crate) into_media: bool,
    /// Others in its room send voices, and pictures.
    pub(crate) others_send: OthersSend,
    /// Whom it heard, and when.
    pub(crate) heard: Vec<each::Stretch>,
    /// Why it ended, if it was not told to.
    pub(crate) failed: Option<String>,
    /// It was there at the end.
    pub(crate) present: bool,
}

impl Report {
    #[expect(clippy::too_many_arguments, reason = "every measurement comes together here")]
    pub(crate) fn new(
        plan: &Plan,
        settings: &Settings,
        server_version: &str,
        ended: &Ended,
        (server_dropped, bots_dropped): (Option<u64>, Option<u64>),
        seen: &[Seen],
        [rss_before, rss_joined, rss_end]: [Option<u64>; 3],
        (joins, join_cpu): (u32, Duration),
        findings: &Findings,
    ) -> Self {
        let slots = || seen.iter().flat_map(|seen| &seen.counts.slots);
        let total = |of: fn(&SlotCounts) -> u64| slots().map(of).sum::<u64>();
        let sum = |of: fn(&Counts) -> u64| seen.iter().map(|seen| of(&seen.counts)).sum::<u64>();
        let times = |of: fn(&Counts) -> Option<Duration>, all: bool| {
            let chosen = seen.iter().filter(|seen| all || seen.into_media);
            Quantiles::of_times(chosen.filter_map(|seen| of(&seen.counts)))
        };
        let wished = || {
            let present = seen.iter().filter(|seen| seen.present && seen.failed.is_none());
            present.flat_map(|seen| &seen.counts.slots).filter(|slot| slot.wished.is_some())
        };
        let without = |promised: fn(OthersSend) -> bool, first: fn(&Counts) -> Option<Duration>| {
            let present = seen.iter().filter(|seen| seen.present && seen.failed.is_none());
            let waiting = present.filter(|seen| promised(seen.others_send));
            waiting.filter(|seen| first(&seen.counts).is_none()).count() as u64
        };
        let lost_of = |audio: bool| {
            let of = || slots().filter(move |slot| slot.audio == audio);
            percent(of().map(SlotCounts::lost).sum(), of().map(|slot| slot.expected).sum())
        };
        let participants = plan.participants();
        let lasted = ended.lasted.as_secs_f64();
        let (expected, received) = (total(|slot| slot.expected), total(|slot| slot.received));
        let growth = |to: Option<u64>| {
            let kilobytes = to?.saturating_sub(rss_before?);
            Some(rounded(kilobytes as f64 / f64::from(participants.max(1))))
        };
        let cores = |cpu: Option<Spent>, of: fn(Spent) -> Duration| {
            cpu.map(|cpu| rounded(of(cpu).as_secs_f64() / lasted))
        };
        let per_packet = |cpu: Spent| {
            let micros = cpu.running.as_secs_f64() * 1e6;
            (received > 0).then(|| rounded(micros / received as f64))
        };
        let per_participant = |cpu: Spent| {
            let micros = cpu.running.as_secs_f64() * 1e6;
            rounded(micros / lasted / f64::from(participants.max(1)))
        };
        let per_join = |of: u32| rounded(join_cpu.as_secs_f64() * 1e3 / f64::from(of));
        let mut failures: Vec<String> =
            seen.iter().filter_map(|seen| seen.failed.clone()).collect();
        let failed = failures.len() as u64;
        failures.truncate(MOST_NAMED);
        let refused = seen.iter().flat_map(|seen| seen.counts.refused.clone());
        Self {
            scenario: settings.scenario.clone(),
            values: settings.values.clone(),
            rooms: plan.rooms,
            participants,
            seconds: rounded(lasted),
            began_unix_ms: Some(ended.began_unix_ms),
            server_version: server_version.to_owned(),
            packets_sent: sum(|counts| counts.sent),
            packets_expected: expected,
            packets_received: received,
            loss_pct: percent(total(SlotCounts::lost), expected),
            loss_audio_pct: lost_of(true),
            loss_video_pct: lost_of(false),
            lose_pct: rounded(settings.lose * 100.0),
            packets_repaired: total(|slot| slot.repaired),
            packets_duplicate: total(|slot| slot.duplicates),
            packets_reordered: total(|slot| slot.reordered),
            packets_wrong_source: sum(|counts| counts.wrong_source),
            packets_invalid: sum(|counts| counts.invalid),
            bots_unsent: sum(|counts| counts.unsent),
            slots_wished: wished().count() as u64,
            slots_empty: wished().filter(|slot| slot.received == 0).count() as u64,
            people_without_voice: without(|others| others.voices, |counts| counts.first_audio),
            people_without_picture: without(|others| others.pictures, |counts| counts.first_video),
            server_cpu_us_per_packet: ended.server_cpu.and_then(per_packet),
            server_cpu_cores: cores(ended.server_cpu, |cpu| cpu.running),
            server_cpu_us_per_participant_second: ended.server_cpu.map(per_participant),
            server_waiting_cores: cores(ended.server_cpu, |cpu| cpu.waiting),
            server_rss_kb_per_participant: growth(rss_end),
            server_rss_kb_per_join: growth(rss_joined),
            door_ms: times(|counts| counts.entered, true),
            seat_ms: times(|counts| counts.seated, true),
            join_ms: times(|counts| counts.joined, true),
            join_cpu_ms: (joins > 0).then(|| per_join(joins)),
            first_audio_ms: times(|counts| counts.first_audio, false),
            first_video_ms: times(|counts| counts.first_video, false),
            latency_ms: Quantiles::of(&ended.total.delivery),
            latency_audio_ms: Quantiles::of(&ended.total.voice),
            latency_video_ms: Quantiles::of(&ended.total.picture),
            frame_gap_ms: Quantiles::of(&ended.total.frame_gap),
            frames: slots().filter(|slot| !slot.audio).map(|slot| slot.frames).sum(),
            keyframes: total(|slot| slot.keyframes),
            keyframes_asked: sum(|counts| counts.keyframes_asked),
            freezes: total(|slot| slot.freezes),
            frozen_ms: rounded(slots().map(|slot| slot.frozen.as_secs_f64() * 1e3).sum()),
            server_dropped,
            bots_dropped,
            bots_cpu_cores: cores(ended.bots_cpu, |cpu| cpu.running),
            bots_waiting_cores: cores(ended.bots_cpu, |cpu| cpu.waiting),
            bots_threads: settings.threads,
            bots_lag_ms: Quantiles::of(&ended.total.lag),
            failed,
            failures,
            refused: refused.take(MOST_NAMED).collect(),
            marks: findings
                .marks
                .iter()
                .filter_map(|(mark, times)| {
                    Some((mark.clone(), Quantiles::of_times(times.iter().copied())?))
                })
                .collect(),
            faults: findings.named(),
            per_second: ended.seconds.clone(),
            each: seen
                .iter()
                .map(|seen| each::Each::new(seen, lasted, ended.began_unix_ms))
                .collect(),
        }
    }
}

impl Quantiles {
    /// Of a histogram in microseconds; `None` if it is empty.
    pub(crate) fn of(micros: &Histogram<u64>) -> Option<Self> {
        let at = |quantile| millis(micros.value_at_quantile(quantile));
        (!micros.is_empty()).then(|| Self {
            p50: at(0.5),
            p95: at(0.95),
            p99: at(0.99),
            max: millis(micros.max()),
            count: micros.len(),
        })
    }

    pub(crate) fn of_times(times: impl Iterator<Item = Duration>) -> Option<Self> {
        let mut histogram = Histogram::new_with_bounds(1, LONGEST_MICROS, 3).ok()?;
        times.for_each(|time| histogram.saturating_record(time.as_micros() as u64));
        Self::of(&histogram)
    }
}

/// Microseconds as ms, to the microsecond.
pub(crate) fn millis(micros: u64) -> f64 {
    micros as f64 / 1e3
}

/// A share in percent; of nothing it is 0.
pub(crate) fn percent(part: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { (part as f64 * 100.0 / of as f64 * 1e4).round() / 1e4 }
}

/// To three digits behind the point.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// Beyond a minute a time counts as a minute.
const LONGEST_MICROS: u64 = 60_000_000;
/// Failures that are named.
const MOST_NAMED: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_quantiles() {
        assert_eq!((percent(0, 0), percent(1, 3), percent(1, 1_000_000)), (0.0, 33.3333, 0.0001));
        let all = Quantiles::of_times((1..=100).map(Duration::from_millis)).unwrap();
        let near = |value: f64, expected: f64| (value - expected).abs() < expected / 500.0;
        assert!(near(all.p50, 50.0) && near(all.p95, 95.0) && near(all.max, 100.0), "{all:?}");
        assert_eq!(all.count, 100);
        assert_eq!(Quantiles::of_times(std::iter::empty()), None);
    }

    #[test]
    fn a_report_of_an_older_or_newer_version_is_read() {
        let text = r#"{ "scenario": "x", "packets_sent": 4, "something": "new" }"#;
        let report: Report = serde_json::from_str(text).unwrap();
        assert_eq!((report.packets_sent, report.join_ms), (4, None));
        let again: Report = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
        assert_eq!(again, report);
    }
}
