//! One test of one value.

use std::{fmt, net::IpAddr};

use jiff::Timestamp;

use super::{
    pattern::{Pattern, fold},
    property::{Value, ValueKind},
};
use crate::{
    diagnostic::Code,
    document::Cursor,
    explanation::Truth,
    fact::{Unknown, UnknownReason},
    severity::Severity,
    subnet::Subnet,
};

/// How many values `in` may list
pub const VALUES_MAX: usize = 1_000;

/// The longest value, in characters
pub const VALUE_LENGTH_MAX: usize = 4_096;

/// Every operator, by name
pub(crate) const OPERATORS: [&str; 14] = [
    "is",
    "in",
    "like",
    "contains",
    "startsWith",
    "endsWith",
    "inSubnet",
    "exists",
    "atLeast",
    "atMost",
    "above",
    "below",
    "before",
    "after",
];

/// One test of one value; text ignores case
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    /// `is` one value, `in` several
    In(Vec<Operand>),
    Like(Pattern),
    Contains(String),
    StartsWith(String),
    EndsWith(String),
    InSubnet(Subnet),
    Exists(bool),
    Compare(Comparison, Operand),
}

/// What a value is compared with
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    Text(String),
    Number(i64),
    Boolean(bool),
    Severity(Severity),
    Time(Timestamp),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    AtLeast,
    AtMost,
    Above,
    Below,
}

impl Test {
    /// Reads the operator `name` with its operand, for a property of that kind
    pub(crate) fn read(name: &str, at: &Cursor<'_>, kind: ValueKind) -> Option<Self> {
        let is_text = kind == ValueKind::Text;
        let ordered = matches!(kind, ValueKind::Number | ValueKind::Severity | ValueKind::Time);
        let short = || at.short_text(VALUE_LENGTH_MAX);
        let compare = |how| Operand::read(at, kind).map(|it| Self::Compare(how, it));
        match name {
            "is" => Operand::read(at, kind).map(|it| Self::In(vec![it])),
            "in" => {
                let values = at.list_of(|it| Operand::read(it, kind))?;
                if values.len() > VALUES_MAX {
                    at.problem(Code::OverLimit, format!("more than {VALUES_MAX} values"), None);
                    return None;
                }
                Some(Self::In(values))
            }
            "exists" => at.boolean().map(Self::Exists),
            "like" if is_text => match Pattern::parse(at.text()?) {
                Ok(pattern) => Some(Self::Like(pattern)),
                Err(message) => {
                    at.problem(Code::BadValue, message, None);
                    None
                }
            },
            "contains" if is_text => short().map(Self::Contains),
            "startsWith" if is_text => short().map(Self::StartsWith),
            "endsWith" if is_text => short().map(Self::EndsWith),
            "inSubnet" if is_text => match at.text()?.parse() {
                Ok(subnet) => Some(Self::InSubnet(subnet)),
                Err(message) => {
                    at.problem(Code::BadValue, message, Some("write it like `10.0.0.0/8`".into()));
                    None
                }
            },
            "atLeast" if ordered => compare(Comparison::AtLeast),
            "atMost" if ordered => compare(Comparison::AtMost),
            "above" if ordered => compare(Comparison::Above),
            "below" if ordered => compare(Comparison::Below),
            "after" if kind == ValueKind::Time => compare(Comparison::Above),
            "before" if kind == ValueKind::Time => compare(Comparison::Below),
            _ => {
                let possible: Vec<String> = OPERATORS
                    .into_iter()
                    .filter(|it| has_operator(kind, it))
                    .map(|it| format!("`{it}`"))
                    .collect();
                let help = format!("possible are {}", possible.join(", "));
                let message = format!("`{name}` cannot test {}", kind.in_words());
                at.problem(Code::BadOperator, message, Some(help));
                None
            }
        }
    }

    /// Whether `value` passes
    pub(crate) fn holds(&self, value: Option<&Value>) -> Result<Truth, Unknown> {
        if let Self::Exists(wanted) = self {
            let exists = match value {
                Some(Value::Several(values)) if values.is_empty() => false,
                Some(Value::Several(values)) if values.iter().all(Option::is_none) => {
                    return Err(Unknown::because(UnknownReason::PropertyUnreadable));
                }
                Some(_) => true,
                None => false,
            };
            return Ok((exists == *wanted).into());
        }
        match value {
            None => Err(Unknown::because(UnknownReason::PropertyMissing)),
            Some(Value::Several(values)) => self.holds_of_one(values),
            Some(Value::Text(text)) => self.fits(text).map(Truth::from),
            Some(Value::Number(it)) => Ok(self.compares(&Operand::Number(*it))),
            Some(Value::Boolean(it)) => Ok(self.compares(&Operand::Boolean(*it))),
            Some(Value::Severity(it)) => Ok(self.compares(&Operand::Severity(*it))),
            Some(Value::Time(it)) => Ok(self.compares(&Operand::Time(*it))),
        }
    }

    /// Of several values one that passes is enough; none passes only if that is known of each
    fn holds_of_one(&self, values: &[Option<Value>]) -> Result<Truth, Unknown> {
        let answers: Vec<Result<Truth, Unknown>> =
            values.iter().map(|it| self.holds(it.as_ref())).collect();
        if answers.contains(&Ok(Truth::True)) {
            return Ok(Truth::True);
        }
        answers.into_iter().find(Result::is_err).unwrap_or(Ok(Truth::False))
    }

