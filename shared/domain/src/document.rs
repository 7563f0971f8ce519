//! A document as its author wrote it: a tree of YAML 1.2 with the place of every part.
//!
//! Scalars are text until somebody asks: `NO` is a country, never a boolean. Anchors work, within
//! a bound on the size of the whole.

mod cursor;
mod problems;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span};
use std::collections::BTreeMap;

pub(crate) use self::{
    cursor::{Cursor, Fields},
    problems::Problems,
};
use crate::diagnostic::{Code, Diagnostic};

/// The longest document, in bytes
pub const DOCUMENT_BYTES_MAX: usize = 64 * 1024;

/// How deep its parts may lie
pub const DOCUMENT_DEPTH_MAX: usize = 48;

/// How many parts it may have, each alias counted as all it stands for
pub const DOCUMENT_NODES_MAX: usize = 10_000;

/// Where a part stands: line and column, both from 1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl From<Marker> for Place {
    fn from(marker: Marker) -> Self {
        Self { line: marker.line().max(1), column: marker.col() + 1 }
    }
}

/// A part of a document
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: NodeValue,
}

/// What a part is
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NodeValue {
    /// `null`, `~` or nothing
    Null,
    /// Anything that is neither list nor map; `plain` is without quotes
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    /// Keys in the author's order, repeated ones included
    Map(Vec<(Node, Node)>),
}

impl Node {
    fn size(&self) -> usize {
        1 + match &self.value {
            NodeValue::Null | NodeValue::Scalar { .. } => 0,
            NodeValue::List(items) => items.iter().map(Self::size).sum(),
            NodeValue::Map(pairs) => pairs.iter().map(|(k, v)| k.size() + v.size()).sum(),
        }
    }
}

impl Node {
    fn json(&self) -> serde_json::Value {
        match &self.value {
            NodeValue::Null => serde_json::Value::Null,
            NodeValue::Scalar { text, plain: true } => match text.as_str() {
                "true" => serde_json::Value::Bool(true),
                "false" => serde_json::Value::Bool(false),
                _ => text.parse::<i64>().map_or_else(|_| text.clone().into(), Into::into),
            },
            NodeValue::Scalar { text, plain: false } => text.clone().into(),
            NodeValue::List(items) => items.iter().map(Self::json).collect(),
            NodeValue::Map(pairs) => {
                let pairs = pairs.iter().filter_map(|(key, value)| match &key.value {
                    NodeValue::Scalar { text, .. } => Some((text.clone(), value.json())),
                    NodeValue::Null | NodeValue::List(_) | NodeValue::Map(_) => None,
                });
                serde_json::Value::Object(pairs.collect())
            }
        }
    }
}

/// Names a text: FNV-1a over its bytes. It tells versions apart and guards against nobody.
pub(crate) fn version_of(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// Reads one document, or says why it is none
pub(crate) fn read_yaml(file: &str, text: &str) -> Result<Node, Diagnostic> {
    if text.len() > DOCUMENT_BYTES_MAX {
        let message =
            format!("file has {} bytes, at most {DOCUMENT_BYTES_MAX} are read", text.len());
        return Err(Diagnostic::of_file(Code::OverLimit, file, message));
    }
    let mut builder = Builder { anchors: BTreeMap::new(), n_nodes: 0 };
    let mut events = Parser::new_from_str(text);
    builder.document(&mut events).map_err(|problem| {
        let (code, place, message) = problem;
        Diagnostic {
            line: place.line,
            column: place.column,
            ..Diagnostic::of_file(code, file, message)
        }
    })
}

type Problem = (Code, Place, String);
type Events<'a> = dyn Iterator<Item = Result<(Event<'a>, Span), ScanError>> + 'a;

struct Builder {
    anchors: BTreeMap<usize, Node>,
    n_nodes: usize,
}

impl Builder {
    fn document(&mut self, events: &mut Events<'_>) -> Result<Node, Problem> {
        let mut root = None;
        let first = Place { line: 1, column: 1 };
        while let Some((event, span)) = next(events)? {
            match event {
                Event::DocumentStart(_) if root.is_some() => {
                    let message = "file has more than one document".to_owned();
                    return Err((Code::Syntax, span.start.into(), message));
                }
                Event::DocumentStart(_)
                | Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentEnd
                | Event::Nothing => {}
                Event::Alias(_)
                | Event::Scalar(..)
                | Event::SequenceStart(..)
                | Event::SequenceEnd
                | Event::MappingStart(..)
                | Event::MappingEnd => root = Some(self.node(event, span, events, 0)?),
            }
        }
        root.ok_or_else(|| (Code::Syntax, first, "file is empty".to_owned()))
    }

