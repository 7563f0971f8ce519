//! Builders, fakes, the stand-in tenant and the stub Runtime API.

mod builders;
mod fakes;
mod faulty;
mod runtime;
mod server;
mod tenant;

pub use builders::{
    LEGITIMATE_TRAVEL, TRAVEL, TravelAlert, a_tuning_rule, an_alert, away, rule_book,
};
pub use fakes::{
    ChatPost, FixedFacts, FixedMailboxes, MemoryChat, MemoryIndicators, MemorySource, MemoryStore,
    MemoryTopic, SourceView,
};
pub use faulty::{FaultPlan, Faulty, Injected, PortFault};
pub use runtime::{FunctionProcess, Invocation, InvokeError, RuntimeStub};
pub use tenant::{
    Fault, FaultKind, LimitedService, Override, RecordedRequest, SeedError, Tenant, UserEndpoint,
    UserRecord,
};
