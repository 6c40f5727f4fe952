//! Plays a plan: bots come, send, look, change their minds and leave.
//!
//! Invariant: whatever waits, waits in [`Run::pass`], so that measuring and churn go on meanwhile.

mod churn;
mod circle;
mod deeds;
mod findings;
mod laws;
mod member;
mod progress;
mod server;
mod talks;
mod window;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use kreide_bot::{Bot, BotConfig, Door, Journal, Latencies, Order, Stage};
use kreide_protocol::Role;
use tokio::time::{Instant, sleep_until};

use crate::links::Links;
use crate::onlooker::Invitation;
use crate::report::{Report, Seen};
use crate::scenario::{Client, Doorway, Plan, Step, Values};

use churn::Churn;
pub(crate) use findings::Findings;
use member::Member;
use progress::Progress;
pub(crate) use server::Server;
use window::Window;
pub(crate) use window::{Ended, Second};

/// How a plan is played.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) scenario: String,
    pub(crate) values: Values,
    /// How long to measure.
    pub(crate) seconds: u32,
    pub(crate) threads: u16,
    /// Share of media packets that get lost at each bot, 0 to 1.
    pub(crate) lose: f64,
    /// Where the link for an onlooker is put.
    pub(crate) link: Option<PathBuf>,
}

/// Plays the plan and reports.
///
/// # Errors
/// If the server does not answer, or nobody gets in.
pub(crate) async fn run(
    plan: &Plan,
    links: Links,
    door: &Door,
    settings: &Settings,
) -> Result<Report> {
    let server = Server::find(door).await?;
    let mut run = Run {
        plan,
        links,
        door,
        rss_before: server.process.and_then(crate::proc::Process::rss_kb),
        rss_joined: None,
        server,
        latencies: Arc::new(Latencies::new()),
        members: Vec::new(),
        gone: Vec::new(),
        lose: settings.lose,
        sends: vec![false; plan.groups.len()],
        joins: Joins::default(),
        churns: Vec::new(),
        window: None,
        progress: Progress::new(settings.seconds),
        link: settings.link.clone(),
        said: 0,
        away: Duration::ZERO,
        findings: Findings::default(),
    };
    for step in &plan.steps {
        run.step(step).await?;
    }
    run.finish(settings).await
}

struct Run<'a> {
    plan: &'a Plan,
    links: Links,
    door: &'a Door,
    server: Server,
    latencies: Arc<Latencies>,
    members: Vec<Member>,
    /// What those counted who left or failed.
    gone: Vec<Seen>,
    lose: f64,
    /// Which groups send.
    sends: Vec<bool>,
    joins: Joins,
    churns: Vec<Churn>,
    window: Option<Window>,
    rss_before: Option<u64>,
    rss_joined: Option<u64>,
    progress: Progress,
    link: Option<PathBuf>,
    /// When somebody last said something as a deed, in microseconds since 1970 UTC.
    said: u64,
    /// How long those stay away who were cut last.
    away: Duration,
    findings: Findings,
}

/// What joining cost the server while nobody sent.
#[derive(Clone, Copy, Debug, Default)]
struct Joins {
    count: u32,
    cpu: Duration,
}

