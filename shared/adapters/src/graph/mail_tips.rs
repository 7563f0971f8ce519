//! Looks at the automatic replies of many users at once (`getMailTips`).
//!
//! A mail tip is what a sender would see: the text, which is personal and only looked at for being
//! there, and the window of a schedule. What else the setting says it does not tell.
//!
//! Permissions: `Mail.Read`, for the mailbox that asks. None at AWS.

use std::collections::BTreeMap;

use defuse_domain::{AutomaticReplies, Sighting, Unknown, UnknownReason, User};
use defuse_flow::Mailboxes;
use http::Method;
use serde_json::{Value, json};

use super::{
    automatic_replies::time,
    client::{Call, Deadline, Graph, Tries},
    directory::{address, body, no_answer},
    problem::unreadable,
};

const PERMISSION: &str = "Mail.Read";

/// How many users are asked for in one call
const USERS_MAX: usize = 100;

/// Mail tips, as one mailbox gets them
#[derive(Clone, Debug)]
pub struct GraphMailTips {
    graph: Graph,
    asker: String,
}

impl GraphMailTips {
    /// By way of `graph`, asked as the mailbox of that address
    pub const fn new(graph: Graph, asker: String) -> Self {
        Self { graph, asker }
    }

    async fn ask(&self, names: &[&str], deadline: Deadline) -> Result<Tips, Unknown> {
        let url = address(&self.graph, &["users", &self.asker, "getMailTips"])?;
        let asked = json!({ "EmailAddresses": names, "MailTipsOptions": "automaticReplies" });
        // Why: it changes nothing, so asking twice is as good as once.
        let tries = Tries::Several;
        let call = Call { method: Method::POST, url: &url, body: Some(&asked), tries };
        let answer = self.graph.call(call, deadline).await.map_err(|error| no_answer(&error))?;
        let answer = body(&answer, PERMISSION)?;
        let tips = answer.get("value").and_then(Value::as_array);
        let tips = tips.ok_or_else(|| unreadable("the mail tips are no list"))?;
        Ok(tips.iter().filter_map(|it| Some((address_of(it)?, read_mail_tip(it)))).collect())
    }
}

/// What was seen of each address, in lower case
type Tips = BTreeMap<String, Result<Sighting, Unknown>>;

impl Mailboxes for GraphMailTips {
    async fn look(&self, users: &[User]) -> Vec<(User, Result<Sighting, Unknown>)> {
        let mut seen = Vec::new();
        for some in users.chunks(USERS_MAX) {
            let names: Vec<&str> =
                some.iter().filter_map(|it| it.principal_name.as_deref()).collect();
            let tips = match names.as_slice() {
                [] => Ok(Tips::new()),
                names => self.ask(names, self.graph.answer_deadline()).await,
            };
            seen.extend(some.iter().map(|user| (user.clone(), of(user, &tips))));
        }
        seen
    }
}

fn of(user: &User, tips: &Result<Tips, Unknown>) -> Result<Sighting, Unknown> {
    let name = user.principal_name.as_deref();
    let name = name.ok_or_else(|| Unknown::because(UnknownReason::UserNotNamed))?;
    let tip = tips.as_ref().map_err(Clone::clone)?.get(&name.to_lowercase()).cloned();
    tip.unwrap_or_else(|| Err(unreadable("there is no mail tip of the user")))
}

fn address_of(tip: &Value) -> Option<String> {
    tip.pointer("/emailAddress/address").and_then(Value::as_str).map(str::to_lowercase)
}

