//! Whoever a teacher removed: no link, token, key, name or call leads back.

use aws_lc_rs::digest::{SHA256, digest};
use kreide_cluster::{Catalogue, SqliteStore};
use kreide_control::{Lobby, Policy, Role, TenantId};
use serde_json::{Value, json};

use crate::common::{Client, open};
use crate::scene::{Honest, heard, waits};

/// A new token, if the link gives one still.
async fn fresh(honest: &Honest, link: &str) -> Option<Value> {
    let answer = honest.server.enter(&json!({ "link": link })).await;
    assert!(matches!(answer.status, 200 | 403), "{answer:?}");
    (answer.status == 200).then(|| json!({ "token": answer.json()["token"] }))
}

#[tokio::test]
async fn hostile_removed_pupil_tries_every_door() {
    let mut honest = Honest::lesson().await;
    let link = honest.server.link("7b", Role::Pupil, "Eve").await;
    let spare = honest.server.token(&link).await;
    let first = honest.server.join(&honest.server.token(&link).await).await;
    // A reload before: two keys, of which the earlier is still good for a while.
    let mut hostile = Client::connect(honest.server.address).await;
    hostile.join(first.resume()).await;
    let who = hostile.me();
    honest.teacher.does(json!({ "type": "remove", "who": who })).await;
    assert_eq!(hostile.expect_end().await.as_deref(), Some("REMOVED"));

    let accesses = [first.joined["access"].clone(), hostile.joined["access"].clone()];
    let before = honest.traces().await;
    let mut doors = vec![json!({ "token": spare }), hostile.resume()];
    doors.extend(fresh(&honest, &link).await);
    for with in doors {
        let client = Client::connect(honest.server.address).await;
        assert_eq!(client.refused(with).await, "REMOVED");
    }
    let client = Client::connect(honest.server.address).await;
    let code = client.refused(first.resume()).await;
    assert!(matches!(code.as_str(), "REMOVED" | "RESUME_INVALID"), "{code}");
    for access in accesses {
        for message in [json!({ "type": "chat", "text": "x" }), json!({ "type": "leave" })] {
            assert_eq!(honest.act(&access, &message).await.status, 404);
        }
    }
    honest.unmoved(&before, "a removed pupil").await;
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_removed_pupil_returns_under_another_name() {
    let mut honest = Honest::lesson().await;
    let class = honest.server.link_for("7b", Role::Pupil, None, None).await;
    let guests = honest.server.link_for("7b", Role::Guest, None, None).await;
    let device = "AAECAwQFBgcICQoLDA0ODw";
    let enter = async |link: &str, name: &str| {
        let request = json!({ "link": link, "name": name, "device": device });
        let reply = honest.server.enter(&request).await.json();
        reply["token"].as_str().unwrap().to_owned()
    };
    let mut hostile = honest.server.join(&enter(&class, "Eve").await).await;
    let spare = enter(&class, "Eva").await;
    honest.teacher.does(json!({ "type": "remove", "who": hostile.me() })).await;
    hostile.expect_end().await;
    let before = honest.traces().await;
    let tokens = [spare, enter(&class, "Lena").await, enter(&guests, "Opa").await];
    for token in tokens {
        let client = Client::connect(honest.server.address).await;
        assert_eq!(client.refused(json!({ "token": token })).await, "REMOVED");
    }
    honest.unmoved(&before, "another name").await;
    honest.goes_on().await;
}

/// The token of before opens recordings for hours, but not to those who are to see none any more.
#[tokio::test]
async fn hostile_removed_and_withdrawn_want_recordings() {
    let mut honest = Honest::lesson().await;
    let server = &honest.server;
    let class = server.link_for("7b", Role::Pupil, None, None).await;
    let own = server.link("7b", Role::Pupil, "Eve").await;
    let enter = async |link: &str, name: &str| {
        let reply = server.enter(&json!({ "link": link, "name": name })).await.json();
        let text = |field: &str| reply[field].as_str().unwrap().to_owned();
        (text("access"), text("token"))
    };
    let (removed, token) = enter(&class, "Mallory").await;
    let (spare, _) = enter(&class, "Mallory").await;
    let (stays, lena) = enter(&class, "Lena").await;
    let (withdrawn, _) = enter(&own, "Eve").await;
    let hostile = server.join(&token).await;
    server.join(&lena).await.does(json!({ "type": "leave" })).await;
    let staff = server.link_for("7b", Role::Teacher, None, None).await;
    let (colleague, _) = enter(&staff, "Herr Wolf").await;
    let again = hostile.joined["access"].as_str().unwrap().to_owned();
    let sees = async |access: &str| {
        let head = format!("authorization: bearer {access}\r\n");
        let answer = server.http("GET", "/api/recordings", &head, "").await;
        assert!(matches!(answer.status, 200 | 401), "{answer:?}");
        answer.status == 200
    };
    for access in [&removed, &again, &spare, &stays, &withdrawn] {
        assert!(sees(access).await);
    }
    honest.teacher.does(json!({ "type": "remove", "who": hostile.me() })).await;
    let store = SqliteStore::open(server.folder.path()).await.unwrap();
    let secret = own.split_once('.').unwrap().1.as_bytes();
    let hash = digest(&SHA256, secret).as_ref().try_into().unwrap();
    assert!(store.revoke_link(TenantId::parse("school").unwrap(), hash).await.unwrap());
    let (renamed, _) = enter(&class, "Eva").await;
    for access in [removed, again, spare, renamed, withdrawn] {
        assert!(!sees(&access).await);
    }
    let teacher = honest.teacher.joined["access"].as_str().unwrap();
    for access in [teacher, &stays, &colleague] {
        assert!(sees(access).await, "staff, and who was let in before, is nobody else");
    }
    honest.goes_on().await;
}

#[tokio::test]
async fn hostile_guest_removed_from_the_lobby() {
    let mut honest = Honest::under(Policy { lobby: Lobby::Guests, ..open() }).await;
    let link = honest.server.link("7b", Role::Guest, "Eve").await;
    let mut hostile = waits(&honest.server, &honest.server.token(&link).await).await;
    let who = honest.teacher.wait_event("waiting").await["event"]["waiter"]["no"].clone();
    honest.teacher.does(json!({ "type": "remove", "who": who })).await;
    assert_eq!(hostile.expect_end().await.as_deref(), Some("REMOVED"));
    let before = honest.traces().await;
    let mut doors = vec![hostile.resume()];
    doors.extend(fresh(&honest, &link).await);
    for with in doors {
        let client = Client::connect(honest.server.address).await;
        assert_eq!(client.refused(with).await, "REMOVED");
    }
    honest.unmoved(&before, "removed from the lobby").await;
    honest.goes_on().await;
}

/// What was already on its way when the teacher clicked.
#[tokio::test]
async fn hostile_pupil_speaks_on_while_being_removed() {
    let mut honest = Honest::lesson().await;
    let mut hostile = honest.with_media(Role::Pupil, "Eve").await;
    let who = hostile.me();
    for count in 0..60 {
        if count == 30 {
            honest.teacher.say(json!({ "type": "remove", "who": who, "ref": 1 })).await;
        }
        let text = format!("still here {count}");
        let message = json!({ "type": "chat", "text": text }).to_string();
        let frame = tokio_tungstenite::tungstenite::Message::text(message);
        if futures::SinkExt::send(&mut hostile.socket, frame).await.is_err() {
            break;
        }
    }
    let mut removed = false;
    while !removed {
        removed = honest.pupil.wait_for("event").await["event"]["kind"] == "removed";
    }
    honest.teacher.does(json!({ "type": "chat", "text": "gone" })).await;
    let after = heard(&mut honest.pupil).await;
    assert!(after.iter().all(|frame| frame["event"]["message"]["from"] != who), "{after:?}");
    assert!(honest.server.plane.rights(who).is_none(), "no media either");
    honest.goes_on().await;
}
