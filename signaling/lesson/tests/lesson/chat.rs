//! Who writes to whom, who reads it, and what becomes of it.

use kreide_control::{Policy, PrivateChat};
use kreide_lesson::{Audience, ChatTo, Denied, Event, Intent, Logged, Shown, Text};

use crate::fixture::{Class, Role, p};

const ROLES: [Role; 6] =
    [Role::Teacher, Role::Presenter, Role::Pupil, Role::Guest, Role::Interpreter, Role::Observer];

fn say(to: ChatTo, text: &str) -> Intent {
    Intent::Chat { to, text: Text::from(text) }
}

fn private(class: &mut Class, private_chat: PrivateChat) {
    let policy = Policy { private_chat, ..Policy::unwritten() };
    let set = Intent::SetPolicy { policy, talks: Vec::new() };
    class.act(kreide_lesson::Actor::Server, set).unwrap();
}

fn shown(class: &Class) -> Vec<Shown> {
    class.lesson.chat().map(|line| line.shown).collect()
}

fn readers(class: &Class, logged: &Logged) -> Vec<u32> {
    (1..=12).filter(|no| class.lesson.visible(logged, p(*no))).collect()
}

/// Each role to each, two of each: `+` allowed.
#[test]
fn who_may_write_to_whom_alone() {
    let none = PrivateChat::none();
    let table = [
        (none, "------ ------ ------ ------ ------ ------"),
        (PrivateChat::default(), "+++++- +++++- ++--+- ++--+- +++++- ------"),
        (PrivateChat { teachers: true, ..none }, "++--+- ++--+- ------ ------ ++--+- ------"),
        (PrivateChat { pupil_teacher: true, ..none }, "--+--- --+--- ++--+- ------ --+--- ------"),
        (PrivateChat { pupils: true, ..none }, "------ ------ --+--- ------ ------ ------"),
        (PrivateChat { guest_teacher: true, ..none }, "---+-- ---+-- ------ ++--+- ---+-- ------"),
        (PrivateChat { guests: true, ..none }, "------ ------ ---+-- --++-- ------ ------"),
    ];
    for (policy, expected) in table {
        let twice: Vec<_> = ROLES.into_iter().chain(ROLES).collect();
        let mut class = Class::with(&twice);
        private(&mut class, policy);
        let mut rows = Vec::new();
        for from in 1..=6 {
            let cell = |to| match class.by(from, say(ChatTo::Person(p(to)), "psst")) {
                Ok(_) => '+',
                Err(denied) => {
                    assert_eq!(denied, Denied::Forbidden);
                    '-'
                }
            };
            rows.push((7..=12).map(cell).collect::<String>());
        }
        assert_eq!(rows.join(" "), expected, "{policy:?}");
        for logged in &class.log {
            let Event::Chat { from, to: ChatTo::Person(to), .. } = logged.event else { continue };
            assert_eq!(readers(&class, logged), [from.0, to.0], "nobody else reads it");
        }
    }
}

#[test]
fn whom_nobody_can_write_to() {
    let mut class = Class::with(&[Role::Teacher, Role::Pupil, Role::Pupil]);
    private(&mut class, PrivateChat { pupils: true, ..PrivateChat::default() });
    assert_eq!(class.by(2, say(ChatTo::Person(p(2)), "me")), Err(Denied::Forbidden));
    assert_eq!(class.by(2, say(ChatTo::Person(p(9)), "who")), Err(Denied::NotFound));
    assert_eq!(class.by(2, say(ChatTo::Group(1), "group")), Err(Denied::Forbidden));
    class.by(2, say(ChatTo::Person(p(3)), "psst")).unwrap();
    let people = kreide_lesson::LockKind::People;
    class.by(1, Intent::Lock { who: None, what: people, locked: true }).unwrap();
    let hidden = say(ChatTo::Person(p(3)), "psst");
    assert_eq!(class.by(2, hidden), Err(Denied::NotFound), "as if nobody were there");
    class.by(2, say(ChatTo::Person(p(1)), "help")).unwrap();
    let lock = |what| Intent::Lock { who: None, what, locked: true };
    class.by(1, lock(kreide_lesson::LockKind::PrivateChat)).unwrap();
    assert_eq!(class.by(2, say(ChatTo::Person(p(1)), "help")), Err(Denied::Forbidden));
    class.by(2, say(ChatTo::All, "help")).unwrap();
}

