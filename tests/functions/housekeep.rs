//! Runs of the function `housekeep`: people are told once of a tuning rule that expires soon.

use defuse_flow::{Draft, Tuning};
use defuse_testkit::a_tuning_rule;
use jiff::{SignedDuration, Timestamp};

use crate::{
    binaries::Name,
    events::{event, files},
    tuning::store_of,
    world::in_a_world,
};

#[tokio::test]
async fn people_are_told_once_of_a_rule_that_expires_soon() {
    in_a_world(async |world| {
        let file = world.config().join("settings.yaml");
        let settings = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{settings}\noperations: {{ channel: soc }}\n")).unwrap();
        let now = Timestamp::now();
        let expires = |days: i64| (now + SignedDuration::from_hours(24 * days - 1)).to_string();
        let text = |name: &str, days| {
            a_tuning_rule(name, "hide").replace("2027-06-01T00:00:00Z", &expires(days))
        };
        let folder = world.config().join("tuning");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("of-a-file.yaml"), text("of-a-file", 1)).unwrap();
        let tuning = Tuning::new(store_of(world), Vec::new());
        for (name, days) in [("week", 7), ("later", 9), ("deleted", 2)] {
            tuning
                .save(Draft { file: "rule.yaml", text: &text(name, days), read: None }, "kim", now)
                .await
                .unwrap();
        }
        let deleted = defuse_domain::TuningRuleName::parse("deleted").unwrap();
        tuning.delete(&deleted, "kim", now).await.unwrap();

        for _ in 0..2 {
            let housekeep = world.function(Name::Housekeep);
            for file in files("events/housekeep") {
                let name = file.file_name().unwrap().to_str().unwrap().to_owned();
                let answer = housekeep.answer(event(&format!("events/housekeep/{name}"))).await;
                assert!(answer.is_null(), "{answer}");
            }
        }

        let told = world.topic.messages();
        let told: Vec<String> = told.iter().map(|it| format!("{it:?}")).collect();
        assert_eq!(told.len(), 2, "{told:#?}");
        let has = |rule: &str, days: &str| {
            told.iter().any(|it| it.contains(&format!("tuning/{rule}/")) && it.contains(days))
        };
        assert!(has("of-a-file", "/1d") && has("week", "/7d"), "{told:#?}");
    })
    .await;
}
