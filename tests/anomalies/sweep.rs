//! Runs scenarios with every fault there can be, and keeps the score.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};

use defuse_testkit::{FaultPlan, PortFault};

use super::{
    check::{Excused, ended_wrongly, harm_done},
    drive::Driver,
    scenarios::Scenario,
    world::World,
};

/// How many rounds it may take to come to rest
pub(crate) const ROUNDS_MAX: usize = 10;

/// How many rounds a lasting fault lasts
const ROUNDS_LASTING: usize = 4;

/// Many runs, each in a fresh world
#[derive(Debug)]
pub(crate) struct Sweep<M> {
    make: M,
    tally: Tally,
}

/// What was tried, and what went wrong
#[derive(Debug, Default)]
pub(crate) struct Tally {
    score: BTreeMap<&'static str, Score>,
    wrong: Vec<String>,
}

/// What was tried of one scenario
#[derive(Debug, Default)]
struct Score {
    calls: Vec<&'static str>,
    n_runs: usize,
}

impl<M, W> Sweep<M>
where
    M: AsyncFn(&Scenario) -> W,
    W: World + Sync,
{
    pub(crate) const fn new(make: M) -> Self {
        Self { make, tally: Tally::new() }
    }

    /// Runs the scenario by that plan to its end, and checks it; gives the names of its calls
    pub(crate) async fn run(&mut self, scenario: &Scenario, plan: &FaultPlan) -> Vec<&'static str> {
        let world = (self.make)(scenario).await;
        let mut driver = Driver::new(&world, scenario, plan);
        driver.go_on(ROUNDS_MAX).await;
        let excused = Excused::by(scenario, &plan.injected());
        let wrong = ended_wrongly(&world, driver.drive(), &excused).await;
        self.tally.keep(scenario, &plan.injected(), &wrong);
        plan.calls()
    }

    /// Each call of the undisturbed run goes wrong in each way
    pub(crate) async fn every_fault(&mut self, scenario: &Scenario) {
        for number in 0..self.calls(scenario).await.len() {
            for fault in PortFault::ALL {
                self.run(scenario, &FaultPlan::default().at(number, fault)).await;
            }
        }
    }

    /// Each two calls go wrong in each two ways; the second may be one that only the first brings
    pub(crate) async fn every_pair_of_faults(&mut self, scenario: &Scenario) {
        for number in 0..self.calls(scenario).await.len() {
            for fault in PortFault::ALL {
                let calls = self.run(scenario, &FaultPlan::default().at(number, fault)).await;
                for second in number + 1..calls.len() {
                    for other in PortFault::ALL {
                        let plan = FaultPlan::default().at(number, fault).at(second, other);
                        self.run(scenario, &plan).await;
                    }
                }
            }
        }
    }

    /// Each port call goes wrong every time; after a while it is healed
    pub(crate) async fn every_lasting_fault(&mut self, scenario: &Scenario) {
        let calls: BTreeSet<&str> = self.calls(scenario).await.into_iter().collect();
        for call in calls {
            for fault in PortFault::ALL {
                let plan = FaultPlan::default().always(call, fault);
                let world = (self.make)(scenario).await;
                let mut driver = Driver::new(&world, scenario, &plan);
                driver.go_on(ROUNDS_LASTING).await;
                let injected = plan.injected();
                let excused = Excused::by(scenario, &injected);
                let mut wrong = harm_done(&world, driver.drive(), &excused).await;
                plan.heal();
                driver.go_on(ROUNDS_MAX).await;
                wrong.extend(ended_wrongly(&world, driver.drive(), &excused).await);
                self.tally.keep(scenario, &injected, &wrong);
            }
        }
    }

    /// The names of the calls of the undisturbed run
    pub(crate) async fn calls(&mut self, scenario: &Scenario) -> Vec<&'static str> {
        let calls = self.run(scenario, &FaultPlan::default()).await;
        self.tally.calls(scenario, &calls);
        calls
    }

    /// What came of it
    pub(crate) fn tally(self) -> Tally {
        self.tally
    }
}

impl Tally {
    pub(crate) const fn new() -> Self {
        Self { score: BTreeMap::new(), wrong: Vec::new() }
    }

    /// Keeps what is called in the undisturbed run
    pub(crate) fn calls(&mut self, scenario: &Scenario, calls: &[&'static str]) {
        self.score.entry(scenario.name).or_default().calls = calls.to_vec();
    }

    /// Keeps one run, and what was wrong with it
    pub(crate) fn keep(&mut self, scenario: &Scenario, faults: &impl Debug, wrong: &[String]) {
        self.score.entry(scenario.name).or_default().n_runs += 1;
        if !wrong.is_empty() {
            let wrong = wrong.join("\n");
            self.wrong.push(format!("{}, {faults:?}\n{wrong}", scenario.name));
        }
    }

    /// Both
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.add(other);
        self
    }

    /// Adds what others kept
    pub(crate) fn add(&mut self, other: Self) {
        for (name, Score { calls, n_runs }) in other.score {
            let score = self.score.entry(name).or_default();
            score.n_runs += n_runs;
            if !calls.is_empty() {
                score.calls = calls;
            }
        }
        self.wrong.extend(other.wrong);
    }

    /// How many runs there were
    pub(crate) fn n_runs(&self) -> usize {
        self.score.values().map(|it| it.n_runs).sum()
    }

    /// What went wrong, run by run
    pub(crate) fn wrong(&self) -> &[String] {
        &self.wrong
    }

    /// Prints the matrix; fails with the first things that went wrong
    #[expect(clippy::print_stdout, reason = "the matrix is for whoever runs the test")]
    pub(crate) fn assert_nothing_wrong(&self) {
        for (name, Score { calls, n_runs }) in &self.score {
            println!("{name}: {} calls, {n_runs} runs", calls.len());
            let distinct: BTreeSet<&&str> = calls.iter().collect();
            for call in distinct {
                let n_called = calls.iter().filter(|it| *it == call).count();
                println!("    {n_called} × {call}");
            }
        }
        println!("{} runs in all", self.n_runs());
        let n_wrong = self.wrong.len();
        let first: Vec<&str> = self.wrong.iter().take(5).map(String::as_str).collect();
        assert!(self.wrong.is_empty(), "{n_wrong} runs went wrong:\n{}", first.join("\n\n"));
    }
}
