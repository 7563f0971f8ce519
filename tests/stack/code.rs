//! What the code needs at AWS: which function is made of which adapters, and what those declare.
//!
//! Read from the source text. A function's binary starts with a method of the wiring, whose result
//! is a step of the flow on certain adapters; the step's bounds say for which ports; the module with
//! the adapter's `impl` of such a port declares the actions in its `//!` lines. What a function does
//! with an adapter by itself shows in the ports that it imports.

use std::collections::{BTreeMap, BTreeSet};

use crate::text::{bodies, camel, inside, names_in, sources, words};

/// The adapter whose methods are no port, so each is looked for by its name
const SECRETS: &str = "shared/adapters/src/secrets.rs";

/// The services whose actions are declared
const SERVICES: [&str; 5] = ["dynamodb", "sns", "secretsmanager", "sqs", "sts"];

/// What signs in with a token of AWS, where the settings want that
const WEB_IDENTITY: &str = "shared/adapters/src/sign_in/web_identity.rs";

/// What is called of an SDK's client, by the action that it needs
const CALLS: [&str; 15] = [
    "batch_get_item",
    "batch_write_item",
    "create_table",
    "delete_item",
    "describe_secret",
    "describe_time_to_live",
    "get_item",
    "get_secret_value",
    "get_web_identity_token",
    "publish",
    "put_item",
    "query",
    "scan",
    "update_item",
    "update_time_to_live",
];

/// The source text of everything that a function is made of
pub(crate) struct Code {
    functions: BTreeMap<String, String>,
    adapters: Vec<(String, String)>,
    flow: String,
    lambda: String,
}

impl Code {
    pub(crate) fn read() -> Self {
        let joined = |folder: &str| {
            sources(folder).into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("\n")
        };
        let functions = names_in("functions");
        Self {
            functions: functions
                .into_iter()
                .map(|it| (it.clone(), joined(&format!("functions/{it}/src"))))
                .collect(),
            adapters: sources("shared/adapters/src"),
            flow: joined("shared/flow/src"),
            lambda: joined("shared/lambda/src"),
        }
    }

    pub(crate) fn functions(&self) -> Vec<String> {
        self.functions.keys().cloned().collect()
    }

    /// The actions that a function needs
    pub(crate) fn actions_of(&self, function: &str) -> BTreeSet<String> {
        let reached = self.reached_from(function);
        let mut actions = BTreeSet::new();
        for (port, adapter) in self.ports_of(function) {
            actions.extend(self.actions_for(&port, &adapter, &mut BTreeSet::new()));
        }
        let (_, secrets) = self.adapters.iter().find(|(path, _)| path == SECRETS).unwrap();
        for (method, body) in bodies(secrets) {
            if reached.contains(&format!("secrets.{method}(")) {
                actions.extend(called_in(body).map(|it| format!("secretsmanager:{it}")));
            }
        }
        if reached.contains("WebIdentity::new(") {
            let (_, web_identity) = self.adapters.iter().find(|it| it.0 == WEB_IDENTITY).unwrap();
            actions.extend(called_in(web_identity).map(|it| format!("sts:{it}")));
        }
        assert!(!actions.is_empty(), "{function} needs nothing at AWS, which cannot be");
        actions
    }

    /// The function's own text, with every method of the wiring that it comes to
    fn reached_from(&self, function: &str) -> String {
        with_what_it_calls(&self.functions[function], &bodies(&self.lambda), &["."])
    }

    /// The ports that a function uses, each with the adapter in its place
    fn ports_of(&self, function: &str) -> BTreeSet<(String, String)> {
        let text = &self.functions[function];
        let app = words(text).find(|it| it.ends_with("App")).unwrap();
        let alias = format!("pub type {app} = ");
        let lambda =
            self.lambda.split_once(&alias).map(|(_, rest)| rest.split(';').next().unwrap());
        let made_of = lambda.unwrap_or_else(|| {
            let structure = format!("pub struct {app} ");
            let at = [&self.lambda, text].into_iter().find_map(|it| it.split_once(&structure));
            inside(at.unwrap_or_else(|| panic!("nothing says what {app} is")).1, '{', '}')
        });

        let mut ports = BTreeSet::new();
        for step in words(made_of) {
            if self.flow.contains(&format!("pub struct {step}<")) {
                let (_, rest) = made_of.split_once(&format!("{step}<")).unwrap();
                let adapters: Vec<&str> = rest.split('>').next().unwrap().split(", ").collect();
                for (index, port) in self.bounds_of(step) {
                    ports.insert((port, adapters[index].to_owned()));
                }
            } else {
                // What it has by itself, it uses by the ports that it imports.
                let imported = text.split("use defuse_flow::").skip(1);
                let imported = imported.filter_map(|it| it.split(';').next()).flat_map(words);
                let is_port = |it: &&str| self.flow.contains(&format!("pub trait {it} "));
                ports.extend(imported.filter(is_port).map(|it| (it.to_owned(), step.to_owned())));
            }
        }
        ports
    }

