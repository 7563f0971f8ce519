//! What a route is: what is asked for, what that needs, what answers, and what comes back.
//!
//! Each room has a table of its routes. The dispatcher, the permissions, the `OpenAPI` document and
//! the permission matrix are all read from these. A route that says no permission does not compile.

use std::pin::Pin;

use defuse_domain::Permission;
use defuse_lambda::ApiApp;

use crate::{Answer, Asked, about, alerts, audit, problem::Problem, shape::Shape, tokens};

/// What answers a route
pub(crate) type Handler = for<'a> fn(&'a ApiApp, &'a Asked<'a>) -> Answering<'a>;

/// An answer on its way
pub(crate) type Answering<'a> = Pin<Box<dyn Future<Output = Result<Answer, Problem>> + Send + 'a>>;

/// A request that the API takes
#[expect(clippy::partial_pub_fields, reason = "what answers is for nobody else")]
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// Names it
    pub operation: &'static str,
    /// The method
    pub method: &'static str,
    /// The path; `{id}` is whatever stands there
    pub path: &'static str,
    /// What whoever asks must be allowed
    pub permission: Permission,
    /// What it does, for people
    pub summary: &'static str,
    /// What may stand after the question mark
    pub query: &'static [Parameter],
    /// Whether it must name the version that it is meant for
    pub is_conditional: bool,
    /// What is sent, if anything
    pub request: Option<Shape>,
    /// The status of an answer where all went well, and what is in it
    pub answer: (u16, Shape),
    pub(crate) handler: Handler,
}

/// What may stand after the question mark
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name
    pub name: &'static str,
    /// What it says
    pub about: &'static str,
    /// Its schema
    pub schema: Shape,
}

impl Route {
    /// Whether it changes anything
    pub fn is_write(&self) -> bool {
        self.method != "GET"
    }
}

/// Every route
pub fn routes() -> impl Iterator<Item = &'static Route> {
    [about::ROUTES, alerts::ROUTES, audit::ROUTES, tokens::ROUTES].into_iter().flatten()
}

/// What a path and a method lead to
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// To a route, with what stands in the place of `{id}`
    Route(&'static Route, String),
    /// To a path that takes these methods only
    Methods(Vec<&'static str>),
    /// To nothing
    Nothing,
}

/// The route of a request
pub(crate) fn find(method: &str, path: &str) -> Found {
    let mut methods = Vec::new();
    // The longer path first: an id may have slashes in it.
    let mut fitting: Vec<&'static Route> = routes().collect();
    fitting.sort_by_key(|it| std::cmp::Reverse(it.path.len()));
    let mut longest = None;
    for route in fitting {
        let Some(id) = id_in(route.path, path) else { continue };
        if *longest.get_or_insert(route.path) != route.path {
            continue;
        }
        if route.method == method {
            return Found::Route(route, id);
        }
        methods.push(route.method);
    }
    if methods.is_empty() { Found::Nothing } else { Found::Methods(methods) }
}

/// What stands in the place of `{id}`, if the path is like that at all
fn id_in(pattern: &str, path: &str) -> Option<String> {
    let Some((before, after)) = pattern.split_once("{id}") else {
        return (pattern == path).then(String::new);
    };
    let id = path.strip_prefix(before)?.strip_suffix(after)?;
    (!id.is_empty()).then(|| decoded(id))
}

/// The text before it was put into the address
fn decoded(text: &str) -> String {
    let escaped = text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    let mut pairs = url::form_urlencoded::parse(escaped.as_bytes());
    pairs.next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[track_caller]
    fn check(method: &str, path: &str, expected: Option<(&str, &str)>) {
        let found = match find(method, path) {
            Found::Route(route, id) => Some((route.operation, id)),
            Found::Methods(_) | Found::Nothing => None,
        };
        let expected = expected.map(|(operation, id)| (operation, id.to_owned()));
        assert_eq!(found, expected, "for {method} {path}");
    }

    #[test]
    fn a_path_leads_to_its_route() {
        check("GET", "/v1/alerts/ad1", Some(("showAlert", "ad1")));
        check("PATCH", "/v1/alerts/a%2Fb%20c+d", Some(("changeAlert", "a/b c+d")));
        check("GET", "/v1/alerts/arn:a/b/history", Some(("showHistory", "arn:a/b")));
        check("POST", "/v1/alerts/ad1/comments", Some(("commentOnAlert", "ad1")));
        check("GET", "/v1/tokens", Some(("listTokens", "")));
        check("GET", "/v1/alerts/", None);
        check("GET", "/v1/nothing", None);
        check("DELETE", "/v1/alerts/ad1", None);
        let Found::Methods(mut methods) = find("PUT", "/v1/alerts/ad1") else { panic!() };
        methods.sort_unstable();
        assert_eq!(methods, ["GET", "PATCH"]);
    }

    #[test]
    fn no_two_routes_are_the_same() {
        let names: BTreeSet<&str> = routes().map(|it| it.operation).collect();
        let asked: BTreeSet<(&str, &str)> = routes().map(|it| (it.method, it.path)).collect();
        assert_eq!((names.len(), asked.len()), (routes().count(), routes().count()));
    }
}
