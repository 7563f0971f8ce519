//! What things are and what becomes of them: pure, no I/O, no clock.
//!
//! Read in this order: `alert`, `classification`, `fact`, `condition`, `criterion`, `playbook`,
//! `tuning`, `decision`, `run`, `manage`.

mod alert;
mod alert_id;
mod alert_type;
mod allow_list;
mod catalogue;
mod classification;
mod condition;
mod criterion;
mod decision;
mod diagnostic;
mod document;
mod evidence;
mod explanation;
mod fact;
mod facts_document;
mod flag;
mod history;
mod indicator;
mod last_run;
mod manage;
mod notification;
mod organisation;
mod plan;
mod playbook;
mod principal;
mod rule_name;
mod run;
mod schema;
mod services;
mod settings;
mod severity;
mod sighting;
mod source;
mod subnet;
#[cfg(test)]
mod test_kit;
mod tuning;
mod user;
mod wire_name;

pub use alert::{
    ALERTS_MAX, Alert, AlertError, BODY_BYTES_MAX, Comment, RECORDS_MAX, Shape, Unreadable,
    UnreadableCode, read_body,
};
pub use alert_id::{ALERT_ID_LENGTH_MAX, AlertId, AlertIdError, Revision};
pub use alert_type::AlertType;
pub use allow_list::{
    ALLOWED_DAYS_MAX, AllowListChange, AllowListDraft, AllowListEntry, AllowListError, AllowedFrom,
    AllowedOn, AtEndpoint, CHANGES_MAX, DESCRIPTION_LENGTH_MAX, DEVICE_GROUPS_MAX, Listed,
    NAME_LENGTH_MAX, TITLE_LENGTH_MAX,
};
pub use catalogue::{BASE, EvidenceType, Kind, Property};
pub use classification::{
    Activity, CLASSIFICATIONS, Classification, FalseAlarm, RETIRED_DETERMINATIONS, Threat,
};
pub use condition::{
    AlertProperty, Condition, ConditionIndex, DEPTH_MAX, ImageError, Match, Matcher,
    PATTERN_LENGTH_MAX, PATTERN_STARS_MAX, Pattern, TESTS_MAX, VALUE_LENGTH_MAX, VALUES_MAX,
};
pub use criterion::Maker;
pub use decision::{Decision, Kept, Outcome, PlaybookTrace, RuleBook, decide};
pub use diagnostic::{Code, Diagnostic};
pub use document::{DOCUMENT_BYTES_MAX, DOCUMENT_DEPTH_MAX, DOCUMENT_NODES_MAX};
pub use evidence::Evidence;
pub use explanation::{Explanation, Truth, UnknownFact};
pub use fact::{
    Answer, AutomaticReplies, Fact, Facts, Need, OPEN_ALERTS_DAYS, OPEN_ALERTS_MAX, OpenAlert,
    Question, Risk, RiskLevel, Unknown, UnknownReason,
};
pub use facts_document::{FactsDocument, Given, UserFacts};
pub use flag::{FLAG_VALUE_LENGTH_MAX, FLAGS_MAX, Flag, Oddity};
pub use history::{Change, ChangedProperty, Entry, Release, changes, history};
pub use indicator::{
    IDENTIFIED_MAX, INDICATOR_LENGTH_MAX, Identified, Indicator, IndicatorError, IndicatorKind,
};
pub use last_run::LastRun;
pub use manage::{
    Act, ActAction, ActEffect, ActionId, ActionKey, ActionKind, ActionState, Actor,
    INCIDENT_LENGTH_MAX, ManageError, Managed, Part, Past, Said, Standing, Stay, Step, TAGS_MAX,
    TakenAction, TakenBy, Undo, UndoError, Undoing, Wish,
};
pub use notification::{
    About, AllowListTemplate, ChannelTemplate, Notification, SourceTemplate, Template,
    TuningTemplate,
};
pub use organisation::{HighRisk, Organisation};
pub use plan::Plan;
pub use playbook::{
    Action, Case, CaseFacts, CaseResult, Expectation, LIMIT_MAX, Limits, Mode, Playbook,
};
pub use principal::{Grant, GrantScope, Permission, Principal, RoleName};
pub use rule_name::{PlaybookName, TuningRuleName};
pub use run::{Before, Effect, EffectAction, EffectId, EffectState, Run, RunKey};
pub use schema::{facts_schema, playbook_schema, schema_text, settings_schema, tuning_rule_schema};
pub use services::{EntraIdProtection, Services};
pub use settings::{
    ApiSettings, Application, Channel, ChannelKind, ClaimedRole, CloudAppsSettings,
    CloudAppsSignIn, Credential, EndpointSettings, GraphSettings, Oidc, SecretRef, Settings,
};
pub use severity::{Severity, Status};
pub use sighting::{History, Sighting, Snapshot};
pub use source::{DetectionSource, ServiceSource};
pub use subnet::Subnet;
pub use tuning::{
    AlertTypes, EXPIRY_DAYS_MAX, Fill, FillError, Later, OpenWindow, Preview, PreviewPart,
    PreviewReport, PreviewWarning, Scope, Share, TakenAlert, TuningAction, TuningBook,
    TuningDemands, TuningOutlook, TuningRule, TuningTrace, Window,
};
pub use user::User;
pub use wire_name::AsRead;
