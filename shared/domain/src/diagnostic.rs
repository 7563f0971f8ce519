//! What is wrong with a document: where, what, and what to do. All of it at once.

use std::fmt;

use serde::Serialize;

use crate::wire_name::wire_names;

wire_names! {
    /// The kinds of mistakes, by stable codes; `docs/reference/diagnostics.md` has a bad and a good
    /// document for each
    Code {
        /// Not YAML
        Syntax = "P001",
        /// A key nobody knows here
        UnknownKey = "P002",
        /// A key that must be there
        MissingKey = "P003",
        /// A list in the place of a text, and the like
        WrongType = "P004",
        /// Not one of the words that are possible here
        UnknownWord = "P005",
        /// The same key twice
        RepeatedKey = "P006",
        /// Too deep, too long, too many
        OverLimit = "P007",
        /// A determination that does not belong to its classification
        WrongPair = "P008",
        /// A determination that is read and never written
        Retired = "P009",
        /// Resolving on facts that the user of the alert can set
        SubjectAlone = "P010",
        /// Resolving with no upper bound on severity
        SeverityUnbounded = "P011",
        /// Resolving with no limit on how often
        NoLimit = "P012",
        /// Nobody would be told
        NobodyTold = "P013",
        /// Not a duration, time, subnet or pattern
        BadValue = "P014",
        /// An operator that this property has not
        BadOperator = "P015",
        /// Something that a trigger cannot ask
        NotInTrigger = "P016",
        /// A name that stands for nothing
        UnknownReference = "P017",
        /// A name that is taken
        RepeatedName = "P018",
        /// A case whose outcome is another than it expects
        CaseFailed = "P019",
        /// A file that cannot be read
        FileUnreadable = "P020",
        /// A tuning rule that no piece of evidence need meet
        NoEvidence = "P021",
        /// A tuning rule that lasts longer than a year
        ExpiresTooLate = "P022",
    }
}

/// One mistake in a document
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    /// The file
    pub file: String,
    /// The line, from 1
    pub line: usize,
    /// The column, from 1
    pub column: usize,
    /// What kind of mistake
    pub code: Code,
    /// The way to it: `criteria.all[1].not`
    pub path: String,
    /// What is wrong
    pub message: String,
    /// What to do
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Diagnostic {
    /// A mistake of a whole file
    pub fn of_file(code: Code, file: &str, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: 1,
            column: 1,
            code,
            path: String::new(),
            message: message.into(),
            help: None,
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error[{}]: {}", self.code, self.message)?;
        write!(f, "  --> {}:{}:{}", self.file, self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, " at {}", self.path)?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

/// The word of `known` that `word` is nearest to, if it is near enough to be meant
pub(crate) fn did_you_mean<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1) + 1;
    known
        .into_iter()
        .map(|it| (distance(&word.to_lowercase(), &it.to_lowercase()), it))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, it)| it)
}

/// Insertions, deletions and replacements that lead from one text to the other
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, left) in left.chars().take(64).enumerate() {
        let mut next = vec![above + 1];
        for (index, right) in right.iter().enumerate() {
            let at =
                |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&row, index) + usize::from(left != *right);
            let inserted = at(&next, index) + 1;
            let deleted = at(&row, index + 1) + 1;
            next.push(replaced.min(inserted).min(deleted));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_offered_if_it_is_near() {
        let known = ["userOutOfOffice", "userHighRisk", "otherOpenAlerts"];
        assert_eq!(did_you_mean("usrOutOfOffice", known), Some("userOutOfOffice"));
        assert_eq!(did_you_mean("USERHIGHRISK", known), Some("userHighRisk"));
        assert_eq!(did_you_mean("banana", known), None);
        assert_eq!(did_you_mean("", known), None);
    }
}
