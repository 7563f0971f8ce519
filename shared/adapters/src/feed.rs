//! Every source that can be asked for its alerts; a further one is a module and a line here.
//!
//! Permissions: those of the feeds.

use defuse_flow::{AlertFeed, FeedError, FeedInfo, FeedPage, Window};

use crate::{cloud_apps::CloudAppsFeed, graph::GraphFeed};

/// A source that can be asked for its alerts
#[derive(Clone, Debug)]
pub enum Feed {
    /// Microsoft Graph
    Graph(GraphFeed),
    /// Defender for Cloud Apps by its own API
    CloudApps(CloudAppsFeed),
}

impl AlertFeed for Feed {
    fn info(&self) -> FeedInfo {
        match self {
            Self::Graph(it) => it.info(),
            Self::CloudApps(it) => it.info(),
        }
    }

    async fn read(&self, window: Window, next: Option<&str>) -> Result<FeedPage, FeedError> {
        match self {
            Self::Graph(it) => it.read(window, next).await,
            Self::CloudApps(it) => it.read(window, next).await,
        }
    }
}
