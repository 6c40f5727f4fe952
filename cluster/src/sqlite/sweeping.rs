//! Takes those who were erased off the catalogue: links, rosters, prepared groups, seats.
//!
//! Invariant: what was done and up to whom are committed together. It is done by the erasing itself
//! and by everyone who opens the store, so that a copy that is put back has nobody who was erased
//! since it was made. Who was erased and is imported again stays: only erasures that the file has
//! not seen are done.
//! Left out on purpose: texts and names, which opened no more the moment the keys were destroyed.

use std::collections::{BTreeSet, HashSet};

use kreide_control::TenantId;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use sqlx::{Connection, query, query_as, query_scalar};

use super::keyring::{Erased, Keyring, KeyringError, digest_of};
use super::seats;
use crate::Erasure;

/// Brings the catalogue to all erasures that it has not seen. Returns what that took away.
pub(super) async fn run(
    connection: &mut SqliteConnection,
    keyring: &Keyring,
) -> Result<Erasure, KeyringError> {
    let mut gone = Erasure::default();
    if pending(connection, keyring).await?.is_empty() {
        return Ok(gone);
    }
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let pending = pending(&mut transaction, keyring).await?;
    let tenants: BTreeSet<&TenantId> = pending.iter().map(|erased| &erased.tenant).collect();
    for tenant in tenants {
        let digests = pending.iter().filter(|erased| erased.tenant == *tenant);
        let digests: HashSet<&[u8]> = digests.map(|erased| &*erased.digest).collect();
        let is_erased = |subject: &str| digests.contains(&*digest_of(tenant, subject));
        take_off(&mut transaction, tenant, &is_erased, &mut gone).await?;
        take_from_groups(&mut transaction, tenant, &is_erased, &mut gone).await?;
    }
    for erased in &pending {
        take_seats(&mut transaction, keyring, erased).await?;
    }
    query("UPDATE swept SET catalogue = ?")
        .bind(pending.last().map_or(0, |erased| erased.id))
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    if !super::empty_log(connection).await.unwrap_or(false) {
        tracing::warn!("what was erased stays in the write-ahead log for now");
    }
    Ok(gone)
}

/// Counts from where the keys do: a new `keys.db`, or one of before, has fewer erasures than the store
/// has seen, and the next ones would pass for seen.
pub(super) async fn recount(
    connection: &mut SqliteConnection,
    keyring: &Keyring,
) -> Result<(), KeyringError> {
    let last = keyring.last_erased().await?;
    let ahead = query_scalar("SELECT max(catalogue, lessons) > ? FROM swept").bind(last);
    if ahead.fetch_one(&mut *connection).await? {
        query("UPDATE swept SET catalogue = min(catalogue, ?1), lessons = min(lessons, ?1)")
            .bind(last)
            .execute(connection)
            .await?;
    }
    Ok(())
}

async fn pending(
    connection: &mut SqliteConnection,
    keyring: &Keyring,
) -> Result<Vec<Erased>, KeyringError> {
    let seen = query_scalar("SELECT catalogue FROM swept").fetch_one(connection).await?;
    keyring.erased_after(seen).await
}

/// Links and rosters.
async fn take_off(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    is_erased: &impl Fn(&str) -> bool,
    gone: &mut Erasure,
) -> Result<(), sqlx::Error> {
    let subjects: Vec<String> = query_scalar(
        "SELECT subject FROM roster WHERE tenant = ?1
         UNION SELECT subject FROM links WHERE tenant = ?1 AND subject IS NOT NULL",
    )
    .bind(tenant.as_str())
    .fetch_all(&mut *connection)
    .await?;
    for subject in subjects.iter().filter(|subject| is_erased(subject)) {
        for (statement, count) in [
            ("DELETE FROM links WHERE tenant = ? AND subject = ?", &mut gone.links),
            ("DELETE FROM roster WHERE tenant = ? AND subject = ?", &mut gone.rosters),
        ] {
            let deleted = query(statement).bind(tenant.as_str()).bind(subject);
            *count += deleted.execute(&mut *connection).await?.rows_affected();
        }
    }
    Ok(())
}

/// Numbers of theirs that only this copy of the store knows, with the keys of these.
async fn take_seats(
    connection: &mut SqliteConnection,
    keyring: &Keyring,
    erased: &Erased,
) -> Result<(), KeyringError> {
    let found = seats::of(connection, keyring, &erased.tenant, &erased.digest).await?;
    if !found.is_empty() {
        keyring.destroy_later_found(erased, &found).await?;
        seats::forget(connection, &erased.tenant, &found).await?;
    }
    Ok(())
}

/// Prepared groups. What is no set of groups is left alone.
async fn take_from_groups(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    is_erased: &impl Fn(&str) -> bool,
    gone: &mut Erasure,
) -> Result<(), sqlx::Error> {
    let sets: Vec<(String, String, String)> =
        query_as("SELECT room, name, groups FROM group_sets WHERE tenant = ?")
            .bind(tenant.as_str())
            .fetch_all(&mut *connection)
            .await?;
    for (room, name, groups) in sets {
        let Ok(groups) = serde_json::from_str::<Vec<Vec<String>>>(&groups) else { continue };
        if !groups.iter().flatten().any(|subject| is_erased(subject)) {
            continue;
        }
        let keep = |group: &Vec<String>| -> Vec<String> {
            group.iter().filter(|subject| !is_erased(subject)).cloned().collect()
        };
        let kept: Vec<Vec<String>> = groups.iter().map(keep).collect();
        query("UPDATE group_sets SET groups = ? WHERE tenant = ? AND room = ? AND name = ?")
            .bind(serde_json::Value::from(kept).to_string())
            .bind(tenant.as_str())
            .bind(room)
            .bind(name)
            .execute(&mut *connection)
            .await?;
        gone.groups += 1;
    }
    Ok(())
}

/// The same on a connection of the pool.
pub(super) async fn run_on(pool: &SqlitePool, keyring: &Keyring) -> Result<Erasure, KeyringError> {
    run(&mut *pool.acquire().await?, keyring).await
}