#[test]
fn messages_are_written_anew_by_their_author_alone() {
    let mut class = Class::with(&[Role::Teacher, Role::Pupil, Role::Pupil]);
    private(&mut class, PrivateChat::default());
    class.by(2, say(ChatTo::All, "helo")).unwrap();
    class.by(2, say(ChatTo::Person(p(1)), "psst")).unwrap();
    class.pass(1_000);
    let edit = |id, text: &str| Intent::EditChat { id, text: Text::from(text) };
    assert_eq!(class.by(3, edit(1, "ha")), Err(Denied::Forbidden));
    assert_eq!(class.by(1, edit(1, "ha")), Err(Denied::Forbidden), "no words in others' mouths");
    assert_eq!(class.by(3, edit(2, "ha")), Err(Denied::NotFound), "not theirs to know of");
    assert_eq!(class.by(2, edit(1, "")), Err(Denied::BadText));
    class.by(2, edit(1, " hello ")).unwrap();
    let line = class.lesson.chat().next().unwrap();
    let payload = class.payloads.last().unwrap();
    assert_eq!((line.text, line.edited), (payload.id, Some(class.now)));
    assert_eq!((payload.of, payload.text.as_str()), (p(2), "hello"));
    class.by(2, edit(2, "psst!")).unwrap();
    let edited = class.log.last().unwrap();
    assert_eq!(edited.audience, Audience::Only(vec![p(1), p(2)]));
    // Who may not write may not write anew.
    let lock = kreide_lesson::LockKind::Chat;
    class.by(1, Intent::Lock { who: None, what: lock, locked: true }).unwrap();
    assert_eq!(class.by(2, edit(1, "more")), Err(Denied::Forbidden));
}

#[test]
fn messages_are_deleted_by_author_or_teacher_and_for_good() {
    let mut class = Class::with(&[Role::Teacher, Role::Pupil, Role::Pupil]);
    private(&mut class, PrivateChat { pupils: true, ..PrivateChat::default() });
    for to in [ChatTo::All, ChatTo::All, ChatTo::Person(p(3))] {
        class.by(2, say(to, "hello")).unwrap();
    }
    let delete = |id| Intent::DeleteChat { id };
    assert_eq!(class.by(3, delete(1)), Err(Denied::Forbidden));
    class.by(2, delete(1)).unwrap();
    class.by(1, delete(2)).unwrap();
    assert_eq!(class.by(1, delete(3)), Err(Denied::NotFound), "between two pupils");
    class.by(2, delete(3)).unwrap();
    assert_eq!(readers(&class, class.log.last().unwrap()), [2, 3]);
    assert_eq!(shown(&class), [Shown::Deleted; 3]);
    for id in [1, 2, 4] {
        assert_eq!(class.by(2, delete(id)), Err(Denied::NotFound));
        assert_eq!(
            class.by(2, Intent::EditChat { id, text: Text::from("x") }),
            Err(Denied::NotFound)
        );
    }
}

#[test]
fn the_last_minute_is_hidden_and_shown_again() {
    let mut class = Class::with(&[Role::Teacher, Role::Pupil, Role::Pupil]);
    private(&mut class, PrivateChat { pupils: true, ..PrivateChat::default() });
    class.by(2, say(ChatTo::All, "long ago")).unwrap();
    class.pass(60_001);
    class.by(2, say(ChatTo::All, "rude")).unwrap();
    class.by(3, say(ChatTo::All, "well")).unwrap();
    class.by(2, say(ChatTo::Person(p(3)), "psst")).unwrap();
    class.by(2, say(ChatTo::All, "ruder")).unwrap();
    class.by(2, say(ChatTo::All, "gone")).unwrap();
    class.by(2, Intent::DeleteChat { id: 6 }).unwrap();
    class.by(1, Intent::HideRecent { who: p(2) }).unwrap();
    use Shown::{Deleted, Hidden};
    let visible = Shown::Shown;
    assert_eq!(shown(&class), [visible, Hidden, visible, visible, Hidden, Deleted]);
    assert_eq!(class.by(1, Intent::HideRecent { who: p(2) }).unwrap(), []);
    assert_eq!(class.by(1, Intent::HideRecent { who: p(9) }), Err(Denied::NotFound));
    // One of them is deleted meanwhile, and stays so.
    class.by(2, Intent::DeleteChat { id: 2 }).unwrap();
    class.by(1, Intent::Undo { id: 1 }).unwrap();
    assert_eq!(shown(&class), [visible, Deleted, visible, visible, visible, Deleted]);
}

#[test]
fn captions_are_for_those_who_were_given_them() {
    let mut class = Class::with(&ROLES);
    let caption = || Intent::Caption { text: Text::from("He says that") };
    for no in 2..=6 {
        assert_eq!(class.by(no, caption()), Err(Denied::Forbidden), "{no}");
    }
    class.by(1, caption()).unwrap();
    let what = kreide_lesson::LockKind::Caption;
    class.by(1, Intent::Grant { who: p(5), what, on: true }).unwrap();
    class.by(5, caption()).unwrap();
    assert_eq!(class.lesson.chat().count(), 0, "captions are no chat");
    assert_eq!(readers(&class, class.log.last().unwrap()), [1, 2, 3, 4, 5, 6]);
}
