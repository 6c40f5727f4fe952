//! Who had which number in a lesson: the table `seats`.
//!
//! Left out on purpose: adding to it, which is part of an append (`script`), and that it goes with
//! the texts of a lesson.

use kreide_control::TenantId;
use sqlx::sqlite::SqliteConnection;
use sqlx::{query, query_as};

use super::keyring::{Keyring, SeatRow};

/// The numbers of a person, by the digest of the subject, in all lessons of a school.
pub(super) async fn of(
    connection: &mut SqliteConnection,
    keyring: &Keyring,
    tenant: &TenantId,
    digest: &[u8],
) -> Result<Vec<SeatRow>, sqlx::Error> {
    let lessons: Vec<(String, i64)> =
        query_as("SELECT DISTINCT room, lesson FROM seats WHERE tenant = ?")
            .bind(tenant.as_str())
            .fetch_all(&mut *connection)
            .await?;
    let code = |(room, lesson): (String, i64)| {
        let code: String =
            keyring.code(digest, &room, lesson).iter().map(|byte| format!("{byte:02x}")).collect();
        serde_json::json!([room, lesson, code])
    };
    query_as(
        "SELECT seats.room, seats.lesson, owner FROM json_each(?) one CROSS JOIN seats
         ON seats.tenant = ? AND seats.room = one.value ->> 0 AND seats.lesson = one.value ->> 1
         AND person = unhex(one.value ->> 2)",
    )
    .bind(lessons.into_iter().map(code).collect::<serde_json::Value>().to_string())
    .bind(tenant.as_str())
    .fetch_all(connection)
    .await
}

/// Forgets these.
pub(super) async fn forget(
    connection: &mut SqliteConnection,
    tenant: &TenantId,
    seats: &[SeatRow],
) -> Result<(), sqlx::Error> {
    query(
        "DELETE FROM seats WHERE tenant = ? AND (room, lesson, owner) IN
         (SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?))",
    )
    .bind(tenant.as_str())
    .bind(serde_json::json!(seats).to_string())
    .execute(connection)
    .await?;
    Ok(())
}
