//! Time of this thread on its core, so that others on the machine count for little.

use std::fs;

/// Seconds that this thread has had a core
pub(crate) fn now() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanoseconds: u64 = text.split(' ').next().unwrap().parse().unwrap();
    nanoseconds as f64 / 1e9
}

/// What it gives, and how long it took
pub(crate) fn spent<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let begin = now();
    let given = work();
    (given, now() - begin)
}

/// How long one round of work takes, by the shortest of several times of many rounds each.
///
/// The kernel counts a running thread's time at its ticks, some milliseconds apart.
pub(crate) fn best_of(n: usize, mut work: impl FnMut()) -> f64 {
    const LONG: f64 = 0.3;
    let mut n_rounds = 1_u32;
    while spent(|| (0..n_rounds).for_each(|_| work())).1 < LONG {
        n_rounds *= 2;
    }
    let each = (0..n).map(|_| spent(|| (0..n_rounds).for_each(|_| work())).1);
    each.fold(f64::INFINITY, f64::min) / f64::from(n_rounds)
}
