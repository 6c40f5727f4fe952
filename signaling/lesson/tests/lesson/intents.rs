//! One of each intent, and a class in which each can be uttered.

use kreide_control::{ParticipantNo, Policy, PrivateChat, RecordingEnd, SourceKind};
use kreide_lesson::{
    Actor, Batch, ChatTo, Choice, Deal, Denied, GroupIntent, Identity, Intent, KeyHash, LockKind,
    Millis, PollIntent, PollKind, Reaction, Subject, TalkIntent, Text, TokenId, ToolIntent,
};

use crate::fixture::{Class, Role, START, hash, p, recording};

/// The roles of the numbers 1 to 6.
pub(crate) const ROLES: [Role; 6] =
    [Role::Teacher, Role::Presenter, Role::Pupil, Role::Guest, Role::Interpreter, Role::Observer];
/// A pupil to whom things are done.
pub(crate) const SOMEONE: ParticipantNo = ParticipantNo(7);
/// A guest who waits.
pub(crate) const LOBBY: ParticipantNo = ParticipantNo(8);

/// An intent and what it is called in tables.
pub(crate) struct Row {
    pub(crate) short: &'static str,
    /// As a school would say it. Empty: no person does this.
    pub(crate) text: &'static str,
    pub(crate) intent: Intent,
}

/// A class that has just begun, and one in which a poll, a recording and much else goes on.
pub(crate) fn situations() -> [Class; 2] {
    let mut fresh = Class::new();
    let mut busy = Class::new();
    for class in [&mut fresh, &mut busy] {
        for role in ROLES.into_iter().chain([Role::Pupil]) {
            let no = class.lesson.people().count() + 1;
            class.recordable_seat(&format!("s{no}"), role);
        }
        let waiting = Identity { waits: true, ..class.identity("waiting", Role::Guest) };
        class.join(waiting, 8).unwrap();
    }
    go_on(&mut busy);
    [fresh, busy]
}

fn go_on(class: &mut Class) {
    let private_chat = PrivateChat {
        teachers: true,
        pupil_teacher: true,
        pupils: true,
        guest_teacher: true,
        guests: true,
    };
    let policy = Policy { private_chat, ..Policy::unwritten() };
    class.act(Actor::Server, Intent::SetPolicy { policy, talks: Vec::new() }).unwrap();
    // The message of each has the number of its author, but that of number 7.
    for no in [1, 2, 3, 4, 5, 7] {
        let text = Text::from("hello");
        class.by(no, Intent::Chat { to: ChatTo::All, text }).unwrap();
    }
    class.by(1, Intent::Lock { who: Some(SOMEONE), what: LockKind::Board, locked: true }).unwrap();
    let kind = PollKind::YesNo;
    let open = PollIntent::Open { question: None, kind, live: true };
    class.by(1, Intent::Poll(open)).unwrap();
    class.by(1, Intent::Tool(ToolIntent::AskReady { on: true })).unwrap();
    class.announce(1, 1);
}

/// `+` if it is allowed in one of these situations, `-` if it never is and a rule, role or lock
/// forbids it, `?` if there is nothing in any of them to do it to.
/// Of groups and talks the rule alone is asked: whether they go on has tests of its own.
pub(crate) fn cell(situations: &[Class], actor: Actor, intent: &Intent) -> char {
    let by_rule = situations[0].lesson.permits(actor, intent);
    let got: Vec<_> = situations
        .iter()
        .map(|class| class.lesson.handle(actor, intent.clone(), class.now).map(|_| ()))
        .collect();
    if !by_rule {
        assert!(got.iter().all(|got| *got == Err(Denied::Forbidden)), "{actor:?} {intent:?}");
        return '-';
    }
    match intent {
        Intent::Groups(_) | Intent::Talk(_) => '+',
        _ if got.contains(&Ok(())) => '+',
        _ if got.contains(&Err(Denied::Forbidden)) => '-',
        _ => '?',
    }
}

/// One of each, as number `me` utters it.
pub(crate) fn intents(me: u32) -> Vec<Row> {
    let mut rows = at_the_door();
    rows.extend(own(p(me)));
    rows.extend(moderation());
    rows.extend(recordings());
    rows.extend(polls());
    rows.extend(tools());
    rows.extend(groups());
    rows.extend(talks());
    rows.extend([row("end", "End the lesson", Intent::End), row("leave", "Leave", Intent::Leave)]);
    rows
}

fn row(short: &'static str, text: &'static str, intent: Intent) -> Row {
    Row { short, text, intent }
}

