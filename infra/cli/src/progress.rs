//! Says on the terminal how far a command is that takes long.
//!
//! Nothing is said in the first two seconds, nor where standard error is no terminal, nor beside
//! JSON.

use std::{
    cell::Cell,
    io::{self, IsTerminal as _, Write as _},
    rc::Rc,
    time::Duration,
};

use tokio::{
    task::JoinHandle,
    time::{Instant, interval_at},
};

/// How long a command may be silent
const SILENT: Duration = Duration::from_secs(2);
/// How often the line is written anew
const EVERY: Duration = Duration::from_secs(1);
/// Goes to the start of the line and empties it
const ERASE: &str = "\r\x1b[K";

/// How far a command is; the line goes away when this is dropped
pub(crate) struct Progress {
    n_done: Rc<Cell<usize>>,
    ticker: Option<JoinHandle<()>>,
}

impl Progress {
    /// Begins to count `total` of `what`; `quiet` says nothing
    pub(crate) fn start(what: &'static str, total: usize, quiet: bool) -> Self {
        Self::begin(what, Some(total), quiet)
    }

    /// The same, where nobody knows how many there are
    pub(crate) fn counting(what: &'static str, quiet: bool) -> Self {
        Self::begin(what, None, quiet)
    }

    fn begin(what: &'static str, total: Option<usize>, quiet: bool) -> Self {
        let n_done = Rc::new(Cell::new(0));
        let counted = Rc::clone(&n_done);
        let ticker = (!quiet && io::stderr().is_terminal()).then(|| {
            tokio::task::spawn_local(async move {
                let began = Instant::now();
                let mut ticks = interval_at(began + SILENT, EVERY);
                loop {
                    ticks.tick().await;
                    let text = line(what, counted.get(), total, began.elapsed());
                    write(&format!("{ERASE}{text}"));
                }
            })
        });
        Self { n_done, ticker }
    }

    /// One more is done
    pub(crate) fn step(&self) {
        self.n_done.set(self.n_done.get() + 1);
        self.hide();
    }

    /// Empties the line, so that other output can stand there
    fn hide(&self) {
        if self.ticker.is_some() {
            write(ERASE);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.hide();
        if let Some(ticker) = &self.ticker {
            ticker.abort();
        }
    }
}

fn line(what: &str, n_done: usize, total: Option<usize>, elapsed: Duration) -> String {
    let total = total.map(|it| format!("of {it} ")).unwrap_or_default();
    format!("{n_done} {total}{what}, {} s", elapsed.as_secs())
}

/// What cannot be shown is not worth failing for
fn write(text: &str) {
    let mut terminal = io::stderr();
    let written = terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush());
    drop(written);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_how_far_it_is_and_since_when() {
        let line = line("alerts decided", 3, Some(40), Duration::from_millis(12_900));
        assert_eq!(line, "3 of 40 alerts decided, 12 s");
        assert_eq!(super::line("alerts read", 3, None, Duration::ZERO), "3 alerts read, 0 s");
    }
}
