//! The embedded DynamoDB: a file or memory, behind HTTP on the loopback.

use std::{fs, path::Path};

use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::failure::Failure;

/// The file that keeps the table
pub(super) const FILE: &str = "state.sqlite";

/// An embedded DynamoDB; it stops when dropped
pub(crate) struct Database {
    pub(crate) endpoint: String,
    stop: Option<oneshot::Sender<()>>,
    _task: JoinHandle<()>,
}

impl Database {
    /// Opens the file in `data`, or a new database in memory
    pub(crate) async fn start(data: Option<&Path>) -> Result<Self, Failure> {
        let opened = match data {
            Some(dir) => {
                fs::create_dir_all(dir)
                    .map_err(|source| Failure::File { path: dir.to_owned(), source })?;
                dynoxide::Database::new(&dir.join(FILE).display().to_string())
            }
            None => dynoxide::Database::memory(),
        };
        let database =
            opened.map_err(|error| Failure::host("cannot open the embedded DynamoDB", error))?;
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let bound = listener.and_then(|it| Ok((it.local_addr()?, it)));
        let (address, listener) = bound
            .map_err(|error| Failure::host("cannot listen for the embedded DynamoDB", error))?;
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let stopped = async {
                // A sender that is gone says the same as one that speaks.
                let said = stopped.await;
                drop(said);
            };
            let served = dynoxide::server::serve_with_shutdown(listener, database, stopped).await;
            if let Err(error) = served {
                tracing::warn!(error = %error, "the embedded DynamoDB stopped");
            }
        });
        Ok(Self { endpoint: format!("http://{address}"), stop: Some(stop), _task: task })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take()
            && stop.send(()).is_err()
        {
            tracing::debug!("the embedded DynamoDB had stopped already");
        }
    }
}
