//! The four functions as they run in Lambda: their own binaries under a stub Runtime API, with an
//! embedded DynamoDB, a topic and a tenant on the loopback.
//!
//! Each module says `cfg(test)`, so that the lints take its helpers for what they are.
//! Each test has a world of its own (see `world`) and starts the binaries it needs.

#[cfg(test)]
#[path = "functions/bad_requests.rs"]
mod bad_requests;
#[cfg(test)]
#[path = "functions/binaries.rs"]
mod binaries;
#[cfg(test)]
#[path = "functions/chat.rs"]
mod chat;
#[cfg(test)]
#[path = "functions/database.rs"]
mod database;
#[cfg(test)]
#[path = "functions/deliver.rs"]
mod deliver;
#[cfg(test)]
#[path = "contract/embedded.rs"]
mod embedded;
#[cfg(test)]
#[path = "functions/events.rs"]
mod events;
#[cfg(test)]
#[path = "functions/graph_notifications.rs"]
mod graph_notifications;
#[cfg(test)]
#[path = "functions/housekeep.rs"]
mod housekeep;
#[cfg(test)]
#[path = "functions/logs.rs"]
mod logs;
#[cfg(test)]
#[path = "functions/poll.rs"]
mod poll;
#[cfg(test)]
#[path = "functions/receive.rs"]
mod receive;
#[cfg(test)]
#[path = "functions/requests.rs"]
mod requests;
#[cfg(test)]
#[path = "functions/start_up.rs"]
mod start_up;
#[cfg(test)]
#[path = "functions/topic.rs"]
mod topic;
#[cfg(test)]
#[path = "functions/triage.rs"]
mod triage;
#[cfg(test)]
#[path = "functions/tuning.rs"]
mod tuning;
#[cfg(test)]
#[path = "functions/whole_way.rs"]
mod whole_way;
#[cfg(test)]
#[path = "functions/world.rs"]
mod world;
