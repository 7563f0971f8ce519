//! A function's binary as a child process, with what it writes.

use std::{collections::VecDeque, io, path::Path, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::watch,
};

use super::{InvokeError, RuntimeStub, Shared, router};
use crate::server::{Bound, Server};

/// Where the function believes to be
pub(super) const REGION: &str = "eu-west-1";

/// Lines that are kept; the oldest goes when one more comes
const LINES_MAX: usize = 10_000;

/// A running function; it is killed when dropped
#[derive(Debug)]
pub struct FunctionProcess {
    lines: watch::Receiver<VecDeque<String>>,
    // Held for its drop. Why one for each function: with it go the child and all that waits for the
    // child, so that no event is handed to a connection whose function is gone.
    _server: Server,
}

impl FunctionProcess {
    pub(super) fn spawn(
        shared: Shared,
        binary: &Path,
        variables: &[(&str, &str)],
    ) -> Result<Self, io::Error> {
        let bound = Bound::new()?;
        let address = bound.address().to_string();
        let server = bound.serve(router(shared.clone()))?;
        let (sender, lines) = watch::channel(VecDeque::new());

        shared.state().ended = None;
        let entered = server.runtime().enter();
        let child = Command::new(binary)
            .env_clear()
            .envs(lambda_variables())
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        tokio::spawn(attend(child, sender, shared));
        drop(entered);
        Ok(Self { lines, _server: server })
    }

    /// What it wrote so far to either stream, line by line; of very much, the last 10,000
    pub fn lines(&self) -> Vec<String> {
        self.lines.borrow().iter().cloned().collect()
    }

    /// Waits until it writes a line that contains `part`, but no longer than `limit`
    pub async fn wait_for_line(&self, part: &str, limit: Duration) -> Option<String> {
        let mut lines = self.lines.clone();
        let written = lines.wait_for(|lines| lines.iter().any(|line| line.contains(part)));
        // Why: found, too late, or the process ended: what there is decides.
        drop(tokio::time::timeout(limit, written).await);
        self.lines().into_iter().find(|line| line.contains(part))
    }
}

/// Keeps what a child writes until it ends, and then tells those who wait for it
async fn attend(mut child: Child, lines: watch::Sender<VecDeque<String>>, shared: Shared) {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    tokio::join!(keep_lines(stdout, &lines), keep_lines(stderr, &lines));
    let ended = match child.wait().await {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    };
    shared.end(InvokeError::Exited(ended));
}

async fn keep_lines(
    stream: Option<impl AsyncRead + Unpin>,
    kept: &watch::Sender<VecDeque<String>>,
) {
    let Some(stream) = stream else { return };
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    // Why: a stream that cannot be read has nothing more to say.
    while reader.read_until(b'\n', &mut line).await.is_ok_and(|n_bytes| n_bytes > 0) {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        kept.send_modify(|lines| {
            if lines.len() == LINES_MAX {
                lines.pop_front();
            }
            lines.push_back(text);
        });
        line.clear();
    }
}

/// What Lambda sets for every function. The credentials are obviously fake.
fn lambda_variables() -> [(&'static str, &'static str); 18] {
    [
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_DEFAULT_REGION", REGION),
        ("AWS_EC2_METADATA_DISABLED", "true"), // not Lambda's: nothing is to leave the machine
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_NAME", RuntimeStub::FUNCTION_NAME),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/stand-in"),
        ("AWS_LAMBDA_LOG_LEVEL", "INFO"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2024/05/01/[$LATEST]00000000000000000000000000000000"),
        ("AWS_REGION", REGION),
        ("AWS_SECRET_ACCESS_KEY", "not-a-secret-stand-in-key"),
        ("LAMBDA_TASK_ROOT", "/var/task"),
        ("LANG", "en_US.UTF-8"),
        ("TZ", ":UTC"),
        ("_HANDLER", "bootstrap"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_function_is_killed_when_dropped() {
        let limit = Duration::from_mins(1);
        let stub = RuntimeStub::start().unwrap();
        let process = stub.spawn(Path::new("/usr/bin/yes"), &[]).unwrap();
        assert_eq!(process.wait_for_line("y", limit).await.as_deref(), Some("y"));
        let lines = process.lines.clone();
        drop(process);

        // Who attended has both the child and the sender of its lines.
        lines.has_changed().unwrap_err();
    }
}
