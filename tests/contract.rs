//! The store on a real, if small, DynamoDB: what the ports promise holds there.
//!
//! Each module says `cfg(test)`, so that the lints take its helpers for what they are.
//! Each test has a table of its own, in memory, behind HTTP on the loopback.

#[cfg(test)]
#[path = "contract/alerts.rs"]
mod alerts;
#[cfg(test)]
#[path = "contract/allow_list.rs"]
mod allow_list;
#[cfg(test)]
#[path = "contract/asking.rs"]
mod asking;
#[cfg(test)]
#[path = "contract/costs.rs"]
mod costs;
#[cfg(test)]
#[path = "contract/effects.rs"]
mod effects;
#[cfg(test)]
#[path = "contract/embedded.rs"]
mod embedded;
#[cfg(test)]
#[path = "contract/emulator.rs"]
mod emulator;
#[cfg(test)]
#[path = "contract/export.rs"]
mod export;
#[cfg(test)]
#[path = "contract/facts.rs"]
mod facts;
#[cfg(test)]
#[path = "contract/feeds.rs"]
mod feeds;
#[cfg(test)]
#[path = "contract/history.rs"]
mod history;
#[cfg(test)]
#[path = "contract/left_out.rs"]
mod left_out;
#[cfg(test)]
#[path = "contract/limits.rs"]
mod limits;
#[cfg(test)]
#[path = "contract/notifications.rs"]
mod notifications;
#[cfg(test)]
#[path = "contract/open_alerts.rs"]
mod open_alerts;
#[cfg(test)]
#[path = "contract/pace.rs"]
mod pace;
#[cfg(test)]
#[path = "contract/parts.rs"]
mod parts;
#[cfg(test)]
#[path = "contract/runs.rs"]
mod runs;
#[cfg(test)]
#[path = "contract/samples.rs"]
mod samples;
#[cfg(test)]
#[path = "contract/tuning.rs"]
mod tuning;
#[cfg(test)]
#[path = "contract/watching.rs"]
mod watching;
#[cfg(test)]
#[path = "contract/work.rs"]
mod work;
