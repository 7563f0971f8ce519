//! What every channel says of a notification, in the same words.

use defuse_domain::{
    About, AllowListTemplate, ChannelTemplate, Notification, SourceTemplate, Template,
    TuningTemplate,
};
use url::Url;

/// The longest title shown, in characters
pub(super) const TITLE_LENGTH_MAX: usize = 200;
/// The longest name of a fact shown
pub(super) const NAME_LENGTH_MAX: usize = 40;
/// The longest value of a fact shown
pub(super) const VALUE_LENGTH_MAX: usize = 200;
/// The longest reason shown
pub(super) const REASON_LENGTH_MAX: usize = 600;
/// The longest notification id shown
pub(super) const ID_LENGTH_MAX: usize = 100;
/// How many facts are shown, at most
pub(super) const FACTS_MAX: usize = 12;
/// How many reasons are shown, at most
pub(super) const REASONS_MAX: usize = 20;
/// The label of the link
pub(super) const OPEN: &str = "Open alert";

/// The longest link we make, in bytes
const URL_BYTES_MAX: usize = 2_048;

/// What happened, in a few words of ours: nobody outside can make a notification say otherwise
pub(super) const fn heading(about: &About) -> &'static str {
    match about {
        About::Alert { template: Template::Resolved, .. } => "Alert resolved",
        About::Alert { template: Template::NeedsEyes, .. } => "Alert needs your eyes",
        About::Source { template: SourceTemplate::Down, .. } => "Alerts cannot be read",
        About::Source { template: SourceTemplate::Up, .. } => "Alerts are read again",
        About::TuningRule { template: TuningTemplate::Expires, .. } => "Tuning rule expires soon",
        About::Channel { template: ChannelTemplate::Test, .. } => "Test message",
        About::Indicator { template: AllowListTemplate::Refused, .. } => {
            "Defender for Endpoint refused an allowed indicator"
        }
    }
}

/// Names with values: severity and alert id, or the source, rule or indicator, then what the notification brings
pub(super) fn facts(notification: &Notification) -> Vec<(&str, &str)> {
    let mut facts = Vec::new();
    match &notification.about {
        About::Alert { alert_id, severity, .. } => {
            facts.extend(severity.map(|it| ("Severity", it.name())));
            facts.push(("Alert", alert_id.as_str()));
        }
        About::Source { source, .. } => facts.push(("Source", source)),
        About::TuningRule { rule, .. } => facts.push(("Tuning rule", rule.as_str())),
        About::Channel { tried_by, .. } => facts.push(("Asked for by", tried_by)),
        About::Indicator { indicator, .. } => {
            facts.push((indicator.kind().name(), indicator.value()));
        }
    }
    facts.extend(notification.facts.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    if facts.len() > FACTS_MAX {
        facts.truncate(FACTS_MAX - 1);
        facts.push(("More", "there are more facts in the alert"));
    }
    facts
}

/// What is said of the reasons that are not shown
pub(super) fn more(n_reasons: usize) -> String {
    format!("and {n_reasons} more")
}

/// What is said where we cannot know whether it was posted before
pub(super) const fn repeat(unsure: bool) -> &'static str {
    if unsure { " · may be a repeat" } else { "" }
}

/// The link, if it is one that is safe to click: `https`, to a host, with nobody's name in it
pub(super) fn link(notification: &Notification) -> Option<String> {
    let url = Url::parse(notification.url.as_ref()?).ok()?;
    let is_safe = url.scheme() == "https"
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.as_str().len() <= URL_BYTES_MAX;
    is_safe.then(|| url.into())
}
