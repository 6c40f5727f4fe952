//! The members of one lesson on one shard, and the calls that drive them.
//!
//! The work is split by what causes it: `media` (packets that come), `forward` (packets that go),
//! `relay` and `crossing` (other parts of the room), `voices` (who is heard), `reports` (RTCP),
//! `views` (who is shown where), `places` (who moves), `recorder` (what the recorder is told), `timers` (what happens
//! later).

mod crossing;
mod forward;
mod media;
mod places;
mod recorder;
mod relay;
mod reports;
mod timers;
mod views;
mod voices;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

use kreide_control::{Audience, MediaRights, ParticipantNo, SlotMapping, Source, SourceKind, View};
use kreide_media::clock::NtpTime;

use crate::audiences::Audiences;
use crate::audio::AudioChoice;
use crate::burst::Bursts;
use crate::member::{Listener, Member, MemberConfig, MemberKey, Site};
use crate::outbox::{Outbox, PacketKind};
use crate::relay::{Links, Relayed, RelayedKey};
use crate::rewriter::StreamId;
use crate::slot::{Origin, Target};
pub use timers::Reason;
use timers::Timers;

/// One moment on both clocks, so that the core can tell wall-clock time from given instants.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The moment on the steady clock.
    pub at: Instant,
    /// The same moment as wall-clock time.
    pub ntp: NtpTime,
}

impl Clock {
    fn ntp(&self, now: Instant) -> NtpTime {
        self.ntp.plus(now.saturating_duration_since(self.at))
    }
}

/// What signaling should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomEvent {
    /// Video slots of a viewer carry something else now.
    Slots {
        /// The viewer.
        participant: ParticipantNo,
        /// The changed slots.
        slots: Vec<SlotMapping>,
    },
    /// Who can be heard speaking by an audience, loudest first.
    Speaking {
        /// Whom it concerns.
        audience: Audience,
        /// The speakers.
        participants: Vec<ParticipantNo>,
    },
    /// For the recorder alone: the pictures that it can ask for, in no order.
    Pictures(Vec<Source>),
}

/// Counts of a room part since its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoomStats {
    /// RTP packets that came in.
    pub received: u64,
    /// RTP packets that went out, retransmissions included.
    pub forwarded: u64,
    /// RTP packets dropped because their kind was locked or off.
    pub refused: u64,
    /// RTP or RTCP packets that were no valid packet of a known stream.
    pub malformed: u64,
    /// Packets sent again to viewers.
    pub retransmitted: u64,
    /// Keyframes asked of senders.
    pub keyframe_requests: u64,
    /// Packets asked of senders again.
    pub asked_again: u64,
    /// Packets given to other parts of the room.
    pub relayed: u64,
    /// Messages of other parts that spoke of what is not theirs.
    pub relay_refused: u64,
}

/// The members of one lesson on one shard.
#[derive(Debug)]
pub struct RoomPart {
    clock: Clock,
    seed: u64,
    streams: u64,
    members: Vec<Option<Member>>,
    /// The newest member of each participant.
    numbers: HashMap<ParticipantNo, MemberKey>,
    /// Of the members that are here.
    audiences: Audiences,
    audio: AudioChoice,
    /// Who was last told to speak, by audience, where somebody does.
    speaking: BTreeMap<Audience, Vec<ParticipantNo>>,
    /// Members that have sent something, and likenesses.
    senders: Vec<MemberKey>,
    /// Senders that are owed transport-wide feedback.
    owed_feedback: Vec<MemberKey>,
    /// Viewers that wait for a keyframe.
    awaiting: BTreeSet<MemberKey>,
    /// The recorder, if there is one, and the pictures it was told of.
    recorder: Option<(MemberKey, Vec<Source>)>,
    links: Links,
    timers: Timers,
    bursts: Bursts,
    outbox: Outbox,
    events: VecDeque<RoomEvent>,
    stats: RoomStats,
}

impl RoomPart {
    /// An empty room. `seed` makes the slots' first numbers; it need not be secret.
    #[must_use]
    pub fn new(clock: Clock, seed: u64) -> Self {
        Self {
            clock,
            seed,
            streams: 0,
            members: Vec::new(),
            numbers: HashMap::new(),
            links: Links::default(),
            audiences: Audiences::default(),
            audio: AudioChoice::default(),
            speaking: BTreeMap::new(),
            senders: Vec::new(),
            owed_feedback: Vec::new(),
            awaiting: BTreeSet::new(),
            recorder: None,
            timers: Timers::default(),
            bursts: Bursts::new(Duration::ZERO),
            outbox: Outbox::default(),
            events: VecDeque::new(),
            stats: RoomStats::default(),
        }
    }

