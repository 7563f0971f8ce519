//! Builders, fakes, the stand-in tenant and the stub Runtime API.

mod runtime;
mod server;
mod tenant;

pub use runtime::{FunctionProcess, Invocation, InvokeError, RuntimeStub};
pub use tenant::{
    Fault, FaultKind, Override, RecordedRequest, SeedError, Tenant, UserEndpoint, UserRecord,
};
