//! The gate of a deployment: the function `provision` as its own binary, between a stand-in for
//! CloudFormation, an embedded DynamoDB and a stand-in for Secrets Manager.
//!
//! Each module says `cfg(test)`, so that the lints take its helpers for what they are. World,
//! binaries and database are those of the other functions' tests.

#[cfg(test)]
#[path = "gate/answers.rs"]
mod answers;
#[cfg(test)]
#[path = "functions/binaries.rs"]
mod binaries;
#[cfg(test)]
#[path = "gate/cloud_formation.rs"]
mod cloud_formation;
#[cfg(test)]
#[path = "functions/database.rs"]
#[expect(dead_code, reason = "the functions' tests use all of it")]
mod database;
#[cfg(test)]
#[path = "contract/embedded.rs"]
mod embedded;
#[cfg(test)]
#[path = "functions/events.rs"]
#[expect(dead_code, reason = "the functions' tests use all of it")]
mod events;
#[cfg(test)]
#[path = "gate/gate.rs"]
mod gate;
#[cfg(test)]
#[path = "gate/in_use.rs"]
mod in_use;
#[cfg(test)]
#[path = "gate/layer.rs"]
mod layer;
#[cfg(test)]
#[path = "gate/proof.rs"]
mod proof;
#[cfg(test)]
#[path = "functions/requests.rs"]
#[expect(dead_code, reason = "the functions' tests use all of it")]
mod requests;
#[cfg(test)]
#[path = "gate/secrets.rs"]
mod secrets;
#[cfg(test)]
#[path = "functions/topic.rs"]
#[expect(dead_code, reason = "the functions' tests use all of it")]
mod topic;
#[cfg(test)]
#[path = "functions/world.rs"]
#[expect(dead_code, reason = "the functions' tests use all of it")]
mod world;
