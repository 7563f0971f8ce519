//! Which outcomes are worth another try, and how long to pause before it.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep, timeout};

use super::{Answer, HttpError};

/// How often a request is sent at the most
pub(super) const TRIES_MAX: u32 = 5;

/// The pause before the second try, at the most; it doubles with each
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Tries until an outcome is final, or tries or time run out; then the last outcome stands
pub(super) async fn with_retries<F>(
    total: Duration,
    mut attempt: impl FnMut() -> F,
) -> Result<Answer, HttpError>
where
    F: Future<Output = Result<Answer, HttpError>>,
{
    let start = Instant::now();
    let mut last = None;
    for n_tries in 1..=TRIES_MAX {
        let left = total.saturating_sub(start.elapsed());
        let Ok(outcome) = timeout(left, attempt()).await else {
            break;
        };
        if is_final(&outcome) {
            return outcome;
        }
        let pause = pause(&outcome, n_tries);
        last = Some(outcome);
        if n_tries == TRIES_MAX || pause >= total.saturating_sub(start.elapsed()) {
            break;
        }
        sleep(pause).await;
    }
    last.unwrap_or(Err(HttpError::TimedOut))
}

/// Whether trying again would not change it.
///
/// A time-out is final: it has used up a whole attempt's limit already.
const fn is_final(outcome: &Result<Answer, HttpError>) -> bool {
    match outcome {
        Ok(answer) => !matches!(answer.status, 429 | 500 | 502 | 503 | 504),
        Err(HttpError::Unreachable { .. }) => false,
        Err(HttpError::TimedOut | HttpError::Forbidden { .. } | HttpError::Unreadable { .. }) => {
            true
        }
    }
}

/// What the service asked for, else between half and all of a pause that doubles
fn pause(outcome: &Result<Answer, HttpError>, n_tries: u32) -> Duration {
    let asked = outcome.as_ref().ok().and_then(|answer| answer.retry_after);
    if let Some(asked) = asked {
        return asked.max(FIRST_PAUSE);
    }
    let ceiling = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(n_tries.saturating_sub(1)));
    ceiling.mul_f64(fastrand::f64().mul_add(0.5, 0.5))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// An outcome to come: a status with a `Retry-After` in seconds, or no connection
    #[derive(Clone, Copy, Debug)]
    enum Next {
        Status(u16),
        Asked(u16, u64),
        Unreachable,
        TimedOut,
        Never,
    }
    use Next::{Asked, Never, Status, TimedOut, Unreachable};

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_tried_again() {
        check(&[Status(200)], 30, (1, Some(200)), (0, 0)).await;
        check(&[Status(404)], 30, (1, Some(404)), (0, 0)).await;
        check(&[Status(401)], 30, (1, Some(401)), (0, 0)).await;
        check(&[TimedOut], 30, (1, None), (0, 0)).await;
        for status in [429, 500, 502, 503, 504] {
            check(&[Status(status), Status(200)], 30, (2, Some(200)), (100, 200)).await;
        }
        check(&[Unreachable, Status(200)], 30, (2, Some(200)), (100, 200)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_pause_doubles_and_tries_end() {
        check(&[Status(503); 9], 30, (5, Some(503)), (1500, 3000)).await;
        check(&[Unreachable; 9], 30, (5, None), (1500, 3000)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_service_asked_for_is_honoured() {
        check(&[Asked(429, 7), Status(200)], 30, (2, Some(200)), (7000, 7000)).await;
        check(&[Asked(503, 0), Status(200)], 30, (2, Some(200)), (200, 200)).await;
        check(&[Asked(429, 7), Asked(429, 9), Status(204)], 30, (3, Some(204)), (16_000, 16_000))
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn time_is_never_overrun() {
        check(&[Asked(429, 31), Status(200)], 30, (1, Some(429)), (0, 0)).await;
        check(&[Asked(429, u64::MAX), Status(200)], 30, (1, Some(429)), (0, 0)).await;
        check(&[Asked(429, 30), Status(200)], 30, (1, Some(429)), (0, 0)).await;
        // The last answer stands where the next try is cut off.
        check(&[Asked(429, 29), Never], 30, (2, Some(429)), (30_000, 30_000)).await;
        check(&[Never], 30, (1, None), (30_000, 30_000)).await;
    }

    async fn check(
        script: &[Next],
        total_s: u64,
        (n_tries, status): (usize, Option<u16>),
        (at_least_ms, at_most_ms): (u64, u64),
    ) {
        let mut left: VecDeque<Next> = script.iter().copied().collect();
        let mut n_sent = 0;
        let start = Instant::now();
        let outcome = with_retries(Duration::from_secs(total_s), || {
            n_sent += 1;
            play(left.pop_front().expect("no more tries than the script has"))
        })
        .await;

        assert_eq!(outcome.ok().map(|it| it.status), status, "for {script:?}");
        assert_eq!(n_sent, n_tries, "for {script:?}");
        let took = start.elapsed();
        // Why: the paused clock rounds up to the next millisecond at each pause.
        let slack = Duration::from_millis(10);
        assert!(took >= Duration::from_millis(at_least_ms), "{took:?} for {script:?}");
        assert!(took <= Duration::from_millis(at_most_ms) + slack, "{took:?} for {script:?}");
    }

    async fn play(next: Next) -> Result<Answer, HttpError> {
        let answer =
            |status, retry_after| Ok(Answer { status, retry_after, date: None, body: Vec::new() });
        match next {
            Status(status) => answer(status, None),
            Asked(status, seconds) => answer(status, Some(Duration::from_secs(seconds))),
            Unreachable => Err(HttpError::Unreachable { source: "no route".into() }),
            TimedOut => Err(HttpError::TimedOut),
            Never => std::future::pending().await,
        }
    }
}
