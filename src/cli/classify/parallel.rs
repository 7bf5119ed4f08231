//! Work over all cores with the results in the order of the items, and no more of them held than needed.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError, mpsc};
use std::thread;

/// Results that may wait for an earlier one, for each worker.
const AHEAD: usize = 16;

/// Said to the workers when nobody wants results any more.
#[derive(Debug, Default)]
pub(super) struct Stop(AtomicBool);

impl Stop {
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why a result is missing: the work on this item broke a rule of its own.
pub(super) struct Broken;

/// Works on every item, on as many cores as there are; `take` gets the results in the items' order.
///
/// Whoever is far ahead waits, so a slow item never makes the results behind it pile up. An item whose
/// work panics is told as [`Broken`], and the others go on.
///
/// # Errors
/// What `take` failed with first; the work in progress is told to stop.
pub(super) fn in_order<T: Sync, R: Send, E>(
    items: &[T],
    work: impl Fn(usize, &T, &Stop) -> R + Sync,
    mut take: impl FnMut(usize, Result<R, Broken>) -> Result<(), E>,
) -> Result<(), E> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let workers = cores.min(items.len());
    let gate = Gate::new(items.len(), workers * AHEAD);
    let stop = Stop::default();
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (tell, gate, stop, work) = (tell.clone(), &gate, &stop, &work);
            scope.spawn(move || {
                while let Some(at) = gate.enter() {
                    let done = catch_unwind(AssertUnwindSafe(|| work(at, &items[at], stop)));
                    if tell.send((at, done.map_err(|_| Broken))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(tell);
        let mut early = BTreeMap::new();
        let mut next = 0;
        for (at, result) in &told {
            early.insert(at, result);
            while let Some(result) = early.remove(&next) {
                if let Err(error) = take(next, result) {
                    stop.0.store(true, Ordering::Relaxed);
                    gate.close();
                    return Err(error);
                }
                next += 1;
                gate.taken();
            }
        }
        Ok(())
    })
}

/// Lets workers in one by one, but not too far ahead of what has been taken.
struct Gate {
    inside: Mutex<Inside>,
    moved: Condvar,
    ahead: usize,
}

struct Inside {
    next: usize,
    taken: usize,
    count: usize,
}

impl Gate {
    fn new(count: usize, ahead: usize) -> Self {
        Self {
            inside: Mutex::new(Inside {
                next: 0,
                taken: 0,
                count,
            }),
            moved: Condvar::new(),
            ahead,
        }
    }

    /// The next item; waits while too many results wait to be taken.
    fn enter(&self) -> Option<usize> {
        let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let mut inside = self
            .moved
            .wait_while(inside, |inside| {
                inside.next < inside.count && inside.next >= inside.taken + self.ahead
            })
            .unwrap_or_else(PoisonError::into_inner);
        let at = inside.next;
        inside.next += usize::from(at < inside.count);
        (at < inside.count).then_some(at)
    }

    fn taken(&self) {
        self.change(|inside| inside.taken += 1);
    }

    /// Lets nobody in any more.
    fn close(&self) {
        self.change(|inside| inside.count = 0);
    }

    fn change(&self, change: impl FnOnce(&mut Inside)) {
        change(&mut self.inside.lock().unwrap_or_else(PoisonError::into_inner));
        self.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..500).collect();
        let mut seen = Vec::new();
        let spin = |n: usize| (0..(n * 7919) % 4_000).fold(0, |a: usize, b| a.wrapping_add(b * b));
        let ended: Result<(), ()> = in_order(
            &items,
            |_, &n, _| (n, spin(n)),
            |at, result| {
                let Ok((n, _)) = result else { return Err(()) };
                assert_eq!(at, n);
                seen.push(n);
                Ok(())
            },
        );
        assert_eq!((ended, seen), (Ok(()), items));
    }

    #[test]
    fn a_slow_first_item_holds_the_others_back() {
        let items = vec![(); 10_000];
        let done = AtomicUsize::new(0);
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let mut checked = false;
        let ended: Result<(), ()> = in_order(
            &items,
            |at, (), _| {
                if at == 0 && cores > 1 {
                    // The others may do all that is allowed, and then no more.
                    while done.load(Ordering::SeqCst) < cores * AHEAD - 1 {
                        thread::yield_now();
                    }
                }
                done.fetch_add(1, Ordering::SeqCst)
            },
            |at, result| {
                if at == 0 {
                    checked = true;
                    assert!(result.is_ok_and(|before| before < cores * AHEAD));
                }
                Ok(())
            },
        );
        assert_eq!((ended, checked), (Ok(()), true));
        assert_eq!(done.into_inner(), items.len());
    }

    #[test]
    fn a_broken_item_is_told_and_the_others_go_on() {
        let mut broken = Vec::new();
        let ended: Result<(), ()> = in_order(
            &[1, 2, 0, 4],
            |_, &n, _| 8 / n,
            |at, result| {
                if result.is_err() {
                    broken.push(at);
                }
                Ok(())
            },
        );
        assert_eq!((ended, broken), (Ok(()), vec![2]));
    }

    #[test]
    fn who_takes_no_more_stops_the_work() {
        let done = AtomicUsize::new(0);
        let ended = in_order(
            &[(); 10_000],
            |_, (), stop| done.fetch_add(usize::from(!stop.is_set()), Ordering::SeqCst),
            |at, _| if at == 3 { Err("enough") } else { Ok(()) },
        );
        assert_eq!(ended, Err("enough"));
        assert!(done.into_inner() < 1_000);
    }
}
