//! Erases the texts of ended lessons: names and chat.
//!
//! Invariant: what is to be erased stands in the catalogue from the moment a lesson ends, so a
//! restart forgets nothing. A lesson is struck off only after its texts are gone.
//! Left out on purpose: the events. They name people by number and stay for the archive.

use std::sync::Arc;
use std::time::Duration;

use kreide_cluster::{Catalogue, LessonLog, Whose};

use crate::clock;

/// Erases what is due, again and again.
pub(crate) async fn run(log: Arc<dyn LessonLog>, catalogue: Arc<dyn Catalogue>, every: Duration) {
    let mut turns = tokio::time::interval(every);
    loop {
        turns.tick().await;
        let Ok(due) = catalogue.to_erase(clock::now()).await else { continue };
        for lesson in due {
            match log.erase(lesson.clone(), Whose::Everyone).await {
                Ok(texts) => {
                    tracing::info!(%lesson, texts, "texts erased");
                    // If this fails, erasing nothing another time does no harm.
                    let _again = catalogue.erased(lesson).await;
                }
                Err(error) => tracing::warn!(%lesson, %error, "texts are erased later"),
            }
        }
    }
}
