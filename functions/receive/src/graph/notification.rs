//! Change notifications of Graph, read leniently: what is no text counts as left out.

use defuse_adapters::{Secret, verify_token};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The longest id that is shown, in characters
const ID_LENGTH_MAX: usize = 128;

/// The notifications of one request
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Notifications {
    /// Those that show a client state of ours
    pub(crate) right: Vec<Notification>,
    /// How many others there are
    pub(crate) n_wrong: usize,
}

/// What Graph tells of one subscription
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Notification {
    /// Its id, if it looks like one
    pub(crate) subscription: Option<String>,
    /// What happened
    pub(crate) told: Told,
}

/// What Graph tells
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Something was created or changed
    Changed {
        /// Its id, if it looks like one
        resource: Option<String>,
    },
    /// The subscription ends soon, or its application may no longer do what it did
    ReauthorizationRequired,
    /// There is no such subscription any more
    SubscriptionRemoved,
    /// Something changed that no notification was sent of
    Missed,
    /// An event of the subscription's life that we do not know
    Unknown,
}

#[derive(Deserialize)]
struct Sent<'a> {
    #[serde(borrow)]
    value: Vec<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Item<'a> {
    #[serde(borrow)]
    subscription_id: Option<&'a RawValue>,
    #[serde(borrow)]
    client_state: Option<&'a RawValue>,
    #[serde(borrow)]
    lifecycle_event: Option<&'a RawValue>,
    #[serde(borrow)]
    resource_data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ResourceData<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
}

impl Notifications {
    /// Reads a body; none where nothing in it is about a subscription, as in no alert anything is
    pub(crate) fn read(body: &[u8], client_states: &[Secret]) -> Option<Self> {
        let sent: Sent<'_> = serde_json::from_slice(body).ok()?;
        let items: Vec<Option<Item<'_>>> =
            sent.value.iter().map(|it| serde_json::from_str(it.get()).ok()).collect();
        if !items.iter().flatten().any(|it| it.subscription_id.is_some()) {
            return None;
        }
        let mut read = Self::default();
        for item in items {
            match item.filter(|it| it.shows(client_states)) {
                Some(item) => read.right.push(item.read()),
                None => read.n_wrong += 1,
            }
        }
        Some(read)
    }
}

impl Item<'_> {
    /// Whether it shows one of ours, in a time that tells nothing of them
    fn shows(&self, client_states: &[Secret]) -> bool {
        self.client_state.and_then(text).is_some_and(|it| verify_token(client_states, &it))
    }

    fn read(&self) -> Notification {
        let told = match self.lifecycle_event {
            None => {
                let data = self.resource_data.map(RawValue::get).unwrap_or_default();
                let data: Option<ResourceData<'_>> = serde_json::from_str(data).ok();
                Told::Changed { resource: data.and_then(|it| id(it.id)) }
            }
            Some(event) => match text(event).as_deref() {
                Some("reauthorizationRequired") => Told::ReauthorizationRequired,
                Some("subscriptionRemoved") => Told::SubscriptionRemoved,
                Some("missed") => Told::Missed,
                Some(_) | None => Told::Unknown,
            },
        };
        Notification { subscription: self.subscription_id.and_then(id), told }
    }
}

