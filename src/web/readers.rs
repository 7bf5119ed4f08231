//! Reading the log for the page: a few connections, kept open, each used by one request at a time.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::call_log::{LogError, Reader};

/// Requests that read at the same time; more wait.
const MOST: usize = 8;

/// Connections to the log that nobody uses now.
#[derive(Clone)]
pub(super) struct Readers {
    folder: PathBuf,
    idle: Arc<Mutex<Vec<Reader>>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            idle: Arc::default(),
            permits: Arc::new(Semaphore::new(MOST)),
        }
    }

    /// Asks the log something, on a thread that may wait for the disk.
    ///
    /// # Errors
    /// The log cannot be read now.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Reader) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, LogError> {
        // It is never closed.
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let (idle, folder) = (Arc::clone(&self.idle), self.folder.clone());
        let asked = spawn_blocking(move || {
            let _permit = permit;
            let pool = || idle.lock().unwrap_or_else(PoisonError::into_inner);
            let kept = pool().pop();
            let reader = match kept {
                Some(reader) => reader,
                None => Reader::open(&folder)?,
            };
            let answer = question(&reader)?;
            // One that failed is not used again: the database may be another by now.
            pool().push(reader);
            Ok(answer)
        });
        match asked.await {
            Ok(answer) => answer,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}