/// Reads one mail tip; what it does not tell is unknown, and never "off".
///
/// ```
/// use defuse_adapters::read_mail_tip;
/// use defuse_domain::Sighting;
/// use serde_json::json;
///
/// let tip = json!({ "automaticReplies": { "message": "I am away." } });
/// assert_eq!(read_mail_tip(&tip), Ok(Sighting::Replying));
/// let tip = json!({ "automaticReplies": { "message": "" } });
/// assert_eq!(read_mail_tip(&tip), Ok(Sighting::Silent));
/// ```
pub fn read_mail_tip(tip: &Value) -> Result<Sighting, Unknown> {
    if let Some(error) = tip.get("error").filter(|it| !it.is_null()) {
        let code = error.get("code").and_then(Value::as_str).unwrap_or("no code");
        return Err(unreadable(format!("there is no mail tip of the user: {code}")));
    }
    let replies = tip.get("automaticReplies").filter(|it| it.is_object());
    let replies =
        replies.ok_or_else(|| unreadable("a mail tip does not tell of automatic replies"))?;
    let message = replies.get("message").and_then(Value::as_str);
    let message = message.ok_or_else(|| unreadable("a mail tip does not tell what is replied"))?;
    if message.is_empty() {
        return Ok(Sighting::Silent);
    }
    let is_there = |name: &str| replies.get(name).is_some_and(|it| !it.is_null());
    if !is_there("scheduledStartTime") && !is_there("scheduledEndTime") {
        return Ok(Sighting::Replying);
    }
    let start = time(replies, "scheduledStartTime")?;
    let end = time(replies, "scheduledEndTime")?;
    if end < start {
        return Err(unreadable("automatic replies end before they start"));
    }
    Ok(Sighting::Setting(AutomaticReplies::Scheduled { start, end }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        graph::testing::{graph, problem},
        scripted::json,
    };

    const TIPS: &str = "POST /v1.0/users/soc@contoso.example/getMailTips";

    fn user(name: &str) -> User {
        User { principal_name: Some(name.to_owned()), ..User::default() }
    }

    #[test]
    fn a_tip_is_read_or_unknown() {
        let at = |time: &str| json!({ "dateTime": time, "timeZone": "UTC" });
        let (start, end) = ("2026-11-20T07:00:00.0000000", "2026-11-30T07:00:00.0000000");
        let scheduled = Sighting::Setting(AutomaticReplies::Scheduled {
            start: "2026-11-20T07:00:00Z".parse().unwrap(),
            end: "2026-11-30T07:00:00Z".parse().unwrap(),
        });
        let replies = |replies: Value| json!({ "automaticReplies": replies });
        let away = |start: Value, end: Value| {
            replies(json!({
                "message": "Away", "scheduledStartTime": start, "scheduledEndTime": end,
            }))
        };
        check(&replies(json!({ "message": "" })), Ok(Sighting::Silent));
        check(&replies(json!({ "message": "Away" })), Ok(Sighting::Replying));
        check(&away(Value::Null, Value::Null), Ok(Sighting::Replying));
        check(&away(at(start), at(end)), Ok(scheduled));
        for odd in [
            json!({}),
            replies(Value::Null),
            replies(json!({})),
            replies(json!({ "message": null })),
            away(at(start), Value::Null),
            away(Value::Null, at(end)),
            away(at(end), at(start)),
            away(at("soon"), at(end)),
            json!({ "automaticReplies": { "message": "" }, "error": { "code": "ErrorX" } }),
        ] {
            check(&odd, Err("unreadable"));
        }
    }

    #[track_caller]
    fn check(tip: &Value, expected: Result<Sighting, &str>) {
        let read = read_mail_tip(tip);
        assert_eq!(read.as_ref().map(|it| *it).map_err(|it| it.reason.as_str()), expected, "{tip}");
    }

    #[tokio::test]
    async fn the_request_is_as_documented_and_each_answer_goes_to_its_user() {
        let value = json!([
            { "emailAddress": { "name": "", "address": "LEE@contoso.example" },
              "automaticReplies": { "message": "" } },
            { "emailAddress": { "address": "kim@contoso.example" },
              "automaticReplies": { "message": "Away" }, "error": null },
            { "emailAddress": { "address": "sam@contoso.example" },
              "error": { "code": "ErrorInvalidRecipient", "message": "No." } },
        ]);
        let (server, graph) = graph(vec![json(TIPS, 200, json!({ "value": value }))]).await;
        let id_only = User { id: Some("1".to_owned()), ..User::default() };
        let users = ["kim", "lee", "sam", "alex"].map(|it| user(&format!("{it}@contoso.example")));
        let users: Vec<User> = users.into_iter().chain([id_only]).collect();

        let tips = GraphMailTips::new(graph, "soc@contoso.example".to_owned());
        let seen = tips.look(&users).await;

        assert!(seen.iter().map(|it| &it.0).eq(&users));
        let seen: Vec<Result<Sighting, &str>> = seen
            .iter()
            .map(|(_, it)| it.as_ref().map(|it| *it).map_err(|it| it.reason.as_str()))
            .collect();
        let (none, nameless) = (Err("unreadable"), Err("userNotNamed"));
        assert_eq!(seen, [Ok(Sighting::Replying), Ok(Sighting::Silent), none, none, nameless]);
        let request = server.seen().pop().unwrap();
        assert_eq!(request.line, TIPS);
        assert_eq!(request.headers["content-type"], "application/json");
        assert_eq!(
            request.body,
            r#"{"EmailAddresses":["kim@contoso.example","lee@contoso.example","sam@contoso.example","alex@contoso.example"],"MailTipsOptions":"automaticReplies"}"#
        );
    }

    #[tokio::test]
    async fn a_hundred_are_asked_for_at_a_time_and_one_refusal_is_of_its_hundred() {
        let refused = problem(TIPS, 403, "ErrorAccessDenied");
        let (server, graph) = graph(vec![refused, json(TIPS, 200, json!({ "value": [] }))]).await;
        let users: Vec<User> = (0..101).map(|it| user(&format!("u{it}@contoso.example"))).collect();
        let tips = GraphMailTips::new(graph, "soc@contoso.example".to_owned());
        let seen = tips.look(&users).await;

        let n_of = |reason: &str| {
            let reasons = seen.iter().filter_map(|it| it.1.as_ref().err());
            reasons.filter(|it| it.reason == reason).count()
        };
        assert_eq!((n_of("refused"), n_of("unreadable")), (100, 1));
        assert_eq!(server.lines().len(), 2);
    }
}