fn text(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

/// A text that may stand in the log: an id is short and has no mark-up in it
fn id(raw: &RawValue) -> Option<String> {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.');
    text(raw).filter(|it| !it.is_empty() && it.len() <= ID_LENGTH_MAX && it.chars().all(is_plain))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(body: &Value) -> Option<Notifications> {
        let ours = ["old", "new"].map(Secret::new);
        Notifications::read(body.to_string().as_bytes(), &ours)
    }

    fn changed(subscription: &str, resource: Option<&str>) -> Notification {
        let resource = resource.map(str::to_owned);
        Notification {
            subscription: Some(subscription.to_owned()),
            told: Told::Changed { resource },
        }
    }

    #[test]
    fn each_client_state_is_looked_at_by_itself() {
        for (state, n_right) in [
            (json!("old"), 1),
            (json!("new"), 1),
            (json!("newer"), 0),
            (json!("New"), 0),
            (json!(""), 0),
            (json!(null), 0),
            (json!(7), 0),
            (json!(["new"]), 0),
        ] {
            let of = |state: &Value| json!({ "subscriptionId": "s-1", "clientState": state });
            let both = read(&json!({ "value": [of(&state), of(&json!("wrong"))] })).unwrap();
            assert_eq!((both.right.len(), both.n_wrong), (n_right, 2 - n_right), "for {state}");
        }
        let body = json!({ "value": [{ "subscriptionId": "s-1", "clientState": "new" }] });
        let nobody = Notifications::read(body.to_string().as_bytes(), &[]).unwrap();
        assert_eq!((nobody.right.len(), nobody.n_wrong), (0, 1));
    }

    #[test]
    fn what_is_about_no_subscription_is_no_notification() {
        for body in [
            json!({ "value": [] }),
            json!({ "value": [{ "id": "a", "title": "t", "clientState": "new" }] }),
            json!({ "value": ["subscriptionId", 7, null] }),
            json!({ "value": { "subscriptionId": "s" } }),
            json!({ "subscriptionId": "s", "clientState": "new" }),
            json!([{ "subscriptionId": "s", "clientState": "new" }]),
            json!(null),
        ] {
            assert_eq!(read(&body), None, "for {body}");
        }
        for body in ["", "{", "\u{feff}{}", "{\"value\":[{\"subscriptionId\":\"s\"}]} more"] {
            assert_eq!(Notifications::read(body.as_bytes(), &[]), None, "for {body}");
        }
        assert_eq!(Notifications::read(b"{\"value\":[\"\xff\"]}", &[]), None);
        let deep = format!("{{\"value\":[{}", "[".repeat(100_000));
        assert_eq!(Notifications::read(deep.as_bytes(), &[]), None);
    }

    #[test]
    fn an_item_that_is_none_is_left_out_and_the_others_are_not() {
        let good = json!({ "subscriptionId": "s-1", "clientState": "new",
            "resourceData": { "id": "da637551227677560813_-961444813" } });
        let body = json!({ "value": [null, good, "x", { "clientState": "wrong" }] });
        let expected = Notifications {
            right: vec![changed("s-1", Some("da637551227677560813_-961444813"))],
            n_wrong: 3,
        };
        assert_eq!(read(&body), Some(expected));
        let twice = br#"{"value":[{"subscriptionId":"s","clientState":"wrong","clientState":"new"},
            {"subscriptionId":"s","clientState":"new"}]}"#;
        let twice = Notifications::read(twice, &[Secret::new("new")]).unwrap();
        assert_eq!((twice.right.len(), twice.n_wrong), (1, 1));
    }

    #[test]
    fn only_what_looks_like_an_id_is_shown() {
        let long = "a".repeat(ID_LENGTH_MAX + 1);
        for (given, shown) in [
            (json!("ab-1_2.c"), Some("ab-1_2.c")),
            (json!(long), None),
            (json!(""), None),
            (json!("a b"), None),
            (json!("<script>"), None),
            (json!("a\nb"), None),
            (json!("kim@contoso.example"), None),
            (json!(7), None),
            (json!(null), None),
        ] {
            let body = json!({ "value": [{ "subscriptionId": "s", "clientState": "new",
                "resourceData": { "id": given } }, { "subscriptionId": given, "clientState": "new",
                "resourceData": given }] });
            let right = read(&body).unwrap().right;
            assert_eq!(right[0], changed("s", shown), "for {given}");
            assert_eq!(right[1].subscription.as_deref(), shown, "for {given}");
        }
    }

    #[test]
    fn events_of_a_subscriptions_life_are_known_by_name() {
        for (event, told) in [
            (json!("reauthorizationRequired"), Told::ReauthorizationRequired),
            (json!("subscriptionRemoved"), Told::SubscriptionRemoved),
            (json!("missed"), Told::Missed),
            (json!("Missed"), Told::Unknown),
            (json!("somethingNew"), Told::Unknown),
            (json!(7), Told::Unknown),
            (json!(null), Told::Changed { resource: None }),
        ] {
            let body = json!({ "value": [
                { "subscriptionId": "s", "clientState": "new", "lifecycleEvent": event },
            ] });
            assert_eq!(read(&body).unwrap().right[0].told, told, "for {event}");
        }
    }
}
