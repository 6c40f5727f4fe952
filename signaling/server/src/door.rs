//! What a link gives to whoever shows it.
//!
//! Invariant: role, person and seat come from the catalogue alone; a browser says at most a name,
//! or which name of a list. A person of the roster is proven by the personal link and by nothing
//! else: whoever chooses a name has another subject and waits in the lobby. Unknown and withdrawn
//! links cost one question each and get one answer.
//! A person who was erased has no name, and their link is one that nobody knows. Whoever must wait to
//! be let in opens no recording by what the door gives; `joined` brings what does.
//! Left out on purpose: who else waits, which the room's policy says and the lesson enforces.

use kreide_cluster::{CatalogueError, Door, Link, LinkHash, LinkOwner, RosterEntry};
use kreide_control::TenantId;
use kreide_protocol::{Choice, EnterReply, EnterRequest, ErrorCode};

use crate::access::Access;
use crate::device::Device;
use crate::roster::TALK_SUBJECT;
use crate::server::App;
use crate::tokens::Bearer;
use crate::{clock, links, secret, translate};

/// Answers a request to enter. `link` is what its text was found to be.
pub(crate) async fn admit(
    app: &App,
    link: Option<(TenantId, LinkHash)>,
    request: &EnterRequest,
) -> Result<EnterReply, ErrorCode> {
    let (tenant, hash) = link.ok_or(ErrorCode::LinkInvalid)?;
    let device = device(request)?;
    let found = app.catalogue.door(tenant, hash).await.map_err(unreachable)?;
    let found = found.filter(|door| !door.link.revoked);
    let Door { link, room, seat } = found.ok_or(ErrorCode::LinkInvalid)?;
    if link.expires.is_some_and(|end| end <= clock::now()) {
        return Err(ErrorCode::LinkExpired);
    }
    let visitor = visitor(app, &link, seat, request).await?;
    let waits = visitor.lobby || room.policy.lobby.keeps(link.role);
    let access = Access {
        admitted: !waits,
        tenant: link.tenant.clone(),
        room: link.room.clone(),
        role: link.role,
        subject: visitor.subject.clone(),
    };
    Ok(EnterReply {
        access: app.keys.access_token(access),
        title: room.title,
        role: translate::role(link.role),
        name: visitor.name.clone().filter(|_| visitor.named),
        choose: visitor.choose,
        token: visitor.name.map(|name| {
            app.keys.join_token(Bearer {
                tenant: link.tenant,
                room: link.room,
                subject: visitor.subject,
                role: link.role,
                name,
                consent: visitor.consent,
                lobby: visitor.lobby,
                seat: visitor.seat,
                talk: visitor.talk,
                device,
            })
        }),
    })
}

/// Who stands at the door.
struct Visitor {
    subject: String,
    /// `None`: they must say it first.
    name: Option<String>,
    /// The name is the catalogue's.
    named: bool,
    consent: bool,
    lobby: bool,
    seat: Option<u32>,
    talk: Option<u32>,
    choose: Option<Vec<Choice>>,
}

async fn visitor(
    app: &App,
    link: &Link,
    seat: Option<u32>,
    request: &EnterRequest,
) -> Result<Visitor, ErrorCode> {
    // Whoever opens a link that is not personal is a new person each time.
    let stranger = Visitor {
        subject: secret::random(),
        name: None,
        named: false,
        consent: link.consent,
        lobby: false,
        seat: None,
        talk: None,
        choose: None,
    };
    match &link.owner {
        LinkOwner::Person { name, .. } if name.is_empty() => Err(ErrorCode::LinkInvalid),
        LinkOwner::Person { subject, name } => {
            let (subject, name) = (subject.clone(), Some(name.clone()));
            Ok(Visitor { subject, name, named: true, seat, ..stranger })
        }
        LinkOwner::Talk { slot, label } => {
            let name = label.clone().map_or_else(|| said(request), |label| Ok(Some(label)))?;
            let subject = format!("{TALK_SUBJECT}{slot}-{}", stranger.subject);
            let (named, talk) = (label.is_some(), Some(*slot));
            // Another family may be in.
            Ok(Visitor { subject, name, named, talk, lobby: true, ..stranger })
        }
        LinkOwner::Class => {
            let roster = app.catalogue.roster(link.tenant.clone(), link.room.clone());
            let roster = roster.await.map_err(unreachable)?;
            class(app, link, &roster, request, stranger)
        }
    }
}

/// Somebody of a class. Where there is a roster, they are unproven and wait.
fn class(
    app: &App,
    link: &Link,
    roster: &[RosterEntry],
    request: &EnterRequest,
    stranger: Visitor,
) -> Result<Visitor, ErrorCode> {
    // Names are shown to those of the same role alone: guests need not know who is in a class, and
    // pupils cannot choose to be a teacher.
    let choice = |person: &RosterEntry| Choice {
        id: app.keys.choice(&link.tenant, &link.room, &person.subject),
        name: person.name.clone(),
    };
    let people =
        || roster.iter().filter(|person| person.role == link.role && !person.name.is_empty());
    let choices: Vec<Choice> = people().map(choice).collect();
    let lobby = !roster.is_empty();
    let Some(chosen) = request.chosen.as_deref() else {
        let choose = lobby.then_some(choices);
        return Ok(Visitor { name: said(request)?, lobby, choose, ..stranger });
    };
    let found = people().zip(&choices).find(|(_, choice)| choice.id == chosen);
    let (person, _) = found.ok_or(ErrorCode::NotFound)?;
    Ok(Visitor {
        name: Some(person.name.clone()),
        named: true,
        // Of that person, and of that link: one who is not proven brings nobody's consent alone.
        consent: link.consent && person.consent,
        lobby,
        seat: Some(person.seat),
        choose: Some(choices),
        ..stranger
    })
}

/// The name that was said, if one was.
fn said(request: &EnterRequest) -> Result<Option<String>, ErrorCode> {
    let name = request.name.as_deref().map(str::trim);
    if name.is_some_and(|name| !links::is_name(name)) {
        return Err(ErrorCode::BadText);
    }
    Ok(name.map(str::to_owned))
}

fn device(request: &EnterRequest) -> Result<Option<Device>, ErrorCode> {
    let Some(id) = request.device.as_deref() else { return Ok(None) };
    Device::of(id).map(Some).ok_or(ErrorCode::BadMessage)
}

fn unreachable(_logged_by_the_catalogue: CatalogueError) -> ErrorCode {
    ErrorCode::Degraded
}