    /// Waits up to `window` for the rest of a frame, so that a viewer gets it in fewer batches.
    /// Zero forwards at once what came together. For a room in which nothing flows yet.
    #[must_use]
    pub fn with_coalescing(mut self, window: Duration) -> Self {
        self.bursts = Bursts::new(window);
        self
    }

    // Getters.

    /// Whether nobody is here. Members of other parts do not count.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.iter().flatten().all(|member| member.site != Site::Here)
    }

    /// One moment on both clocks.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// How many audio and video slots a member has.
    #[must_use]
    pub fn slots(&self, key: MemberKey) -> (u8, u8) {
        let count = |m: &Member| (m.audio_slots.len() as u8, m.video_slots.len() as u8);
        self.member(key).map_or((0, 0), count)
    }

    /// What happened so far.
    #[must_use]
    pub fn stats(&self) -> RoomStats {
        self.stats
    }

    /// One line for each member and what it sees, for people who look for a fault.
    #[must_use]
    pub fn debug_state(&self) -> Vec<String> {
        self.members
            .iter()
            .flatten()
            .map(|member| {
                let sends: Vec<_> = member
                    .publications
                    .iter()
                    .filter(|p| p.flowing)
                    .map(|p| (p.kind(), p.subscribers.len()))
                    .collect();
                let feeds: Vec<_> = member.slots().filter_map(|s| s.feed.now()).collect();
                format!("{} {:?} sends {sends:?} gets {feeds:?}", member.participant, member.role)
            })
            .collect()
    }

    // Commands.

    /// Takes a member in. It gets and gives media once [`Self::connected`] is called.
    pub fn join(&mut self, config: MemberConfig, now: Instant) -> MemberKey {
        self.enter(config, Site::Here, now)
    }

    fn enter(&mut self, config: MemberConfig, site: Site, now: Instant) -> MemberKey {
        let (streams, seed) = (&mut self.streams, &mut self.seed);
        let next_stream = || {
            *streams += 1;
            StreamId(*streams)
        };
        let (listener, participant) = (config.listener, config.participant);
        let audience = config.place.audience();
        let member = Member::new(config, site, now, next_stream, || split_mix(seed));
        let key = match self.members.iter().position(Option::is_none) {
            Some(free) => {
                self.members[free] = Some(member);
                MemberKey(free)
            }
            None => {
                self.members.push(Some(member));
                MemberKey(self.members.len() - 1)
            }
        };
        self.numbers.insert(participant, key);
        if site != Site::Here {
            self.senders.push(key);
        } else if self.audiences.enter(audience) {
            self.audiences_changed(now);
        }
        if listener == Listener::Recorder {
            self.recorder = Some((key, Vec::new()));
        }
        key
    }

    /// The member's transport is ready: media flows from now on.
    pub fn connected(&mut self, key: MemberKey, now: Instant) {
        if let Some(member) = self.member_mut(key) {
            member.connected = true;
            self.apply_audio_choice(key);
            self.apply_view(key, now);
            self.tell_recorder();
        }
    }

    /// Ends a member: its publications disappear from all slots.
    pub fn leave(&mut self, key: MemberKey, now: Instant) {
        for kind in SourceKind::ALL {
            self.publication_ended(key, kind, now);
        }
        let Some(member) = self.members.get_mut(key.0).and_then(Option::take) else { return };
        self.senders.retain(|sender| *sender != key);
        self.owed_feedback.retain(|sender| *sender != key);
        self.awaiting.remove(&key);
        if self.numbers.get(&member.participant) == Some(&key) {
            self.numbers.remove(&member.participant);
        }
        if member.site == Site::Here && member.announced {
            self.links.changed.retain(|changed| *changed != key);
            self.links.tell_all(&Relayed::Left(key));
        }
        if member.site == Site::Here && self.audiences.leave(member.place.audience()) {
            self.audiences_changed(now);
        }
        if self.recorder.as_ref().is_some_and(|(recorder, _)| *recorder == key) {
            self.recorder = None;
        }
        for origin in member.slots().flat_map(|slot| slot.feed.origins()) {
            if let Some(publication) =
                self.member_mut(origin.member).and_then(|m| m.publication_mut(origin.kind))
            {
                publication.subscribers.retain(|s| s.viewer != key);
            }
            self.note_rewanted(origin);
        }
    }

    /// The subscribers of a publication changed: another part may have to know.
    fn note_rewanted(&mut self, origin: Origin) {
        let Some(member) = self.member(origin.member) else { return };
        if let Site::Elsewhere { .. } = member.site
            && let Some(publication) =
                member.publications.iter().position(|p| p.kind() == origin.kind)
        {
            let key = RelayedKey { member: origin.member, publication };
            if !self.links.rewanted.contains(&key) {
                self.links.rewanted.push(key);
            }
        }
    }

    /// Opens and closes kinds. A closed kind's packets are dropped from this call on.
    pub fn set_rights(&mut self, key: MemberKey, rights: MediaRights, now: Instant) {
        let Some(member) = self.member_mut(key) else { return };
        member.rights = rights;
        for kind in SourceKind::ALL.into_iter().filter(|kind| !rights.allows(*kind)) {
            self.publication_ended(key, kind, now);
        }
    }

    /// Opens or closes the way to the recorder.
    pub fn set_recordable(&mut self, key: MemberKey, recordable: bool, now: Instant) {
        let Some(member) = self.member_mut(key) else { return };
        member.recordable = recordable;
        self.links.note(key);
        self.recordable_changed(now);
    }

    /// Consent concerns the recorder alone.
    fn recordable_changed(&mut self, now: Instant) {
        if let Some((recorder, _)) = self.recorder {
            self.apply_audio_choice(recorder);
            self.apply_view(recorder, now);
            self.tell_recorder();
        }
    }

    /// A viewer asks for a keyframe of what a video slot carries or waits for.
    pub fn keyframe_wanted(&mut self, viewer: MemberKey, slot: u8, now: Instant) {
        let Some(member) = self.member(viewer) else { return };
        let feed = member.video_slots.iter().find(|s| s.line.index == slot).map(|slot| slot.feed);
        if let Some(Target { origin, layer }) = feed.and_then(|feed| feed.now().or(feed.next())) {
            self.timers.arm(Reason::Layers, now);
            self.want_keyframe(origin.member, origin.kind, layer, now);
        }
    }

    /// Changes what a viewer sees.
    pub fn set_view(&mut self, key: MemberKey, view: View, now: Instant) {
        let Some(member) = self.member_mut(key) else { return };
        let before = std::mem::replace(&mut member.view, view);
        self.apply_view(key, now);
        self.confirm_slots_asked_again(key, &before);
    }

    // Polls.

    /// The next thing that signaling should know.
    pub fn poll_event(&mut self) -> Option<RoomEvent> {
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        let changed = self.members.iter_mut().flatten().find(|m| !m.changed_slots.is_empty())?;
        Some(RoomEvent::Slots {
            participant: changed.participant,
            slots: std::mem::take(&mut changed.changed_slots),
        })
    }

    /// When [`Self::handle_timeout`] must be called next, and why.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, Reason)> {
        let burst = self.bursts.deadline().map(|at| (at, Reason::Burst));
        self.timers.next().into_iter().chain(burst).min()
    }

    fn member(&self, key: MemberKey) -> Option<&Member> {
        self.members.get(key.0)?.as_ref()
    }

    fn member_mut(&mut self, key: MemberKey) -> Option<&mut Member> {
        self.members.get_mut(key.0)?.as_mut()
    }

    fn keys(&self) -> Vec<MemberKey> {
        (0..self.members.len()).filter(|i| self.members[*i].is_some()).map(MemberKey).collect()
    }

    /// Asks a sender for a keyframe of one layer, unless it was asked a moment ago. A sender of
    /// another part is asked by that one.
    fn want_keyframe(&mut self, key: MemberKey, kind: SourceKind, layer: u8, now: Instant) {
        let Some(member) = self.members.get_mut(key.0).and_then(Option::as_mut) else { return };
        let site = member.site;
        let Some(publication) = member.publications.iter().position(|p| p.kind() == kind) else {
            return;
        };
        let layers = &mut member.publications[publication].layers;
        let Some(asked) = layers.get_mut(usize::from(layer)) else { return };
        let ssrc = asked.ssrc;
        if (site == Site::Here && ssrc.is_none()) || !asked.keyframes.want(now) {
            return;
        }
        match (site, ssrc) {
            (Site::Elsewhere { part, member }, _) => {
                let publication = RelayedKey { member, publication };
                self.links.tell(part, Relayed::Keyframe { publication, layer });
            }
            (Site::Here, Some(ssrc)) => {
                self.stats.keyframe_requests += 1;
                self.outbox.push(key, PacketKind::Rtcp, |out| {
                    kreide_media::rtcp::write_pli(out, FEEDBACK_SSRC, ssrc);
                });
            }
            (Site::Here, None) => {}
        }
    }
}

/// SplitMix64: spreads one seed over many streams.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Our SSRC as the sender of feedback; we are not a source of media under it.
const FEEDBACK_SSRC: u32 = 1;
