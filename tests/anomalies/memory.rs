//! A world in memory.

use defuse_domain::{AlertId, Notification};
use defuse_testkit::{FixedFacts, MemoryChat, MemorySource, MemoryStore, MemoryTopic, SourceView};

use super::{
    scenarios::Scenario,
    world::{Told, World},
};

/// The fakes of the testkit, as a scenario begins
#[derive(Clone, Debug)]
pub(crate) struct MemoryWorld {
    store: MemoryStore,
    facts: FixedFacts,
    source: MemorySource,
    topic: MemoryTopic,
    chat: MemoryChat,
}

impl MemoryWorld {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let source = MemorySource::default();
        source.put(&scenario.at_source).unwrap();
        if scenario.refuses_to_resolve {
            source.refuse_to_resolve();
        }
        let directory = scenario.directory;
        Self {
            store: MemoryStore::default(),
            facts: FixedFacts::new(move |question, now| directory.answer(question, now)),
            source,
            topic: MemoryTopic::default(),
            chat: MemoryChat::default(),
        }
    }
}

impl World for MemoryWorld {
    type Store = MemoryStore;
    type Facts = FixedFacts;
    type Source = MemorySource;
    type Topic = MemoryTopic;
    type Chat = MemoryChat;

    fn store(&self) -> MemoryStore {
        self.store.clone()
    }

    fn facts(&self) -> FixedFacts {
        self.facts.clone()
    }

    fn source(&self) -> MemorySource {
        self.source.clone()
    }

    fn topic(&self) -> MemoryTopic {
        self.topic.clone()
    }

    fn chat(&self) -> MemoryChat {
        self.chat.clone()
    }

    async fn published(&self) -> Vec<Notification> {
        self.topic.take()
    }

    async fn told(&self) -> Vec<Told> {
        let posts = self.chat.posts().into_iter();
        posts.map(|it| Told { id: it.notification.id, unsure: it.unsure }).collect()
    }

    async fn at_source(&self, id: &AlertId) -> SourceView {
        self.source.view(id).unwrap_or_default()
    }

    async fn polled(&self, id: &AlertId) -> String {
        self.source.text(id).unwrap_or_default()
    }
}
