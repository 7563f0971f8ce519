//! Runs scenarios with every fault there can be, and keeps the score.

use std::collections::{BTreeMap, BTreeSet};

use defuse_testkit::{FaultPlan, PortFault};

use super::{
    check::{ended_wrongly, harm_done},
    drive::Driver,
    scenarios::Scenario,
    world::World,
};

/// How many rounds it may take to come to rest
const ROUNDS_MAX: usize = 10;

/// How many rounds a lasting fault lasts
const ROUNDS_LASTING: usize = 4;

/// Many runs, each in a fresh world
#[derive(Debug)]
pub(crate) struct Sweep<M> {
    make: M,
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
        Self { make, score: BTreeMap::new(), wrong: Vec::new() }
    }

    /// Runs the scenario by that plan to its end, and checks it; gives the names of its calls
    pub(crate) async fn run(&mut self, scenario: &Scenario, plan: &FaultPlan) -> Vec<&'static str> {
        let world = (self.make)(scenario).await;
        let mut driver = Driver::new(&world, scenario, plan);
        driver.go_on(ROUNDS_MAX).await;
        let wrong = ended_wrongly(&world, scenario, driver.drive(), &plan.injected()).await;
        self.keep(scenario, plan, &wrong);
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
                let mut wrong = harm_done(&world, driver.drive(), &injected).await;
                plan.heal();
                driver.go_on(ROUNDS_MAX).await;
                wrong.extend(ended_wrongly(&world, scenario, driver.drive(), &injected).await);
                self.keep(scenario, &plan, &wrong);
            }
        }
    }

    /// The names of the calls of the undisturbed run
    async fn calls(&mut self, scenario: &Scenario) -> Vec<&'static str> {
        let calls = self.run(scenario, &FaultPlan::default()).await;
        self.score.entry(scenario.name).or_default().calls.clone_from(&calls);
        calls
    }

    fn keep(&mut self, scenario: &Scenario, plan: &FaultPlan, wrong: &[String]) {
        self.score.entry(scenario.name).or_default().n_runs += 1;
        if !wrong.is_empty() {
            let wrong = wrong.join("\n");
            self.wrong.push(format!("{}, {:?}\n{wrong}", scenario.name, plan.injected()));
        }
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
        let n_wrong = self.wrong.len();
        let first: Vec<&str> = self.wrong.iter().take(5).map(String::as_str).collect();
        assert!(self.wrong.is_empty(), "{n_wrong} runs went wrong:\n{}", first.join("\n\n"));
    }
}