fn at_the_door() -> Vec<Row> {
    let identity = Identity {
        subject: Subject("new".to_owned()),
        role: Role::Pupil,
        name: Text::from("new"),
        consent: false,
        token: TokenId("new".to_owned()),
        token_expires: Millis(START.0 + 60_000),
        waits: false,
        seat: None,
        talk: None,
        device: Some(KeyHash([1; 32])),
    };
    let policy = Policy { attendance: true, ..Policy::unwritten() };
    vec![
        row("join", "", Intent::Join { identity, key: hash(9) }),
        // The secret of those who sit there is 0.
        row("resume", "", Intent::Resume { key: hash(0), next: hash(1) }),
        row("disconnected", "", Intent::Disconnected { who: SOMEONE }),
        row("unattended", "", Intent::Unattended),
        row("take off", "", Intent::TakenOff { who: SOMEONE }),
        row("set policy", "", Intent::SetPolicy { policy, talks: Vec::new() }),
    ]
}

fn own(me: ParticipantNo) -> Vec<Row> {
    use SourceKind::{Camera, Content, ContentAudio, Microphone};
    let send = |kind, on| Intent::Send { kind, on };
    let text = || Text::from("hello");
    let partner = if me == p(1) { SOMEONE } else { p(1) };
    let to = ChatTo::Person(partner);
    vec![
        row("microphone on", "Switch the own microphone on", send(Microphone, true)),
        row("microphone off", "Switch the own microphone off", send(Microphone, false)),
        row("camera on", "Switch the own camera on", send(Camera, true)),
        row("camera off", "Switch the own camera off", send(Camera, false)),
        row("content on", "Show the own screen, a document or a film", send(Content, true)),
        row("content off", "Stop showing it", send(Content, false)),
        row("content audio on", "Send the sound of what is shown", send(ContentAudio, true)),
        row("content audio off", "Stop that sound", send(ContentAudio, false)),
        row("hand up", "Raise the own hand", Intent::Hand { up: true }),
        row("hand down", "Lower the own hand", Intent::Hand { up: false }),
        row("chat", "Write to all", Intent::Chat { to: ChatTo::All, text: text() }),
        row(
            "chat alone",
            "Write to a teacher alone, or as a teacher to a pupil (unless the school's policy forbids it)",
            Intent::Chat { to, text: text() },
        ),
        row(
            "edit own",
            "Change an own message",
            Intent::EditChat { id: u64::from(me.0), text: text() },
        ),
        row("delete own", "Delete an own message", Intent::DeleteChat { id: u64::from(me.0) }),
        row("caption", "Write captions", Intent::Caption { text: text() }),
        row("rename self", "Change the own name", Intent::Rename { who: me, name: text() }),
    ]
}

fn moderation() -> Vec<Row> {
    let who = SOMEONE;
    let lock = |who, locked| Intent::Lock { who, what: LockKind::Microphone, locked };
    let grant = |on| Intent::Grant { who, what: LockKind::Content, on };
    let word = |on| Intent::LetSpeak { who, on };
    vec![
        row("lower hand", "Lower the hand of another", Intent::LowerHand { who }),
        row("delete other", "Delete the message of another", Intent::DeleteChat { id: 6 }),
        row(
            "hide recent",
            "Hide what somebody wrote in the last minute",
            Intent::HideRecent { who },
        ),
        row(
            "rename other",
            "Change the name of another",
            Intent::Rename { who, name: Text::from("x") },
        ),
        row(
            "mute",
            "Switch off the microphone, camera or screen of another",
            Intent::Mute { who, kind: SourceKind::Camera },
        ),
        row("lock one", "Lock something for one person", lock(Some(who), true)),
        row("unlock one", "Unlock something for one person", lock(Some(who), false)),
        row("lock all", "Lock something for all pupils and guests", lock(None, true)),
        row("unlock all", "Unlock something for all", lock(None, false)),
        row("grant", "Allow one person something", grant(true)),
        row("take back", "Take back what was allowed", grant(false)),
        row("let speak", "Give the word", word(true)),
        row("take the word", "Take the word back", word(false)),
        row("quiet", "Quiet: silence everyone", Intent::Quiet { on: true }),
        row("quiet off", "End the quiet", Intent::Quiet { on: false }),
        row("undo", "Take back what was done to somebody a moment ago", Intent::Undo { id: 1 }),
        row("admit", "Let somebody in who waits", Intent::Admit { who: Some(LOBBY) }),
        row("admit all", "Let everyone in who waits", Intent::Admit { who: None }),
        row("turn away", "Send somebody away who waits", Intent::TurnAway { who: LOBBY }),
        row("to lobby", "Send somebody back to wait", Intent::ToLobby { who }),
        row("remove", "Remove somebody for this lesson", Intent::Remove { who }),
    ]
}

