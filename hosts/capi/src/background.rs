//! The thread that applies requests: one for all players of the program.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Time between two updates of a player.
const PAUSE: Duration = Duration::from_millis(1);

type Update = Arc<dyn Fn() + Send + Sync>;

/// Updates a player each millisecond until it is dropped.
pub struct Updating(Update);

/// The thread, and what it calls; none while no player needs it.
static THREAD: Mutex<Option<UpdateThread>> = Mutex::new(None);

struct UpdateThread {
    updates: Arc<Mutex<Vec<Update>>>,
    handle: JoinHandle<()>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing is half done where these are locked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Updating {
    /// Calls `update` from now on.
    ///
    /// # Errors
    /// Returns a message if there is no thread to call it.
    pub fn start(update: impl Fn() + Send + Sync + 'static) -> Result<Updating, String> {
        let update: Update = Arc::new(update);
        let mut thread = lock(&THREAD);
        if let Some(thread) = &*thread {
            lock(&thread.updates).push(Arc::clone(&update));
        } else {
            *thread = Some(UpdateThread::start(Arc::clone(&update))?);
        }
        Ok(Updating(update))
    }
}

impl Drop for Updating {
    /// Does not wait for an update, except for the last player's: then the thread ends, so that
    /// the library can be unloaded.
    fn drop(&mut self) {
        let mut thread = lock(&THREAD);
        let is_last = thread.as_ref().is_some_and(|thread| {
            let mut updates = lock(&thread.updates);
            updates.retain(|update| !Arc::ptr_eq(update, &self.0));
            updates.is_empty()
        });
        if let Some(ended) = thread.take_if(|_| is_last) {
            ended.handle.thread().unpark();
            // It panics only if the library has a fault, which was reported then.
            let _ = ended.handle.join();
        }
    }
}

impl UpdateThread {
    fn start(update: Update) -> Result<UpdateThread, String> {
        let updates = Arc::new(Mutex::new(vec![update]));
        let called = Arc::clone(&updates);
        let builder = thread::Builder::new().name("gb-update".into());
        let handle = builder.spawn(move || {
            loop {
                let updates = lock(&called).clone();
                if updates.is_empty() {
                    return;
                }
                for update in &updates {
                    update();
                }
                drop(updates);
                thread::park_timeout(PAUSE);
            }
        });
        let handle = handle.map_err(|error| format!("no thread for the player: {error}"))?;
        Ok(UpdateThread { updates, handle })
    }
}
