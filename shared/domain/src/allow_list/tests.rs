//! Entries: what is refused, when they count, what changed.

use serde_json::json;

use super::*;
use crate::test_kit::{NOW, alert_with, time};

fn draft() -> AllowListDraft {
    AllowListDraft {
        kind: None,
        value: "Updates.Contoso.example".to_owned(),
        title: "Updates".to_owned(),
        description: "Our own servers".to_owned(),
        device_groups: Vec::new(),
        expires: time(NOW) + SignedDuration::from_hours(24 * 90),
        by: "kim@contoso.example".to_owned(),
        from: None,
    }
}

#[test]
fn every_mistake_of_an_entry_is_named() {
    let wrong = AllowListDraft {
        value: "10.0.0.1".to_owned(),
        title: " ".to_owned(),
        description: "x".repeat(DESCRIPTION_LENGTH_MAX + 1),
        by: String::new(),
        device_groups: (0..=DEVICE_GROUPS_MAX).map(|it| it.to_string()).collect(),
        expires: time(NOW),
        ..draft()
    };
    let problems = AllowListEntry::new(wrong, time(NOW)).unwrap_err();
    assert_eq!(problems.len(), 6, "{problems:?}");
}

#[test]
fn nothing_is_allowed_for_ever_nor_in_the_past() {
    let latest = time(NOW) + SignedDuration::from_hours(24 * ALLOWED_DAYS_MAX);
    let nanosecond = SignedDuration::from_nanos(1);
    for (expires, is_taken) in [
        (time(NOW), false),
        (time(NOW) + nanosecond, true),
        (latest, true),
        (latest + nanosecond, false),
    ] {
        let entry = AllowListEntry::new(AllowListDraft { expires, ..draft() }, time(NOW));
        assert_eq!(entry.is_ok(), is_taken, "for {expires}");
    }
    let entry = AllowListEntry::new(draft(), time(NOW)).unwrap();
    assert!(entry.is_in_force(entry.expires() - nanosecond));
    assert!(!entry.is_in_force(entry.expires()));
}

#[test]
fn a_group_covers_alerts_all_of_whose_devices_are_in_it() {
    let device = |group: Option<&str>| {
        json!({ "@odata.type": "#microsoft.graph.security.deviceEvidence",
            "rbacGroupName": group })
    };
    let on = AllowedOn::DeviceGroups(vec!["Servers".to_owned()]);
    for (devices, expected) in [
        (vec![device(Some("SERVERS"))], Truth::True),
        (vec![device(Some("servers")), device(Some("laptops"))], Truth::False),
        (vec![device(Some("servers")), device(None)], Truth::Unknown),
        (vec![device(Some("laptops")), device(None)], Truth::False),
        (vec![], Truth::Unknown),
    ] {
        let alert = alert_with(json!({ "evidence": devices }));
        assert_eq!(on.covers(&alert), expected, "for {devices:?}");
        assert_eq!(AllowedOn::AllDevices.covers(&alert), Truth::True);
    }
}

#[test]
fn a_change_says_what_changed() {
    let entry = AllowListEntry::new(draft(), time(NOW)).unwrap();
    let groups = vec!["b".to_owned(), "a".to_owned(), "b".to_owned()];
    let changed = AllowListDraft { title: "Patches".to_owned(), device_groups: groups, ..draft() };
    let changed = AllowListEntry::new(changed, time(NOW)).unwrap();
    assert_eq!(
        changed.differences(&entry),
        ["title from `Updates` to `Patches`", "where from all devices to device groups a, b"]
    );
    assert_eq!(entry.differences(&entry), [""; 0]);
}