fn recordings() -> Vec<Row> {
    let id = || recording(1);
    let ended = Intent::RecordingEnded { id: id(), why: RecordingEnd::StorageFull, kept: true };
    vec![
        row(
            "start recording",
            "Start a recording (unless the school's policy forbids it)",
            Intent::StartRecording { id: id(), begins: START },
        ),
        row("begin recording", "", Intent::BeginRecording { id: id() }),
        row("stop recording", "Stop the recording", Intent::StopRecording),
        row("recording ended", "", ended),
        row(
            "consent",
            "Agree to be recorded (if the school has the consent)",
            Intent::Consent { to: Some(id()) },
        ),
        row("no consent", "Refuse to be recorded", Intent::Consent { to: None }),
    ]
}

fn polls() -> Vec<Row> {
    let open = PollIntent::Open { question: None, kind: PollKind::Free, live: false };
    let voters = (20..25).map(p).collect();
    let batch = Batch { voters, counts: vec![5, 0], answers: Vec::new() };
    vec![
        row("poll open", "Ask a poll", Intent::Poll(open)),
        row(
            "poll vote",
            "Vote",
            Intent::Poll(PollIntent::Vote { id: 1, choice: Choice::Option(1) }),
        ),
        row("poll tally", "", Intent::Poll(PollIntent::Tally { id: 1, batch })),
        row("poll close", "Close the poll", Intent::Poll(PollIntent::Close)),
    ]
}

fn tools() -> Vec<Row> {
    let tool = |short, text, intent| row(short, text, Intent::Tool(intent));
    let text = Some(Text::from("Page 7"));
    vec![
        tool("spotlight", "Show people large to all", ToolIntent::Spotlight { who: vec![SOMEONE] }),
        tool("focus", "Let pupils see and hear teachers alone", ToolIntent::Focus { on: true }),
        tool(
            "focus off",
            "Let pupils see and hear each other again",
            ToolIntent::Focus { on: false },
        ),
        tool("announce", "Show a line to all", ToolIntent::Announce { text }),
        tool("timer", "Set the timer", ToolIntent::Timer { seconds: Some(60) }),
        tool("ask ready", "Ask who is ready", ToolIntent::AskReady { on: true }),
        tool("ready", "Say that one is ready", ToolIntent::Ready { yes: true }),
        tool("pick", "Draw a pupil by lot", ToolIntent::Pick { seed: 1 }),
        tool("react", "Show a reaction", ToolIntent::React { what: Reaction::Applause }),
        tool(
            "in room",
            "Say that one sits in the classroom itself",
            ToolIntent::InRoom { on: true },
        ),
    ]
}

fn groups() -> Vec<Row> {
    let group = |short, text, intent| row(short, text, Intent::Groups(intent));
    let listen = |group| GroupIntent::Listen { group, begins: START };
    let deal = GroupIntent::Deal { deal: Deal::Number(2), shuffled: true, seed: 1 };
    vec![
        group(
            "groups prepare",
            "Prepare groups",
            GroupIntent::Prepare { groups: vec![vec![SOMEONE]] },
        ),
        group("groups deal", "Deal everyone out into groups", deal),
        group("groups offer", "Let everyone choose a group", GroupIntent::Offer { groups: 2 }),
        group("groups open", "Send everyone to their groups", GroupIntent::Open { minutes: None }),
        group("groups extend", "Give the groups more time", GroupIntent::Extend { minutes: 1 }),
        group("groups close", "Bring everyone back", GroupIntent::Close),
        group(
            "groups assign",
            "Put somebody into a group",
            GroupIntent::Assign { who: SOMEONE, group: Some(1) },
        ),
        group(
            "groups choose",
            "Choose the own group, where one may",
            GroupIntent::Choose { group: 1 },
        ),
        group("groups visit", "Visit a group", GroupIntent::Visit { group: Some(1) }),
        group("groups listen", "Listen to a group, after it was told", listen(Some(1))),
        group("groups listen off", "Stop listening to a group", listen(None)),
        group("groups begin", "", GroupIntent::BeginListening { who: p(1) }),
        group("groups speak", "Speak into all groups", GroupIntent::SpeakToAll { on: true }),
        group(
            "groups speak off",
            "Stop speaking into all groups",
            GroupIntent::SpeakToAll { on: false },
        ),
        group(
            "groups call",
            "Call a teacher to the own group",
            GroupIntent::CallTeacher { on: true },
        ),
    ]
}

fn talks() -> Vec<Row> {
    let talk = |short, text, intent| row(short, text, Intent::Talk(intent));
    vec![
        talk("talk begin", "Begin the talk with a family", TalkIntent::Begin { slot: 1 }),
        talk("talk finish", "End the talk", TalkIntent::Finish),
        talk("talk more", "Give the talk two minutes more", TalkIntent::More),
        talk("talk no-show", "Note that a family has not come", TalkIntent::NoShow { slot: 1 }),
        talk("talk skip", "Pass a talk over", TalkIntent::Skip { slot: 1 }),
    ]
}