    /// The ports that a step of the flow wants, each with the place of its parameter
    fn bounds_of(&self, step: &str) -> Vec<(usize, String)> {
        let mut bounds = Vec::new();
        for part in self.flow.split("\nimpl<").skip(1) {
            let header = part.split('{').next().unwrap();
            let Some((_, parameters)) = header.split_once(&format!("> {step}<")) else { continue };
            let parameters = parameters.split('>').next().unwrap();
            for (index, parameter) in parameters.split(", ").enumerate() {
                for bound in header.split(&format!("{parameter}: ")).skip(1) {
                    let bound = bound.split([',', '>', '{']).next().unwrap();
                    bounds.extend(words(bound).map(|it| (index, it.to_owned())));
                }
            }
        }
        assert!(!bounds.is_empty(), "{step} wants no port");
        bounds
    }

    /// What an adapter declares for a port, and what it is made of does
    fn actions_for(
        &self,
        port: &str,
        adapter: &str,
        seen: &mut BTreeSet<String>,
    ) -> BTreeSet<String> {
        let mut actions = BTreeSet::new();
        if !seen.insert(adapter.to_owned()) {
            return actions;
        }
        let implementation = format!("impl {port} for {adapter} ");
        for (path, text) in self.adapters.iter().filter(|(_, it)| it.contains(&implementation)) {
            let header = header_of(text);
            let speaks = ["actions:", "Needs ", "Permissions"].iter().any(|it| header.contains(it));
            assert!(speaks, "{path} does not say what {port} needs at AWS");
            actions.extend(declared_in(&header));
        }
        let texts = self.adapters.iter().map(|(_, it)| it).chain([&self.lambda]);
        for text in texts {
            for kind in ["struct", "enum"] {
                let Some((_, rest)) = text.split_once(&format!("pub {kind} {adapter} ")) else {
                    continue;
                };
                for part in words(inside(rest, '{', '}')) {
                    actions.extend(self.actions_for(port, part, seen));
                }
            }
        }
        actions
    }

    /// The actions of every adapter at DynamoDB: declared, and called by it or for it
    pub(crate) fn declared_and_called(&self) -> Vec<(String, BTreeSet<String>, BTreeSet<String>)> {
        let of_table = self.adapters.iter().filter(|(path, _)| path.contains("/dynamodb"));
        let (speaking, helping): (Vec<_>, Vec<_>) =
            of_table.partition(|(_, text)| !declared_in(&header_of(text)).is_empty());
        let helpers: Vec<(&str, &str)> = helping.iter().flat_map(|(_, it)| bodies(it)).collect();
        let called = |text: &str| {
            let reached = with_what_it_calls(text, &helpers, &["self.", "store.", " ", "("]);
            called_in(&reached).map(|it| format!("dynamodb:{it}")).collect()
        };
        speaking
            .into_iter()
            .map(|(path, text)| (path.clone(), declared_in(&header_of(text)), called(text)))
            .collect()
    }
}

/// A text, with the bodies of all functions that it calls, and of those that they call; a call is a
/// function's name after one of `before`
fn with_what_it_calls(text: &str, functions: &[(&str, &str)], before: &[&str]) -> String {
    let mut reached = text.to_owned();
    let mut left: Vec<(&str, &str)> = functions.to_vec();
    loop {
        let is_called =
            |name: &str| before.iter().any(|it| reached.contains(&format!("{it}{name}(")));
        let (called, others): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|(name, _)| is_called(name));
        if called.is_empty() {
            return reached;
        }
        reached.extend(called.iter().map(|(_, body)| *body));
        left = others;
    }
}

/// The `//!` lines
fn header_of(text: &str) -> String {
    let lines = text.lines().filter_map(|it| it.strip_prefix("//!"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The actions that `//!` lines name
fn declared_in(header: &str) -> BTreeSet<String> {
    let quoted = header.split('`').skip(1).step_by(2);
    let is_action =
        |it: &&str| it.split_once(':').is_some_and(|(service, _)| SERVICES.contains(&service));
    quoted.filter(is_action).map(str::to_owned).collect()
}

/// The SDK calls in a text, as the action that each needs
fn called_in(text: &str) -> impl Iterator<Item = String> {
    CALLS.into_iter().filter(move |it| text.contains(&format!(".{it}()"))).map(camel)
}
