//! The peer in Python, `hil-tests/independent/link_peer`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Where the package lies.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("independent")
}

/// Python with the package in reach, and the package's arguments.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command
        .args(["-m", "link_peer"])
        .args(arguments)
        .current_dir(folder())
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// What the program has said so far.
#[derive(Default)]
struct Log {
    lines: Mutex<Vec<String>>,
    grown: Condvar,
}

/// A running peer; dropped, it is killed.
pub(crate) struct Peer {
    child: Child,
    log: Arc<Log>,
    reader: Option<JoinHandle<()>>,
}

impl Peer {
    pub(crate) fn start(plays: &str, port: &Path, arguments: &[&str]) -> Self {
        let mut command = command(&[plays, port.to_str().unwrap()]);
        command.args(arguments).stdin(Stdio::null());
        Self::spawn(command)
    }

    /// The command must lead to the package's log on standard error.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stderr(Stdio::piped())
            .spawn()
            .expect("python3 runs; `cargo rig setup` installs it");
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::new(Log::default());
        let reader = {
            let log = Arc::clone(&log);
            std::thread::spawn(move || {
                for line in stderr.lines().map_while(Result::ok) {
                    log.lines.lock().unwrap().push(line);
                    log.grown.notify_all();
                }
            })
        };
        Self {
            child,
            log,
            reader: Some(reader),
        }
    }

    /// Its standard input and output, once, if they were made pipes.
    pub(crate) fn pipes(&mut self) -> (ChildStdin, ChildStdout) {
        (
            self.child.stdin.take().unwrap(),
            self.child.stdout.take().unwrap(),
        )
    }

    /// All that has happened there, as far as it is of this kind.
    pub(crate) fn events(&self, event: &str) -> Vec<Value> {
        let lines = self.log.lines.lock().unwrap();
        lines
            .iter()
            .map(|line| parsed(line))
            .filter(|value| value["event"] == event)
            .collect()
    }

    /// Waits until this has happened there `count` times.
    pub(crate) fn wait_for(&self, event: &str, count: usize, patience: Duration) {
        let deadline = Instant::now() + patience;
        while self.events(event).len() < count {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {event:?} in {patience:?}:\n{}", self.said());
            let lines = self.log.lines.lock().unwrap();
            drop(
                self.log
                    .grown
                    .wait_timeout(lines, left.min(Duration::from_millis(20)))
                    .unwrap(),
            );
        }
    }

    /// Waits until the program ends by itself, which it must do well.
    pub(crate) fn finish(&mut self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None => assert!(Instant::now() < deadline, "still running:\n{}", self.said()),
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        self.reader.take().unwrap().join().unwrap();
        assert!(status.success(), "{status}:\n{}", self.said());
    }

    /// Ends the program and reads all that it has said.
    pub(crate) fn end(&mut self) {
        let _ = self.child.kill();
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
    }

    pub(crate) fn said(&self) -> String {
        self.log.lines.lock().unwrap().join("\n")
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Everything it says is JSON, unless it fails.
fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or(Value::Null)
}
