//! What the settings leave out is counted once, and never hides an alert that we have.

use defuse_domain::{EntraIdProtection, Services};
use defuse_flow::{AlertStore, Intake, LeftOutReport, RunStore, Stored, Taken};
use jiff::{ToSpan, tz::TimeZone};
use serde_json::json;

use crate::{
    emulator::emulator,
    samples::{now, read},
};

const ONLY_HIGH: Services = Services { entra_id_protection: Some(EntraIdProtection::High) };

fn risky(id: &str, severity: &str, minute: u8) -> defuse_domain::Alert {
    read(&json!({
        "id": id,
        "severity": severity,
        "serviceSource": "azureAdIdentityProtection",
        "lastUpdateDateTime": format!("2026-11-21T09:{minute:02}:00Z"),
    }))
}

#[tokio::test]
async fn what_is_left_out_counts_once() {
    let emulator = emulator().await;
    let intake = Intake::new(ONLY_HIGH, emulator.store.clone());
    for (id, severity) in [("ad1", "low"), ("ad1", "medium"), ("ad2", "medium"), ("ad1", "low")] {
        let taken = intake.take(&risky(id, severity, 1), now()).await.unwrap();
        assert_eq!(taken, Taken::LeftOut, "for {id}");
    }
    let tomorrow = now() + 24.hours();
    intake.take(&risky("ad3", "low", 1), tomorrow).await.unwrap();

    let day = now().to_zoned(TimeZone::UTC).date();
    let counts = emulator.store.left_out_on(day).await.unwrap();
    assert_eq!(counts, [("low".to_owned(), 1), ("medium".to_owned(), 1)].into());
    let note = emulator.store.left_out(&risky("ad1", "low", 1).id).await.unwrap().unwrap();
    assert_eq!((note.at, note.severity.as_str()), (now(), "low"));
    assert_eq!(emulator.store.load(&risky("ad1", "low", 1).id).await.unwrap(), None);
}

#[tokio::test]
async fn many_who_leave_out_the_same_alert_count_it_once() {
    let emulator = emulator().await;
    let mut takers = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let intake = Intake::new(ONLY_HIGH, emulator.store.clone());
        takers.spawn(async move { intake.take(&risky("ad1", "low", 1), now()).await.unwrap() });
    }
    takers.join_all().await;
    let day = now().to_zoned(TimeZone::UTC).date();
    let counts = emulator.store.left_out_on(day).await.unwrap();
    assert_eq!(counts, [("low".to_owned(), 1)].into());
}

#[tokio::test]
async fn an_alert_that_we_have_is_always_taken() {
    let emulator = emulator().await;
    let intake = Intake::new(ONLY_HIGH, emulator.store.clone());
    let grave = intake.take(&risky("ad1", "high", 1), now()).await.unwrap();
    assert_eq!(grave, Taken::Stored(Stored::New));
    let milder = intake.take(&risky("ad1", "low", 2), now()).await.unwrap();
    assert_eq!(milder, Taken::Stored(Stored::Newer));

    // It was left out, and grew grave.
    assert_eq!(intake.take(&risky("ad2", "low", 1), now()).await.unwrap(), Taken::LeftOut);
    let graver = intake.take(&risky("ad2", "high", 2), now()).await.unwrap();
    assert_eq!(graver, Taken::Stored(Stored::New));
    let again = emulator.store.store(&risky("ad2", "high", 2), now()).await.unwrap();
    assert_eq!(again, Stored::Again);
    let milder = intake.take(&risky("ad2", "low", 3), now()).await.unwrap();
    assert_eq!(milder, Taken::Stored(Stored::Newer));
}
