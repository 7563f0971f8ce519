//! What a person asks for, read strictly: a pair that does not belong together cannot be said.

use std::collections::BTreeSet;

use crate::{
    classification::Classification,
    diagnostic::{Code, Diagnostic},
    document::{Cursor, Problems, read_yaml},
    playbook::action::{
        COMMENT_LENGTH_MAX, NAME_LENGTH_MAX, read_classification, read_principal_name,
    },
    severity::Status,
};

/// What messages call what was sent
const BODY: &str = "body";

/// What a person asks for; what is absent stays as it is
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Where it is to stand
    pub status: Option<Status>,
    /// Who is to have it, by principal name, or nobody
    pub assigned_to: Option<Option<String>>,
    /// What it turned out to be, or *not set*
    pub classification: Option<Option<Classification>>,
    /// Our own tags that it gets
    pub add_tags: BTreeSet<String>,
    /// Our own tags that it loses
    pub remove_tags: BTreeSet<String>,
    /// What is said of it
    pub comment: Option<String>,
}

impl Wish {
    /// The names of the fields of a change
    pub const FIELDS: [&'static str; 4] = ["status", "assignedTo", "classification", "tags"];
    /// The names of the fields of `tags`
    pub const TAGS: [&'static str; 2] = ["add", "remove"];

    /// Reads a change, or says everything that is wrong with it.
    ///
    /// ```
    /// use defuse_domain::Wish;
    ///
    /// let wish = Wish::parse(r#"{ "classification": { "falsePositive": "notMalicious" } }"#)?;
    /// assert!(wish.classification.is_some() && wish.status.is_none());
    /// assert!(Wish::parse(r#"{ "classification": { "falsePositive": "malware" } }"#).is_err());
    /// # Ok::<(), Vec<defuse_domain::Diagnostic>>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, Vec<Diagnostic>> {
        Self::read(text, |at| {
            let fields = at.fields(&Self::FIELDS)?;
            let names: Vec<&'static str> = Status::ALL.iter().map(|it| it.name()).collect();
            let status =
                fields.or("status", None, |it| it.word("status", &names).map(Status::from_name));
            let assigned_to =
                fields.or("assignedTo", None, |it| unless_null(it, read_principal_name));
            let classification =
                fields.or("classification", None, |it| unless_null(it, read_classification));
            let (add, remove) = fields.or("tags", Default::default(), |it| {
                let fields = it.fields(&Self::TAGS)?;
                let add = fields.or("add", BTreeSet::new(), tags);
                let remove = fields.or("remove", BTreeSet::new(), tags);
                Some((add?, remove?))
            })?;
            if let Some(both) = add.intersection(&remove).next() {
                let message = format!("tag `{both}` is to be added and removed");
                at.problem(Code::BadValue, message, None);
            }
            Some(Self {
                status: status?,
                assigned_to: assigned_to?,
                classification: classification?,
                add_tags: add,
                remove_tags: remove,
                comment: None,
            })
        })
    }

    /// Reads a comment: `{ "comment": "…" }`
    pub fn parse_comment(text: &str) -> Result<Self, Vec<Diagnostic>> {
        Self::read(text, |at| {
            let fields = at.fields(&["comment"])?;
            let comment = fields.require("comment")?.short_text(COMMENT_LENGTH_MAX)?;
            Some(Self { comment: Some(comment), ..Self::default() })
        })
    }

    /// Every JSON text is YAML too, so one reader finds all mistakes with their places
    fn read(
        text: &str,
        read: impl FnOnce(&Cursor<'_>) -> Option<Self>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let node = read_yaml(BODY, text).map_err(|problem| vec![problem])?;
        let problems = Problems::of_json(BODY);
        let wish = read(&Cursor::new(&node, &problems));
        problems.finish(wish)
    }
}

/// `null` is "nobody" or "not set"
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
fn unless_null<T>(
    at: &Cursor<'_>,
    read: fn(&Cursor<'_>) -> Option<T>,
) -> Option<Option<Option<T>>> {
    if at.is_null() { Some(Some(None)) } else { read(at).map(|it| Some(Some(it))) }
}

fn tags(at: &Cursor<'_>) -> Option<BTreeSet<String>> {
    let read = at.list_of(|it| it.short_text(NAME_LENGTH_MAX))?;
    Some(read.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_is_left_and_null_is_nothing() {
        let wish = Wish::parse(r#"{ "assignedTo": null, "tags": { "add": ["vip"] } }"#).unwrap();
        assert_eq!((wish.status, wish.assigned_to), (None, Some(None)));
        assert_eq!(wish.add_tags.len(), 1);
        assert_eq!(Wish::parse("{}").unwrap(), Wish::default());
    }

    #[test]
    fn what_cannot_be_said_is_refused_with_its_place() {
        check(r#"{ "classification": { "falsePositive": "malware" } }"#, Code::WrongPair);
        check(r#"{ "classification": { "truePositive": "apt" } }"#, Code::Retired);
        check(r#"{ "classification": "truePositive" }"#, Code::MissingKey);
        check(r#"{ "staus": "new" }"#, Code::UnknownKey);
        check(r#"{ "status": "closed" }"#, Code::UnknownWord);
        check(r#"{ "status": null }"#, Code::WrongType);
        check(r#"{ "assignedTo": "kim" }"#, Code::BadValue);
        check(r#"{ "tags": { "add": ["a"], "remove": ["a"] } }"#, Code::BadValue);
        check(r#"{ "status": "new", "status": "resolved" }"#, Code::RepeatedKey);
        check("[]", Code::WrongType);
        check("", Code::Syntax);
        check(&"[".repeat(5_000), Code::Syntax);
        let long = format!(r#"{{ "tags": {{ "add": ["{}"] }} }}"#, "x".repeat(65));
        check(&long, Code::OverLimit);
    }

    #[track_caller]
    fn check(text: &str, expected: Code) {
        let problems = Wish::parse(text).unwrap_err();
        let codes: Vec<Code> = problems.iter().map(|it| it.code).collect();
        assert!(codes.contains(&expected), "for {text:.80}: {codes:?}");
    }

    #[test]
    fn a_comment_says_something() {
        let wish = Wish::parse_comment(r#"{ "comment": "seen" }"#).unwrap();
        assert_eq!(wish.comment.as_deref(), Some("seen"));
        for wrong in [r#"{ "comment": " " }"#, "{}", r#"{ "text": "x" }"#] {
            assert!(Wish::parse_comment(wrong).is_err(), "for {wrong}");
        }
    }
}