impl Run<'_> {
    async fn step(&mut self, step: &Step) -> Result<()> {
        match step {
            Step::Join { groups, within } => self.join(groups, *within).await,
            Step::Send { groups } => {
                self.progress.say("they begin to send");
                groups.iter().for_each(|group| self.sends[*group] = true);
                self.tell_to_send().await;
                Ok(())
            }
            Step::Wait(time) => {
                self.pass(Instant::now() + *time).await;
                Ok(())
            }
            Step::Record => self.record().await,
            Step::Measure => {
                self.invite().await?;
                self.rss_joined = self.server.process.and_then(crate::proc::Process::rss_kb);
                self.progress.measure();
                for member in &self.members {
                    member.bot.order(Order::Mark).await;
                }
                self.window = Some(Window::begin(&self.server, &self.latencies));
                Ok(())
            }
            Step::Do(deed) => self.act(deed).await,
            Step::Churn { group, change, every } => {
                self.churns.push(Churn::new(*group, *change, *every));
                Ok(())
            }
        }
    }

    async fn join(&mut self, groups: &[usize], within: Duration) -> Result<()> {
        let rooms = self.plan.rooms;
        let seats: Vec<(usize, u32, u32)> = groups
            .iter()
            .flat_map(|group| {
                let numbers = 0..self.plan.groups[*group].count;
                numbers.flat_map(move |number| (0..rooms).map(move |room| (*group, room, number)))
            })
            .collect();
        let Ok(count) = u32::try_from(seats.len()) else { bail!("too many people") };
        if count == 0 {
            return Ok(());
        }
        self.progress.say(&format!("{count} join"));
        let quiet = !self.sends.contains(&true);
        let before = self.server.process.and_then(crate::proc::Process::cpu);
        let start = Instant::now();
        let first = self.members.len();
        for (place, (group, room, number)) in (0..).zip(seats) {
            self.pass(start + within * place / count).await;
            self.seat(group, room, number);
        }
        let deadline = Instant::now() + PATIENCE;
        let arriving = |member: &Member| member.bot.stage() == Stage::Arriving;
        while self.members.iter().skip(first).any(arriving) && Instant::now() < deadline {
            self.pass(Instant::now() + STEP).await;
        }
        let after = self.server.process.and_then(crate::proc::Process::cpu);
        if let (true, Some(before), Some(after)) = (quiet, before, after) {
            self.joins.count += count;
            self.joins.cpu += after.since(&before).running;
        }
        let failed = |member: &Member| match member.bot.stage() {
            Stage::Failed(why) => Some(why),
            Stage::Closed(code) => Some(format!("closed: {code:?}")),
            _ => None,
        };
        if self.members.iter().all(|member| failed(member).is_some())
            && let Some(why) = self.members.first().and_then(failed)
        {
            bail!("nobody got in: {why}");
        }
        self.tell_to_send().await;
        Ok(())
    }

    /// Lets one more come.
    fn seat(&mut self, group: usize, room: u32, number: u32) {
        let kind = &self.plan.groups[group];
        let name = format!("{} {}", kind.name, number + 1);
        let journal = if self.plan.is_judged() { Journal::kept() } else { Journal::default() };
        let config = BotConfig {
            door: self.door.clone(),
            link: self.links.secret(room, group, number).to_owned(),
            name: name.clone(),
            watching: kind.watching,
            camera: kind.camera.clone(),
            lose: self.lose,
            own_certificate: self.plan.is_judged(),
            journal: journal.clone(),
        };
        let latencies = Arc::clone(&self.latencies);
        let bot = match kind.client {
            Client::Bot => Bot::spawn(config, latencies),
            Client::Webrtc => kreide_peer::spawn(config, latencies),
        };
        self.members.push(Member {
            name,
            room,
            group,
            number,
            talk: match kind.door {
                Doorway::Talk(first) => Some(first + number),
                Doorway::Class | Doorway::Personal => None,
            },
            bot,
            journal,
            cuts: 0,
            kept: None,
            into_media: self.sends.contains(&true),
            others_send: self.plan.others_send(group),
            sends: false,
            camera_off: false,
        });
    }

    /// Whoever belongs to a group that sends, has arrived and does not send yet, begins.
    async fn tell_to_send(&mut self) {
        for member in &mut self.members {
            if self.sends[member.group] && !member.sends && member.bot.stage() == Stage::Connected {
                member.sends = true;
                for kind in &self.plan.groups[member.group].sends {
                    member.bot.order(Order::Send(*kind, true)).await;
                }
            }
        }
    }

    /// Waits until an onlooker, if one is expected, is there and wants to see.
    async fn invite(&mut self) -> Result<()> {
        let (Some(path), Some(link)) = (&self.link, &self.links.onlooker) else { return Ok(()) };
        self.progress.say("somebody is expected to look on");
        let invitation = Invitation::put(path, link)?;
        let deadline = Instant::now() + ONLOOKER;
        while !invitation.is_taken() {
            ensure!(Instant::now() < deadline, "nobody took the link away within {ONLOOKER:?}");
            self.pass(Instant::now() + STEP).await;
        }
        Ok(())
    }

    /// One teacher of each room presses record.
    async fn record(&mut self) -> Result<()> {
        self.progress.say("the recording is announced");
        let groups = &self.plan.groups;
        let teaches = |member: &&Member| groups[member.group].role == Role::Teacher;
        for room in 0..self.plan.rooms {
            let teacher = self.members.iter().filter(teaches).find(|member| member.room == room);
            ensure!(teacher.is_some(), "no teacher to record");
            if let Some(teacher) = teacher {
                teacher.bot.order(Order::Record(true)).await;
            }
        }
        let deadline = Instant::now() + RECORDING;
        loop {
            self.pass(Instant::now() + STEP).await;
            let teachers = || self.members.iter().filter(teaches).map(|member| member.bot.counts());
            if teachers().all(|counts| counts.recording) {
                return Ok(());
            }
            let refused = teachers().find_map(|counts| counts.refused.first().cloned());
            if let Some(refused) = refused {
                bail!("the server does not record: {refused}");
            }
            ensure!(Instant::now() < deadline, "no recording began within {RECORDING:?}");
        }
    }

    /// Lets time pass, measures every second, and does what the restless do.
    async fn pass(&mut self, until: Instant) {
        loop {
            let now = Instant::now();
            if let Some(window) = &mut self.window
                && window.tick(now, &self.server, &self.latencies, &self.members, &self.gone)
            {
                self.progress.second();
            }
            for place in 0..self.churns.len() {
                if self.churns[place].take_due(now) {
                    self.change(place).await;
                }
            }
            self.tell_to_send().await;
            if now >= until {
                return;
            }
            sleep_until(until.min(now + STEP)).await;
        }
    }

    async fn finish(mut self, settings: &Settings) -> Result<Report> {
        let Some(began) = self.window.as_ref().map(Window::began) else {
            bail!("nothing was measured");
        };
        self.pass(began + Duration::from_secs(settings.seconds.into())).await;
        self.churns.clear();
        let rss = self.server.process.and_then(crate::proc::Process::rss_kb);
        let Some(window) = self.window.take() else { bail!("nothing was measured") };
        let end = window.end(&self.server, &self.latencies);
        self.progress.say("what is missing is asked for");
        for member in &self.members {
            member.bot.order(Order::Hush).await;
        }
        self.pass(Instant::now() + REPAIR).await;
        let dropped = end.dropped(&self.server);
        let late = Duration::from_micros(end.total.lag.max());
        self.judge(late);
        let mut seen: Vec<Seen> = self.members.iter().map(Member::seen).collect();
        seen.append(&mut self.gone);
        self.leave().await;
        self.progress.end();
        let memory = [self.rss_before, self.rss_joined, rss];
        let joins = (self.joins.count, self.joins.cpu);
        Ok(Report::new(
            self.plan,
            settings,
            &self.server.version,
            &end,
            dropped,
            &seen,
            memory,
            joins,
            &self.findings,
        ))
    }

    /// Everybody leaves.
    async fn leave(&mut self) {
        for member in &self.members {
            member.bot.order(Order::Leave).await;
        }
        let all = async {
            for member in &self.members {
                member.bot.ended().await;
            }
        };
        // Whoever hangs ends with the process.
        let _ = tokio::time::timeout(GOODBYE, all).await;
    }
}

/// How finely time passes.
const STEP: Duration = Duration::from_millis(50);
/// From the last one's start to its arrival; a bot gives up earlier.
const PATIENCE: Duration = Duration::from_secs(25);
/// From the button to a recording that runs: announced for some seconds first.
const RECORDING: Duration = Duration::from_secs(20);
/// From the link to the onlooker who has seen enough to begin.
const ONLOOKER: Duration = Duration::from_secs(60);
/// For the last repairs.
const REPAIR: Duration = Duration::from_millis(900);
const GOODBYE: Duration = Duration::from_secs(3);
