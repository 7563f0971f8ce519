//! Two who change one alert at once: each change happens, or whoever wanted it is told.

use defuse_domain::{Actor, AlertId, Wish};
use defuse_flow::ManageOutcome;

use crate::world::{now, world};

/// How often they race
const RACES: usize = 1_000;

#[tokio::test]
async fn of_two_who_race_one_is_told() {
    let world = world().await;
    world.alert("ad1", "azureAdIdentityProtection").await;
    let id = AlertId::parse("ad1").unwrap();
    let manage = &world.app.manage;
    let (mut n_done, mut n_told) = (0, 0);
    for race in 0..RACES {
        let shown = manage.show(&id).await.unwrap().unwrap();
        // Tags of both of the race before go, so that one is left of each race.
        let wish = |who: &str| {
            let before = race.wrapping_sub(1);
            let text = format!(
                r#"{{ "tags": {{ "add": ["{who}{race}"], "remove": ["a{before}", "b{before}"] }} }}"#
            );
            Wish::parse(&text).unwrap()
        };
        let actor = |who: &str| Actor { id: who.to_owned(), name: who.to_owned() };
        let (left, right) = (wish("a"), wish("b"));
        let (left, right) = tokio::join!(
            manage.act(shown.clone(), &left, (actor("a"), None), now()),
            manage.act(shown, &right, (actor("b"), None), now()),
        );
        for outcome in [left.unwrap(), right.unwrap()] {
            match outcome {
                ManageOutcome::Done(_) => n_done += 1,
                ManageOutcome::Overtaken => n_told += 1,
                ManageOutcome::Refused(error) => panic!("{error}"),
            }
        }
        let stands = manage.show(&id).await.unwrap().unwrap();
        assert_eq!(stands.tags.len(), 1, "race {race} left {:?}", stands.tags);
    }
    assert_eq!((n_done, n_told), (RACES, RACES));
    let told = manage.told(&id).await.unwrap().unwrap();
    assert_eq!((told.acts.acts.len(), told.acts.broken), (RACES, None));
}