    fn fits(&self, text: &str) -> Result<bool, Unknown> {
        let folded = || fold(text);
        Ok(match self {
            Self::In(values) => {
                let text = folded();
                values.iter().any(|it| match it {
                    Operand::Text(value) => fold(value) == text,
                    Operand::Number(_)
                    | Operand::Boolean(_)
                    | Operand::Severity(_)
                    | Operand::Time(_) => false,
                })
            }
            Self::Like(pattern) => pattern.matches_folded(&folded()),
            Self::Contains(part) => folded().contains(&fold(part)),
            Self::StartsWith(part) => folded().starts_with(&fold(part)),
            Self::EndsWith(part) => folded().ends_with(&fold(part)),
            Self::InSubnet(subnet) => match text.parse::<IpAddr>() {
                Ok(address) => subnet.contains(address),
                Err(error) => {
                    let reason = UnknownReason::PropertyUnreadable;
                    return Err(Unknown::with_detail(reason, error.to_string()));
                }
            },
            Self::Exists(_) | Self::Compare(_, _) => false,
        })
    }

    fn compares(&self, value: &Operand) -> Truth {
        match self {
            Self::In(values) => values.contains(value).into(),
            Self::Compare(how, operand) => compare(value, *how, operand).into(),
            Self::Like(_)
            | Self::Contains(_)
            | Self::StartsWith(_)
            | Self::EndsWith(_)
            | Self::InSubnet(_)
            | Self::Exists(_) => Truth::False,
        }
    }

    /// Whether it asks for certain values, and not only for some value or an order
    pub(crate) fn names_values(&self) -> bool {
        match self {
            Self::In(_)
            | Self::Like(_)
            | Self::Contains(_)
            | Self::StartsWith(_)
            | Self::EndsWith(_)
            | Self::InSubnet(_) => true,
            Self::Exists(_) | Self::Compare(_, _) => false,
        }
    }

    /// Whether nothing above `max` passes, so that the test bounds a severity
    pub(crate) fn bounds_severity(&self) -> bool {
        match self {
            Self::In(_) | Self::Compare(Comparison::AtMost | Comparison::Below, _) => true,
            Self::Compare(Comparison::AtLeast | Comparison::Above, _)
            | Self::Like(_)
            | Self::Contains(_)
            | Self::StartsWith(_)
            | Self::EndsWith(_)
            | Self::InSubnet(_)
            | Self::Exists(_) => false,
        }
    }
}

pub(crate) fn has_operator(kind: ValueKind, name: &str) -> bool {
    match name {
        "is" | "in" | "exists" => true,
        "like" | "contains" | "startsWith" | "endsWith" | "inSubnet" => kind == ValueKind::Text,
        "before" | "after" => kind == ValueKind::Time,
        _ => matches!(kind, ValueKind::Number | ValueKind::Severity | ValueKind::Time),
    }
}

fn compare(value: &Operand, how: Comparison, operand: &Operand) -> bool {
    let order = match (value, operand) {
        (Operand::Number(left), Operand::Number(right)) => left.cmp(right),
        (Operand::Severity(left), Operand::Severity(right)) => left.cmp(right),
        (Operand::Time(left), Operand::Time(right)) => left.cmp(right),
        _ => return false,
    };
    match how {
        Comparison::AtLeast => order.is_ge(),
        Comparison::AtMost => order.is_le(),
        Comparison::Above => order.is_gt(),
        Comparison::Below => order.is_lt(),
    }
}

impl Operand {
    fn read(at: &Cursor<'_>, kind: ValueKind) -> Option<Self> {
        match kind {
            ValueKind::Text => at.short_text(VALUE_LENGTH_MAX).map(Self::Text),
            ValueKind::Number => at.number().map(Self::Number),
            ValueKind::Boolean => at.boolean().map(Self::Boolean),
            ValueKind::Time => at.time().map(Self::Time),
            ValueKind::Severity => {
                let names: Vec<&'static str> = Severity::ALL.iter().map(|it| it.name()).collect();
                let name = at.word("severity", &names)?;
                Severity::from_name(name).map(Self::Severity)
            }
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "`{text}`"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Boolean(boolean) => write!(f, "{boolean}"),
            Self::Severity(severity) => write!(f, "{severity}"),
            Self::Time(time) => write!(f, "{time}"),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::In(values) => {
                let values: Vec<String> = values.iter().map(ToString::to_string).collect();
                match values.as_slice() {
                    [one] => write!(f, "is {one}"),
                    several => write!(f, "is one of {}", several.join(", ")),
                }
            }
            Self::Like(pattern) => write!(f, "is like `{pattern}`"),
            Self::Contains(part) => write!(f, "contains `{part}`"),
            Self::StartsWith(part) => write!(f, "starts with `{part}`"),
            Self::EndsWith(part) => write!(f, "ends with `{part}`"),
            Self::InSubnet(subnet) => write!(f, "is in {subnet}"),
            Self::Exists(true) => f.write_str("exists"),
            Self::Exists(false) => f.write_str("does not exist"),
            Self::Compare(how, operand) => {
                let how = match how {
                    Comparison::AtLeast => "at least",
                    Comparison::AtMost => "at most",
                    Comparison::Above => "above",
                    Comparison::Below => "below",
                };
                write!(f, "is {how} {operand}")
            }
        }
    }
}
