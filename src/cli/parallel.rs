//! Work over several cores with the results in the order of the items, and no more of them held
//! than needed; and the bar that shows how far it is.

use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use futures_util::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::runtime;
use tokio::task::{JoinError, spawn_blocking};
use tokio_util::sync::CancellationToken;

/// Results that may wait for an earlier one, for each job.
const AHEAD: usize = 16;

/// The cores that this process may use.
pub(super) fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Works on every item, on so many at once; `take` gets the results in the items' order.
///
/// A thread that is far ahead waits, so a slow item never makes the results behind it pile up. An
/// item whose work panics gives an error, and the others go on. The token is cancelled when nobody
/// wants results any more.
///
/// # Errors
/// What `take` failed with first, or no thread can be had.
pub(super) fn in_order<T, R, E>(
    jobs: usize,
    items: Vec<T>,
    work: impl Fn(usize, &T, &CancellationToken) -> R + Send + Sync + 'static,
    mut take: impl FnMut(&T, Result<R, JoinError>) -> Result<(), E>,
) -> Result<(), E>
where
    T: Send + Sync + 'static,
    R: Send + 'static,
    E: From<io::Error>,
{
    let runtime = runtime::Builder::new_current_thread()
        .max_blocking_threads(jobs)
        .build()?;
    let stop = CancellationToken::new();
    // Before the runtime, which waits for work that has begun.
    let _stopped = stop.clone().drop_guard();
    let (items, work) = (Arc::new(items), Arc::new(work));
    let results = stream::iter(0..items.len()).map(|at| {
        let (items, work, stop) = (Arc::clone(&items), Arc::clone(&work), stop.clone());
        spawn_blocking(move || work(at, &items[at], &stop))
    });
    runtime.block_on(async {
        let mut results = results.buffered(jobs * AHEAD).zip(stream::iter(&*items));
        while let Some((result, item)) = results.next().await {
            take(item, result)?;
        }
        Ok(())
    })
}

/// A bar on standard error, where that is a terminal and there is something to wait for.
pub(super) fn progress(count: usize) -> ProgressBar {
    if count <= 1 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(
        "{bar:30} {pos} of {len} recordings, {elapsed} gone, {eta} to go",
    );
    let bar = ProgressBar::new(count as u64);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..500).collect();
        let mut seen = Vec::new();
        let spin = |n: usize| (0..(n * 7919) % 4_000).fold(0, |a: usize, b| a.wrapping_add(b * b));
        let ended: io::Result<()> = in_order(
            cores(),
            items.clone(),
            move |at, &n, _| (at, n, spin(n)),
            |&item, result| {
                let (at, n, _) = result.unwrap();
                assert_eq!((at, n), (item, item));
                seen.push(n);
                Ok(())
            },
        );
        ended.unwrap();
        assert_eq!(seen, items);
    }

    #[test]
    fn a_slow_first_item_holds_the_others_back() {
        let done = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&done);
        let jobs = cores();
        let mut first = None;
        let ended: io::Result<()> = in_order(
            jobs,
            vec![(); 10_000],
            move |at, (), _| {
                if at == 0 && jobs > 1 {
                    // The others may do all that is allowed, and then no more.
                    while count.load(Ordering::SeqCst) < jobs * AHEAD - 1 {
                        thread::yield_now();
                    }
                }
                count.fetch_add(1, Ordering::SeqCst)
            },
            |(), result| {
                let before = result.unwrap();
                first.get_or_insert(before);
                Ok(())
            },
        );
        ended.unwrap();
        assert!(first.is_some_and(|before| before < jobs * AHEAD));
        assert_eq!(done.load(Ordering::SeqCst), 10_000);
    }

    #[test]
    fn a_broken_item_is_an_error_and_the_others_go_on() {
        let mut broken = Vec::new();
        let ended: io::Result<()> = in_order(
            cores(),
            vec![1, 2, 0, 4],
            |_, &n, _| 8 / n,
            |&item, result| {
                if result.is_err() {
                    broken.push(item);
                }
                Ok(())
            },
        );
        ended.unwrap();
        assert_eq!(broken, [0]);
    }

    #[test]
    fn who_takes_no_more_stops_the_work() {
        let done = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&done);
        let mut taken = 0;
        let ended: io::Result<()> = in_order(
            cores(),
            vec![(); 10_000],
            move |_, (), stop| count.fetch_add(usize::from(!stop.is_cancelled()), Ordering::SeqCst),
            |(), _| {
                taken += 1;
                if taken == 3 {
                    return Err(io::ErrorKind::StorageFull.into());
                }
                Ok(())
            },
        );
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(done.load(Ordering::SeqCst) < 1_000);
    }
}
