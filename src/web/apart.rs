//! The page on threads of its own, behind those of the calls: however many pages are asked for, a call that wants the
//! processor has it first.

use rustix::process::setpriority_process;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tracing::{debug, warn};

use super::Desk;

/// The niceness of the page's threads; calls have 0.
const BEHIND_CALLS: i32 = 10;
/// Threads that do not wait for the disk; for those that do, see [`super::readers`].
const THREADS: usize = 2;

/// A page that is served on threads of its own, until this is dropped.
pub struct Apart(Option<Runtime>);

impl Apart {
    /// Serves the page on these listeners; logs where that is not possible.
    pub fn serve(desk: Desk, listeners: Vec<TcpListener>) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("page")
            .on_thread_start(fall_behind)
            .enable_all()
            .build();
        match runtime {
            Ok(runtime) => {
                runtime.spawn(desk.serve(listeners));
                Self(Some(runtime))
            }
            Err(error) => {
                warn!(event = "page_failed", %error, "the support team's page cannot be served");
                Self(None)
            }
        }
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Lowers the priority of this thread: to Linux a thread is a process of its own here (setpriority(2), "BUGS").
fn fall_behind() {
    if let Err(error) = setpriority_process(None, BEHIND_CALLS) {
        debug!(%error, "the page's threads are not behind those of the calls");
    }
}
