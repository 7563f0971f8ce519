//! Ports that fail when they are told to: at the nth call across all of them, in a chosen way.

mod acts;
mod ports;
mod services;
mod tuning;

use std::{
    collections::{BTreeMap, BTreeSet},
    future::{Future, pending, poll_fn},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

/// How a call goes wrong.
///
/// A call that "never answers" is one during which the function is killed: at its time limit, or
/// because its machine died. Nothing of it runs on, no error is handled, nothing is tidied up; so
/// it is a future that never completes, which [`FaultPlan::run`] drops. That is stricter than an
/// error, and needs no clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PortFault {
    /// Nothing is done; busy
    Fail,
    /// Nothing is done; refused for good
    Refuse,
    /// Nothing is done, and no answer comes
    TimeOut,
    /// It is done, and the answer is lost: busy
    LoseAnswer,
    /// It is done, and no answer comes
    CrashAfter,
}

impl PortFault {
    /// Every way
    pub const ALL: [Self; 5] =
        [Self::Fail, Self::Refuse, Self::TimeOut, Self::LoseAnswer, Self::CrashAfter];

    /// Whether the function is killed over it
    pub const fn kills(self) -> bool {
        match self {
            Self::TimeOut | Self::CrashAfter => true,
            Self::Fail | Self::Refuse | Self::LoseAnswer => false,
        }
    }
}

/// A fault that happened
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Injected {
    /// At which call, from 0
    pub number: usize,
    /// Which call that was: `AlertStore::store`
    pub call: &'static str,
    /// How it went wrong
    pub fault: PortFault,
}

/// Which calls go wrong, and how; its clones share it, so one plan spans all ports of a test
#[derive(Clone, Debug, Default)]
pub struct FaultPlan {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    at: BTreeMap<usize, PortFault>,
    always: BTreeMap<&'static str, PortFault>,
    calls: Vec<&'static str>,
    injected: BTreeSet<Injected>,
    is_hanging: bool,
}

impl FaultPlan {
    /// Call number `number`, from 0, goes wrong
    #[must_use]
    pub fn at(self, number: usize, fault: PortFault) -> Self {
        self.locked().at.insert(number, fault);
        self
    }

    /// Every call of that name goes wrong
    #[must_use]
    pub fn always(self, call: &'static str, fault: PortFault) -> Self {
        self.locked().always.insert(call, fault);
        self
    }

    /// From now on all goes well
    pub fn heal(&self) {
        let mut state = self.locked();
        state.at.clear();
        state.always.clear();
    }

    /// The names of all calls so far, in order
    pub fn calls(&self) -> Vec<&'static str> {
        self.locked().calls.clone()
    }

    /// The faults that happened
    pub fn injected(&self) -> Vec<Injected> {
        self.locked().injected.iter().copied().collect()
    }

    /// Runs a step to its end, or until a call in it never answers: then the step is dropped where
    /// it stands, and nothing is given
    pub fn run<'a, T>(
        &'a self,
        step: impl Future<Output = T> + 'a,
    ) -> impl Future<Output = Option<T>> + 'a {
        // Boxed, since a step on real adapters is large.
        let mut step = Box::pin(step);
        poll_fn(move |context| match step.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if std::mem::take(&mut self.locked().is_hanging) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
    }

    /// Counts a call; how it goes wrong, if it does
    fn next(&self, call: &'static str) -> Option<PortFault> {
        let mut state = self.locked();
        let number = state.calls.len();
        state.calls.push(call);
        let fault = state.at.get(&number).or_else(|| state.always.get(call)).copied()?;
        state.injected.insert(Injected { number, call, fault });
        Some(fault)
    }

    /// Never answers
    async fn hang<T>(&self) -> T {
        self.locked().is_hanging = true;
        pending().await
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A port that goes wrong as its plan says, and else does what the port inside it does
#[derive(Clone, Debug)]
pub struct Faulty<P> {
    port: P,
    plan: FaultPlan,
}

impl<P> Faulty<P> {
    /// The port, by that plan
    pub const fn new(port: P, plan: FaultPlan) -> Self {
        Self { port, plan }
    }
}
