//! What the flow needs of the world: ports of one or two methods, in the domain's own words.
//!
//! Every error says what the caller can do about it: try again later, or never.

mod acts;
mod alerts;
mod allow_list;
mod audit;
mod bundles;
mod chat;
mod delivery;
mod export;
mod fact_cache;
mod facts;
mod feeds;
mod history;
mod left_out;
mod limits;
mod matches;
mod notices;
mod pace;
mod parts;
mod releases;
mod runs;
mod tokens;
mod tuning;
mod tuning_changes;
mod watch;

use std::error::Error;

pub use self::{
    acts::{ActOutbox, ActStore, Acted, Acts, Asked, BrokenAct, ManagedAlert},
    alerts::{AlertStore, RejectStore, Stored, WebhookLog},
    allow_list::{
        AllowList, AllowListOutbox, AllowListPage, IndicatorClient, Marked, Put, StoredEntry,
    },
    audit::{Audit, AuditPage, BrokenEntry, HistoryAudit},
    bundles::{Bundle, BundleStore},
    chat::{CLAIM_SECONDS, Chat, Claim, NotificationLog},
    delivery::{AtSource, DeliveryError, Notifier, Outbox, Outstanding, SourceClient},
    export::{AlertExport, ExportPage, ExportedAlert},
    fact_cache::{FactCache, Found, Lease},
    facts::FactSource,
    feeds::{AlertFeed, FeedError, FeedInfo, FeedPage, FeedStore, Kept, StoredPlace, Window},
    history::{AlertHistory, HISTORY_MAX, HistoryStore},
    left_out::{LeftOut, LeftOutLog, LeftOutNote, LeftOutReport},
    limits::{LimitClaim, LimitStore},
    matches::{MatchLog, MatchReport, Matches},
    notices::{NoticeLog, Notices},
    pace::{Pace, Rate, Turn},
    parts::PartStore,
    releases::{ReleaseStore, Released},
    runs::{AlertState, Recorded, RunStore, StoredAlert},
    tokens::{
        Begun, Identity, IdentityError, KeptAnswer, RequestLog, StoredToken, Throttle, TokenLookup,
        TokenStore,
    },
    tuning::{DeployedTuning, StoredRule, StoredTuning},
    tuning_changes::{ChangedRule, RuleChange, RuleVerb, TuningStore},
    watch::{Mailboxes, WatchList},
};

/// The cause of a port's error
pub type Cause = Box<dyn Error + Send + Sync>;

/// The store did not do what it was asked
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Trying again later may help
    #[error("store is busy or out of reach")]
    Busy(#[source] Cause),
    /// Trying again will not help
    #[error("store refused: {what}")]
    Refused {
        /// What it was asked
        what: String,
        /// Why not
        #[source]
        source: Cause,
    },
}
