//! What was found, as a table for people and as JSON for reports.

use std::fmt::{self, Display, Formatter};

use kreide_floor::Machine;
use serde::Serialize;

use crate::cores::Cores;
use crate::play::{Class, Reading};
use crate::sizing::{LOAD, MACHINE_CORES, Need, PEOPLE, need};
use crate::sweep::{self, Step};

/// A whole sweep.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    machine: Machine,
    cores: Cores,
    class: Class,
    /// In the order of playing.
    steps: Vec<Step>,
    /// Classrooms of the largest step that went well.
    knee: Option<u32>,
    /// Of that step: cores for each hundred people.
    cores_per_100_people: Option<f64>,
    /// People whom one core carries at [`LOAD`], by the cost of that step.
    people_per_core: Option<u32>,
    sizing: Vec<Need>,
}

impl Report {
    pub(crate) fn new(machine: Machine, cores: Cores, class: Class, steps: Vec<Step>) -> Self {
        let knee = sweep::knee(&steps);
        let each = knee.and_then(cores_per_person);
        let kb = knee.and_then(|step| step.reading.as_ref()?.server_rss_kb_per_participant);
        let sizing = each.zip(kb).map_or_else(Vec::new, |(each, kb)| {
            PEOPLE.iter().map(|people| need(*people, each, kb)).collect()
        });
        Self {
            machine,
            cores,
            class,
            knee: knee.map(|step| step.rooms),
            cores_per_100_people: each.map(|each| (each * 1e5).round() / 1e3),
            people_per_core: each.map(|each| (LOAD / each) as u32),
            sizing,
            steps,
        }
    }

    fn write_knee(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match sweep::knee(&self.steps) {
            Some(Step { rooms, people, .. }) => {
                writeln!(out, "{rooms} classrooms, {people} people, went well.")?;
            }
            None => writeln!(out, "Not even one classroom went well.")?,
        }
        match sweep::beyond(&self.steps) {
            Some(Step { rooms, limit: Some(limit), .. }) => {
                writeln!(out, "With {rooms} {}.", limit.say())
            }
            _ => writeln!(out, "Nothing gave way: the sweep ended."),
        }
    }
}

impl Display for Report {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        self.write_knee(out)?;
        let Some((cores, people)) = self.cores_per_100_people.zip(self.people_per_core) else {
            return Ok(());
        };
        let percent = LOAD * 100.0;
        writeln!(
            out,
            "100 people cost {cores:.3} cores; a core that is {percent:.0} % full carries {people}."
        )?;
        writeln!(out, "\nWhat 1.3 million usage hours in a school day would need at that cost:")?;
        writeln!(out, "  people at once    cores   machines of {MACHINE_CORES}   memory GB")?;
        for Need { people, cores, machines, memory_gb } in &self.sizing {
            writeln!(out, "  {people:>14} {cores:>8} {machines:>15} {memory_gb:>11}")?;
        }
        writeln!(
            out,
            "The loopback device stands in for network cards, and packets are counted as"
        )?;
        writeln!(out, "their receivers see them: another machine needs a sweep of its own.")
    }
}

/// What stands above the table.
pub(crate) fn heading(machine: &Machine, cores: &Cores, class: Class) -> String {
    let Machine { processor, cores: all, kernel } = machine;
    let Class { people, cameras, seconds } = class;
    let list =
        |cores: &[usize]| cores.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let pinned = if cores.are_apart() {
        format!("server on core {}, bots on core {}", list(&cores.server), list(&cores.bots))
    } else {
        "server and bots share the core".to_owned()
    };
    format!(
        "{processor}, {all} cores, Linux {kernel}\n{pinned}; classes of {people}, {cameras} pupils' \
         cameras and the teacher's camera and screen; {seconds} s each\n"
    )
}

pub(crate) const COLUMNS: &str = "\
rooms people packets/s | server cores us/packet cores/100 kB/person | loss %  latency p50 / p99 ms | bots cores";

/// One line of the table.
pub(crate) fn row(step: &Step) -> String {
    let Step { rooms, people, .. } = step;
    let limit =
        step.limit.as_ref().map_or_else(String::new, |limit| format!("  ! {}", limit.say()));
    let Some(reading) = &step.reading else {
        return format!("{rooms:>5} {people:>6}{limit}");
    };
    let Reading { packets_received, seconds, loss_pct, .. } = reading;
    let figure = |value: Option<f64>, digits: usize| {
        value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
    };
    let latency = reading.latency_ms.unwrap_or_default();
    format!(
        "{rooms:>5} {people:>6} {:>9.0} | {:>12} {:>9} {:>9} {:>9} | {loss_pct:>6.3} {:>11.1} / {:<7.1}  | {:>10}{limit}",
        *packets_received as f64 / seconds.max(1e-3),
        figure(reading.server_cpu_cores, 3),
        figure(reading.server_cpu_us_per_packet, 2),
        figure(cores_per_person(step).map(|each| each * 100.0), 3),
        figure(reading.server_rss_kb_per_participant, 0),
        latency.p50,
        latency.p99,
        figure(reading.bots_cpu_cores, 2),
    )
}

fn cores_per_person(step: &Step) -> Option<f64> {
    let cores = step.reading.as_ref()?.server_cpu_cores?;
    (cores > 0.0).then(|| cores / f64::from(step.people.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::Limit;

    fn step(rooms: u32, cores: f64, limit: Option<Limit>) -> Step {
        let reading = Reading {
            seconds: 10.0,
            packets_received: 1_000,
            server_cpu_cores: Some(cores),
            server_rss_kb_per_participant: Some(100.0),
            ..Reading::default()
        };
        Step { rooms, people: rooms * 30, reading: Some(reading), limit }
    }

    fn report(steps: Vec<Step>) -> Report {
        let cores = Cores { server: vec![0], bots: vec![1] };
        let class = Class { people: 30, cameras: 5, seconds: 10 };
        let machine = Machine { processor: "P".to_owned(), cores: 2, kernel: "6".to_owned() };
        Report::new(machine, cores, class, steps)
    }

    #[test]
    fn the_cost_is_that_of_the_knee() {
        let bots = Limit::Bots("0.95 of 1 cores".to_owned());
        let report =
            report(vec![step(1, 0.1, None), step(2, 0.15, None), step(4, 0.2, Some(bots))]);
        assert_eq!((report.knee, report.cores_per_100_people), (Some(2), Some(0.25)));
        assert_eq!(report.people_per_core, Some(280));
        let text = report.to_string();
        for said in ["2 classrooms, 60 people", "With 4 the bots are the limit", "786 "] {
            assert!(text.contains(said), "{said}: {text}");
        }
        assert!(row(&report.steps[2]).ends_with("! the bots are the limit: 0.95 of 1 cores"));
    }

    #[test]
    fn where_nothing_went_well_nothing_is_reckoned() {
        let failed = Step {
            rooms: 1,
            people: 30,
            reading: None,
            limit: Some(Limit::Failed("no door".to_owned())),
        };
        assert_eq!(row(&failed), "    1     30  ! somebody fails: no door");
        let report = report(vec![failed]);
        assert!(report.sizing.is_empty() && report.to_string().contains("Not even one"));
    }
}