    fn node<'a>(
        &mut self,
        event: Event<'a>,
        span: Span,
        events: &mut Events<'a>,
        depth: usize,
    ) -> Result<Node, Problem> {
        let place = Place::from(span.start);
        if depth > DOCUMENT_DEPTH_MAX {
            let message = format!("parts lie deeper than {DOCUMENT_DEPTH_MAX}");
            return Err((Code::OverLimit, place, message));
        }
        self.count(1, place)?;
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, _) => (scalar(text.into_owned(), style), anchor),
            Event::SequenceStart(anchor, _) => (self.list(events, depth)?, anchor),
            Event::MappingStart(anchor, _) => (self.map(events, depth)?, anchor),
            Event::Alias(anchor) => {
                let Some(known) = self.anchors.get(&anchor).cloned() else {
                    let message = "alias stands for nothing before it".to_owned();
                    return Err((Code::Syntax, place, message));
                };
                self.count(known.size(), place)?;
                (known.value, 0)
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => {
                return Err((Code::Syntax, place, "a value is missing here".to_owned()));
            }
        };
        let node = Node { place, value };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self, events: &mut Events<'_>, depth: usize) -> Result<NodeValue, Problem> {
        let mut items = Vec::new();
        while let Some((event, span)) = next(events)? {
            if event == Event::SequenceEnd {
                break;
            }
            items.push(self.node(event, span, events, depth + 1)?);
        }
        Ok(NodeValue::List(items))
    }

    fn map(&mut self, events: &mut Events<'_>, depth: usize) -> Result<NodeValue, Problem> {
        let mut pairs = Vec::new();
        while let Some((event, span)) = next(events)? {
            if event == Event::MappingEnd {
                break;
            }
            let key = self.node(event, span, events, depth + 1)?;
            let Some((event, span)) = next(events)? else { break };
            pairs.push((key, self.node(event, span, events, depth + 1)?));
        }
        Ok(NodeValue::Map(pairs))
    }

    fn count(&mut self, nodes: usize, place: Place) -> Result<(), Problem> {
        self.n_nodes += nodes;
        if self.n_nodes > DOCUMENT_NODES_MAX {
            let message = format!("document has more than {DOCUMENT_NODES_MAX} parts");
            return Err((Code::OverLimit, place, message));
        }
        Ok(())
    }
}

fn next<'a>(events: &mut Events<'a>) -> Result<Option<(Event<'a>, Span)>, Problem> {
    events.next().transpose().map_err(|error| {
        let place = Place::from(*error.marker());
        (Code::Syntax, place, format!("not YAML: {}", error.info()))
    })
}

fn scalar(text: String, style: ScalarStyle) -> NodeValue {
    let plain = style == ScalarStyle::Plain;
    if plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL") {
        return NodeValue::Null;
    }
    NodeValue::Scalar { text, plain }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn scalars_are_text_and_no_is_a_country() {
        let node = read_yaml("f", "country: NO\nquoted: \"null\"\nnone: ~\n").unwrap();
        let NodeValue::Map(pairs) = node.value else { panic!() };
        let values: Vec<NodeValue> = pairs.into_iter().map(|(_, it)| it.value).collect();
        assert_eq!(
            values,
            [
                NodeValue::Scalar { text: "NO".into(), plain: true },
                NodeValue::Scalar { text: "null".into(), plain: false },
                NodeValue::Null,
            ]
        );
    }

    #[test]
    fn anchors_work() {
        let node = read_yaml("f", "a: &x [1, 2]\nb: *x\n").unwrap();
        let NodeValue::Map(pairs) = node.value else { panic!() };
        assert!(matches!(&pairs[1].1.value, NodeValue::List(items) if items.len() == 2));
    }

    #[test]
    fn what_is_no_document_says_where() {
        check("", Code::Syntax, 1);
        check("a: [1\nb: 2", Code::Syntax, 2);
        check("a: 1\n---\nb: 2\n", Code::Syntax, 2);
        check("a: *nobody\n", Code::Syntax, 1);
        check(&format!("{}{}", "[".repeat(100), "]".repeat(100)), Code::OverLimit, 1);
        check(&"x".repeat(DOCUMENT_BYTES_MAX + 1), Code::OverLimit, 1);
        // A bomb: each line is ten times the one before.
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for index in 1..9 {
            let aliases = vec![format!("*a{}", index - 1); 10].join(", ");
            writeln!(bomb, "a{index}: &a{index} [{aliases}]").unwrap();
        }
        check(&bomb, Code::OverLimit, 4);
    }

    #[track_caller]
    fn check(text: &str, code: Code, line: usize) {
        let problem = read_yaml("f", text).unwrap_err();
        assert_eq!((problem.code, problem.line), (code, line), "{problem}");
    }
}
