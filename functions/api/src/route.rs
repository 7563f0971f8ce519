//! Every route of the API, in one table: what is asked for, what that needs, and what comes back.
//!
//! The dispatcher, the permissions, the `OpenAPI` document and the permission matrix are all read from
//! it. A route that says no permission does not compile.

use defuse_domain::Permission;

use crate::shape::Shape;

/// What a route does
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// The `OpenAPI` document
    ShowDocument,
    /// Who asks
    ShowMe,
    /// One alert
    ShowAlert,
    /// Everything that happened to it
    ShowHistory,
    /// Status, assignee, classification, tags
    ChangeAlert,
    /// Something is said of it
    CommentOnAlert,
    /// Every token
    ListTokens,
    /// A new token
    CreateToken,
    /// A token that opens nothing any more
    RevokeToken,
}

/// A request that the API takes
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// The method
    pub method: &'static str,
    /// The path; `{id}` is whatever stands there
    pub path: &'static str,
    /// What whoever asks must be allowed
    pub permission: Permission,
    /// What it does
    pub operation: Operation,
    /// The same for people
    pub summary: &'static str,
    /// What is sent, if anything
    pub request: Option<Shape>,
    /// The status of an answer where all went well, and what is in it
    pub answer: (u16, Shape),
}

impl Route {
    /// Whether it changes anything
    pub fn is_write(&self) -> bool {
        self.method != "GET"
    }

    /// Whether it must name the version that it is meant for
    pub fn is_conditional(&self) -> bool {
        self.is_write() && self.permission.is_about_alerts()
    }
}

/// Every route
pub const ROUTES: [Route; 9] = [
    Route {
        method: "GET",
        path: "/v1/openapi.json",
        permission: Permission::UseApi,
        operation: Operation::ShowDocument,
        summary: "This document",
        request: None,
        answer: (200, Shape::Document),
    },
    Route {
        method: "GET",
        path: "/v1/me",
        permission: Permission::UseApi,
        operation: Operation::ShowMe,
        summary: "Who asks, and what they may do",
        request: None,
        answer: (200, Shape::Me),
    },
    Route {
        method: "GET",
        path: "/v1/alerts/{id}",
        permission: Permission::ReadAlerts,
        operation: Operation::ShowAlert,
        summary: "One alert, as it stands",
        request: None,
        answer: (200, Shape::Alert),
    },
    Route {
        method: "PATCH",
        path: "/v1/alerts/{id}",
        permission: Permission::ManageAlerts,
        operation: Operation::ChangeAlert,
        summary: "Change status, assignee, classification or tags",
        request: Some(Shape::AlertChange),
        answer: (200, Shape::Alert),
    },
    Route {
        method: "GET",
        path: "/v1/alerts/{id}/history",
        permission: Permission::ReadAlerts,
        operation: Operation::ShowHistory,
        summary: "Everything that happened to an alert, the oldest first",
        request: None,
        answer: (200, Shape::History),
    },
    Route {
        method: "POST",
        path: "/v1/alerts/{id}/comments",
        permission: Permission::ManageAlerts,
        operation: Operation::CommentOnAlert,
        summary: "Comment on an alert, here and at its source",
        request: Some(Shape::NewComment),
        answer: (200, Shape::Alert),
    },
    Route {
        method: "GET",
        path: "/v1/tokens",
        permission: Permission::ManageTokens,
        operation: Operation::ListTokens,
        summary: "Every token, without its secret",
        request: None,
        answer: (200, Shape::Tokens),
    },
    Route {
        method: "POST",
        path: "/v1/tokens",
        permission: Permission::ManageTokens,
        operation: Operation::CreateToken,
        summary: "Make a token; it is shown this once",
        request: Some(Shape::NewToken),
        answer: (201, Shape::CreatedToken),
    },
    Route {
        method: "DELETE",
        path: "/v1/tokens/{id}",
        permission: Permission::ManageTokens,
        operation: Operation::RevokeToken,
        summary: "Revoke a token, from now on",
        request: None,
        answer: (200, Shape::Revoked),
    },
];

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
    let mut routes: Vec<&'static Route> = ROUTES.iter().collect();
    routes.sort_by_key(|it| std::cmp::Reverse(it.path.len()));
    let mut longest = None;
    for route in routes {
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
    use super::*;

    #[track_caller]
    fn check(method: &str, path: &str, expected: Option<(Operation, &str)>) {
        let found = match find(method, path) {
            Found::Route(route, id) => Some((route.operation, id)),
            Found::Methods(_) | Found::Nothing => None,
        };
        let expected = expected.map(|(operation, id)| (operation, id.to_owned()));
        assert_eq!(found, expected, "for {method} {path}");
    }

    #[test]
    fn a_path_leads_to_its_route() {
        check("GET", "/v1/alerts/ad1", Some((Operation::ShowAlert, "ad1")));
        check("PATCH", "/v1/alerts/a%2Fb%20c+d", Some((Operation::ChangeAlert, "a/b c+d")));
        check("GET", "/v1/alerts/arn:a/b/history", Some((Operation::ShowHistory, "arn:a/b")));
        check("POST", "/v1/alerts/ad1/comments", Some((Operation::CommentOnAlert, "ad1")));
        check("GET", "/v1/tokens", Some((Operation::ListTokens, "")));
        check("GET", "/v1/alerts/", None);
        check("GET", "/v1/nothing", None);
        check("DELETE", "/v1/alerts/ad1", None);
        let Found::Methods(mut methods) = find("PUT", "/v1/alerts/ad1") else { panic!() };
        methods.sort_unstable();
        assert_eq!(methods, ["GET", "PATCH"]);
    }
}
