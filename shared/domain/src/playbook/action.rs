//! What a playbook does.

use crate::{
    classification::{CLASSIFICATIONS, Classification, RETIRED_DETERMINATIONS},
    diagnostic::Code,
    document::Cursor,
    notification::Template,
};

/// The longest comment, in characters
pub(crate) const COMMENT_LENGTH_MAX: usize = 1_000;

/// The longest name of a tag or channel, in characters
pub(crate) const NAME_LENGTH_MAX: usize = 64;

/// The longest user principal name, in characters
pub(crate) const PRINCIPAL_NAME_LENGTH_MAX: usize = 113;

/// How many actions a list may have
pub(crate) const ACTIONS_MAX: usize = 16;

/// What can be done when the criteria are met
pub(crate) const THEN: [&str; 5] = ["resolve", "assign", "comment", "tag", "notify"];

/// What can be done when they are not, or nobody can say
pub(crate) const OTHERWISE: [&str; 4] = ["assign", "comment", "tag", "notify"];

/// The fields of `notify`
pub(crate) const NOTIFY: [&str; 2] = ["channel", "template"];

/// What a playbook does
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Resolves the alert at its source
    Resolve(Classification),
    /// Assigns the alert at its source to a person, by principal name, unless somebody has it
    Assign(String),
    /// Comments on the alert at its source
    Comment(String),
    /// Tags the alert; tags are our own data
    Tag(String),
    /// Tells people
    Notify {
        /// Where, by the name in the settings
        channel: String,
        /// What about
        template: Template,
        /// Line and column in the file
        place: (usize, usize),
        /// The way to it in the file
        path: String,
    },
}

/// Reads `then`: anything, each kind at most once where twice has no meaning
pub(super) fn read_then(at: &Cursor<'_>) -> Option<Vec<Action>> {
    read_list(at, &THEN)
}

/// Reads `otherwise`: it cannot resolve, and it must tell somebody
pub(super) fn read_otherwise(at: &Cursor<'_>) -> Option<Vec<Action>> {
    let actions = read_list(at, &OTHERWISE)?;
    if !actions.iter().any(|it| matches!(it, Action::Notify { .. })) {
        let message = "nobody would be told of an alert that stays open";
        let help = "add `- notify: { channel: soc, template: needsEyes }`".to_owned();
        at.problem(Code::NobodyTold, message, Some(help));
    }
    Some(actions)
}

/// Whether a list of actions says `resolve`, however well
pub(super) fn means_to_resolve(at: &Cursor<'_>) -> bool {
    let says = |it: &Cursor<'_>| it.only_field("resolve").is_some();
    at.is_list() && at.items().is_some_and(|it| it.iter().any(says))
}

fn read_list(at: &Cursor<'_>, known: &[&'static str]) -> Option<Vec<Action>> {
    let actions = at.list_of(|it| read(it, known))?;
    if actions.len() > ACTIONS_MAX {
        at.problem(Code::OverLimit, format!("more than {ACTIONS_MAX} actions"), None);
    }
    let n_resolve = actions.iter().filter(|it| matches!(it, Action::Resolve(_))).count();
    if n_resolve > 1 {
        at.problem(Code::RepeatedKey, "an alert is resolved once", None);
    }
    let n_assign = actions.iter().filter(|it| matches!(it, Action::Assign(_))).count();
    if n_assign > 1 {
        at.problem(Code::RepeatedKey, "an alert is assigned to one person", None);
    }
    Some(actions)
}

fn read(at: &Cursor<'_>, known: &[&'static str]) -> Option<Action> {
    let (name, body) = at.variant("action", known)?;
    let Some(body) = body else {
        at.problem(Code::WrongType, format!("`{name}` needs a value"), None);
        return None;
    };
    match name {
        "resolve" => read_classification(&body).map(Action::Resolve),
        "assign" => read_principal_name(&body).map(Action::Assign),
        "comment" => body.short_text(COMMENT_LENGTH_MAX).map(Action::Comment),
        "tag" => body.short_text(NAME_LENGTH_MAX).map(Action::Tag),
        _ => {
            let fields = body.fields(&NOTIFY)?;
            let channel = fields.require("channel").and_then(|it| {
                Some((it.short_text(NAME_LENGTH_MAX)?, it.place(), it.path().to_owned()))
            });
            let names: Vec<&'static str> = Template::ALL.iter().map(|it| it.name()).collect();
            let template = fields.require("template").and_then(|it| it.word("template", &names));
            let (channel, place, path) = channel?;
            Some(Action::Notify { channel, template: Template::from_name(template?)?, place, path })
        }
    }
}

/// Reads `kim@contoso.example`
pub(crate) fn read_principal_name(at: &Cursor<'_>) -> Option<String> {
    let text = at.short_text(PRINCIPAL_NAME_LENGTH_MAX)?;
    let is_name = text.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty() && !domain.is_empty() && !domain.contains('@')
    });
    if !is_name || text.contains(char::is_whitespace) {
        let help = "write it like `kim@contoso.example`".to_owned();
        let message = format!("`{text}` is no user principal name");
        at.problem(Code::BadValue, message, Some(help));
        return None;
    }
    Some(text)
}

/// Reads `{ informationalExpectedActivity: confirmedActivity }`
pub(crate) fn read_classification(at: &Cursor<'_>) -> Option<Classification> {
    let (classification, body) = at.variant("classification", &CLASSIFICATIONS)?;
    let determinations = Classification::determinations_of(classification);
    let listed = || {
        let quoted: Vec<String> = determinations.iter().map(|it| format!("`{it}`")).collect();
        format!("{classification} has {}", quoted.join(", "))
    };
    let Some(body) = body else {
        at.problem(Code::MissingKey, "the determination is missing", Some(listed()));
        return None;
    };
    let text = body.text()?;
    if let Some(pair) = Classification::from_names(classification, text)
        && determinations.contains(&text)
    {
        return Some(pair);
    }
    if RETIRED_DETERMINATIONS.contains(&text) {
        let message = format!("`{text}` was retired in 2022 and is read only");
        body.problem(Code::Retired, message, Some(listed()));
    } else if CLASSIFICATIONS.iter().any(|it| Classification::from_names(it, text).is_some()) {
        let message = format!("`{text}` does not belong to {classification}");
        body.problem(Code::WrongPair, message, Some(listed()));
    } else {
        body.unknown_word("determination", text, &determinations);
    }
    None
}
