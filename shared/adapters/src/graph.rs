//! Microsoft Graph: alerts, changes to them, and facts about users.
//!
//! Permissions, all as an application, granted by an administrator of the tenant:
//!
//! | for | permission |
//! |---|---|
//! | automatic replies | `MailboxSettings.Read` |
//! | automatic replies of many at once | `Mail.Read`, for the mailbox that asks |
//! | risk | `IdentityRiskyUser.Read.All`, and `User.Read.All` where only the name is known |
//! | groups | `GroupMember.Read.All` with `User.Read.All` |
//! | alerts, and open alerts of a user | `SecurityAlert.Read.All` |
//! | resolving, assigning and commenting | `SecurityAlert.ReadWrite.All` |
//!
//! None at AWS. Which facts are needed, and what they mean, is not here.

mod alerts;
mod automatic_replies;
mod client;
mod directory;
mod facts;
mod feed;
mod mail_tips;
mod open_alerts;
mod pages;
mod problem;
#[cfg(test)]
mod testing;
mod zones;

use std::time::Duration;

pub use self::{
    alerts::GraphSource,
    automatic_replies::read_automatic_replies,
    client::Graph,
    directory::{read_member_of, read_risky_user},
    facts::GraphFacts,
    feed::GraphFeed,
    mail_tips::{GraphMailTips, read_mail_tip},
};
use crate::sign_in::Application;

/// What people call it
const NAME: &str = "Microsoft Graph";

/// Where Graph is, who we are there, and how long we wait
#[derive(Clone, Debug)]
pub struct GraphSettings {
    /// `https://graph.microsoft.com/v1.0`, or that of a national cloud
    pub base_url: String,
    /// Who we are there
    pub application: Application,
    /// `https://graph.microsoft.com/.default`
    pub scope: String,
    /// How long all questions of one run may take together
    pub answer_within: Duration,
    /// How long one change of an alert may take, with all tries
    pub change_within: Duration,
}
