//! Reads the automatic replies of a mailbox (`automaticRepliesSetting`).
//!
//! The texts of the replies are personal and are never read.
//!
//! Permissions: `MailboxSettings.Read`, as the caller asks for it.

use defuse_domain::{AutomaticReplies, Unknown};
use jiff::Timestamp;
use serde_json::Value;

use super::{problem::unreadable, zones};

/// Reads `automaticRepliesSetting` as Graph gives it.
///
/// The scheduled times stand there whatever the status and are stale unless it is `scheduled`.
/// What cannot be understood is unknown, and never "off".
///
/// ```
/// use defuse_adapters::read_automatic_replies;
/// use defuse_domain::AutomaticReplies;
/// use serde_json::json;
///
/// let setting = json!({
///     "status": "scheduled",
///     "scheduledStartDateTime": { "dateTime": "2026-03-14T07:00:00.0000000", "timeZone": "UTC" },
///     "scheduledEndDateTime": { "dateTime": "2026-03-28T07:00:00.0000000", "timeZone": "UTC" },
/// });
/// assert!(matches!(read_automatic_replies(&setting), Ok(AutomaticReplies::Scheduled { .. })));
/// assert!(read_automatic_replies(&json!({ "status": "perhaps" })).is_err());
/// ```
pub fn read_automatic_replies(setting: &Value) -> Result<AutomaticReplies, Unknown> {
    let status = setting
        .get("status")
        .and_then(Value::as_str)
        .ok_or_else(|| unreadable("automatic replies have no status"))?;
    match status.to_ascii_lowercase().as_str() {
        "disabled" => Ok(AutomaticReplies::Disabled),
        "alwaysenabled" => Ok(AutomaticReplies::AlwaysEnabled),
        "scheduled" => {
            let start = time(setting, "scheduledStartDateTime")?;
            let end = time(setting, "scheduledEndDateTime")?;
            if end < start {
                return Err(unreadable("automatic replies end before they start"));
            }
            Ok(AutomaticReplies::Scheduled { start, end })
        }
        _ => Err(unreadable("automatic replies have a status that is not known")),
    }
}

/// A `dateTimeTimeZone`
pub(super) fn time(setting: &Value, name: &str) -> Result<Timestamp, Unknown> {
    let part = |part: &str| setting.get(name)?.get(part)?.as_str();
    let (Some(date_time), Some(zone)) = (part("dateTime"), part("timeZone")) else {
        return Err(unreadable(format!("automatic replies are scheduled without `{name}`")));
    };
    zones::instant(date_time, zone).ok_or_else(|| {
        unreadable(format!("automatic replies have a `{name}` that is not understood"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const UNREADABLE: Result<AutomaticReplies, &str> = Err("unreadable");

    fn setting(status: &str, start: Value, end: Value) -> Value {
        json!({
            "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#x",
            "status": status,
            "externalAudience": "all",
            "scheduledStartDateTime": start,
            "scheduledEndDateTime": end,
            "internalReplyMessage": "<html>Away</html>",
            "externalReplyMessage": null,
        })
    }

    fn at(date_time: &str, zone: &str) -> Value {
        json!({ "dateTime": date_time, "timeZone": zone })
    }

    fn scheduled(start: &str, end: &str) -> AutomaticReplies {
        let (start, end) = (start.parse().unwrap(), end.parse().unwrap());
        AutomaticReplies::Scheduled { start, end }
    }

    #[test]
    fn a_status_is_read_whatever_its_case() {
        let from = || at("2026-03-14T07:00:00.0000000", "UTC");
        let to = || at("2026-03-28T07:00:00.0000000", "UTC");
        let window = Ok(scheduled("2026-03-14T07:00:00Z", "2026-03-28T07:00:00Z"));
        for status in ["scheduled", "Scheduled", "SCHEDULED"] {
            check(&setting(status, from(), to()), window);
        }
        // Times are stale unless the status is `scheduled`.
        check(&setting("disabled", from(), to()), Ok(AutomaticReplies::Disabled));
        check(&setting("Disabled", json!("?"), Value::Null), Ok(AutomaticReplies::Disabled));
        check(&setting("alwaysEnabled", from(), to()), Ok(AutomaticReplies::AlwaysEnabled));
        check(&json!({ "status": "alwaysenabled" }), Ok(AutomaticReplies::AlwaysEnabled));
    }

    #[test]
    fn times_are_read_in_their_own_zones() {
        check(
            &setting(
                "scheduled",
                at("2026-07-01T09:00:00.0000000", "Pacific Standard Time"),
                at("2026-07-14T18:00:00.1234567", "Europe/Paris"),
            ),
            Ok(scheduled("2026-07-01T16:00:00Z", "2026-07-14T16:00:00.1234567Z")),
        );
    }

    #[test]
    fn what_is_not_understood_is_unknown() {
        let good = || at("2026-03-14T07:00:00", "UTC");
        check(&setting("unknownFutureValue", good(), good()), UNREADABLE);
        check(&setting("", good(), good()), UNREADABLE);
        check(&json!({}), UNREADABLE);
        check(&json!({ "status": null }), UNREADABLE);
        check(&json!({ "status": 1 }), UNREADABLE);
        check(&json!("disabled"), UNREADABLE);
        check(&Value::Null, UNREADABLE);
        for bad in [
            Value::Null,
            json!("2026-03-14T07:00:00"),
            json!({ "dateTime": "2026-03-14T07:00:00" }),
            json!({ "timeZone": "UTC" }),
            json!({ "dateTime": null, "timeZone": "UTC" }),
            at("2026-03-14T07:00:00", "Customized Time Zone"),
            at("soon", "UTC"),
        ] {
            check(&setting("scheduled", bad.clone(), good()), UNREADABLE);
            check(&setting("scheduled", good(), bad), UNREADABLE);
        }
        let later = at("2026-03-14T07:00:01", "UTC");
        check(&setting("scheduled", later, good()), UNREADABLE);
        check(
            &setting("scheduled", good(), good()),
            Ok(scheduled("2026-03-14T07:00:00Z", "2026-03-14T07:00:00Z")),
        );
    }

    #[track_caller]
    fn check(setting: &Value, expected: Result<AutomaticReplies, &str>) {
        let read = read_automatic_replies(setting);
        let read = read.as_ref().map(|it| *it).map_err(|it| it.reason.as_str());
        assert_eq!(read, expected, "for {setting}");
    }
}
