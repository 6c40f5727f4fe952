//! Links: what opens the door of a room and gives no seat.
//!
//! Invariant: a link reads `<url>/j#<tenant>.<secret>`. The fragment never reaches a server log or
//! a referrer; of the secret only the hash is kept.
//! Left out on purpose: the running server. Links are made on the catalogue alone.

use kreide_cluster::{Catalogue, CatalogueError, Link, LinkHash, LinkOwner, Room};
use kreide_control::{Role, RoomId, TenantId};
use kreide_protocol::MAX_NAME_CHARS;

use crate::{clock, secret};

/// A link to be made.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// The school.
    pub tenant: TenantId,
    /// The room; it is made if it is missing, with its id as title.
    pub room: RoomId,
    /// The role that the link gives.
    pub role: Role,
    /// The name of the person it is for; `None`: for a class, everyone says a name.
    pub name: Option<String>,
    /// The school has the consent to record whoever enters by it.
    pub consent: bool,
    /// From when on it opens nothing: milliseconds since 1970 UTC.
    pub expires: Option<i64>,
}

/// Makes a link and returns its address. `url` is where browsers reach the server, such as
/// `https://kreide.example`.
///
/// # Errors
/// [`LinkError`] if the name cannot be shown or the catalogue cannot be written.
pub async fn create(
    catalogue: &dyn Catalogue,
    url: &str,
    wanted: NewLink,
) -> Result<String, LinkError> {
    let owner = match wanted.name.as_deref().map(str::trim) {
        None => LinkOwner::Class,
        Some(name) if is_name(name) => {
            LinkOwner::Person { subject: secret::random(), name: name.to_owned() }
        }
        Some(_) => return Err(LinkError::Name),
    };
    let title = wanted.room.as_str().to_owned();
    let room = Room::new(wanted.tenant.clone(), wanted.room.clone(), title);
    catalogue.ensure_room(room).await?;
    let text = secret::random();
    let link = Link {
        tenant: wanted.tenant.clone(),
        hash: secret::sha256(text.as_bytes()),
        room: wanted.room,
        role: wanted.role,
        owner,
        consent: wanted.consent,
        created: clock::now(),
        expires: wanted.expires,
        revoked: false,
    };
    catalogue.add_link(link).await?;
    Ok(address(url, &wanted.tenant, &text))
}

/// The address of a link with this secret.
pub(crate) fn address(url: &str, tenant: &TenantId, text: &str) -> String {
    format!("{}/j#{tenant}.{text}", url.trim_end_matches('/'))
}

/// Why a link was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The name is empty, too long or holds control characters.
    #[error("a name has 1 to {MAX_NAME_CHARS} characters and no control characters")]
    Name,
    /// The catalogue cannot be written.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}

/// Tenant and hash of a link's fragment. `None` if the text is none.
pub(crate) fn parse(fragment: &str) -> Option<(TenantId, LinkHash)> {
    let (tenant, text) = fragment.split_once('.')?;
    Some((TenantId::parse(tenant)?, secret::hash(text)?))
}

/// The lesson has the last word on names; this keeps useless links from being made.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=MAX_NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use kreide_cluster::SqliteStore;

    use super::*;

    #[tokio::test]
    async fn a_link_is_found_by_its_secret_and_names_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path()).await.unwrap();
        let wanted = NewLink {
            tenant: TenantId::parse("school").unwrap(),
            room: RoomId::parse("7b").unwrap(),
            role: Role::Pupil,
            name: Some("  Ada ".to_owned()),
            consent: true,
            expires: None,
        };
        let url = create(&store, "http://127.0.0.1:8080/", wanted.clone()).await.unwrap();
        let fragment = url.strip_prefix("http://127.0.0.1:8080/j#").unwrap();
        let (tenant, hash) = parse(fragment).unwrap();
        let link = store.link(tenant, hash).await.unwrap().unwrap();
        assert!(matches!(link.owner, LinkOwner::Person { name, .. } if name == "Ada"));
        assert!(link.consent);
        assert_eq!((link.room, link.role), (wanted.room.clone(), Role::Pupil));

        for name in [" ", "a\u{7}b", &"x".repeat(MAX_NAME_CHARS + 1)] {
            let wanted = NewLink { name: Some(name.to_owned()), ..wanted.clone() };
            assert_eq!(create(&store, "http://x", wanted).await, Err(LinkError::Name));
        }
    }

    #[test]
    fn what_is_no_fragment_is_refused() {
        let secret = secret::random();
        assert!(parse(&format!("school.{secret}")).is_some());
        for wrong in
            ["", ".", &secret, &format!(".{secret}"), "school.short", &format!("sch ool.{secret}")]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
