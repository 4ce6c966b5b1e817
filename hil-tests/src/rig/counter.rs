//! The operator's program as a child process, spoken to as any program may: JSON lines in and out.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use super::process::Process;

/// A question to the operator.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Ask {
    /// Number that the answer carries.
    pub id: u64,
    /// Which question: `call_next`, `nik`, …
    pub question: String,
    /// Answers to choose from; empty for free text.
    #[serde(default)]
    pub choices: Vec<String>,
    /// The question in Indonesian.
    #[serde(default)]
    pub text_id: String,
    /// The question in English.
    #[serde(default)]
    pub text_en: String,
}

/// One line of the operator's program.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// It asks something.
    Ask(Ask),
    /// It tells something; `event` names what.
    Event {
        /// Name of the event.
        event: String,
        /// The whole object.
        fields: Value,
    },
}

/// A running `loket counter`.
#[derive(Debug)]
pub struct Counter {
    process: Process,
    stdin: ChildStdin,
    lines: Receiver<Line>,
}

impl Counter {
    /// Starts the operator's program for one application. What it says on standard error goes to `words`.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(program: &Path, config: &Path, words: &Path) -> anyhow::Result<Self> {
        Self::start_with(program, &["counter", "--once"], config, words)
    }

    /// Starts the operator's program with another command that speaks JSON.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start_with(
        program: &Path,
        arguments: &[&str],
        config: &Path,
        words: &Path,
    ) -> anyhow::Result<Self> {
        let mut command = Process::command(program);
        command
            .args(arguments)
            .args(["--json", "--config"])
            .arg(config)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(words).context("making the file for the operator's program's words")?);
        let mut process = Process::spawn("loket", &mut command)
            .with_context(|| format!("starting {}", program.display()))?;
        let (Some(stdin), Some(stdout)) = (process.child().stdin.take(), process.child().stdout.take())
        else {
            bail!("the operator's program has no standard streams");
        };
        let (sender, lines) = channel();
        std::thread::Builder::new()
            .name("counter".into())
            .spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    match parse(&line) {
                        Some(line) => {
                            if sender.send(line).is_err() {
                                return;
                            }
                        }
                        None => {
                            log::warn!("the operator's program printed a line that is not of its protocol");
                        }
                    }
                }
            })?;
        Ok(Self {
            process,
            stdin,
            lines,
        })
    }

    /// The next line, `None` when the program has ended.
    ///
    /// # Errors
    /// If it says nothing for so long.
    pub fn next_line(&mut self, limit: Duration) -> anyhow::Result<Option<Line>> {
        match self.lines.recv_timeout(limit) {
            Ok(line) => Ok(Some(line)),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => {
                bail!("the operator's program said nothing for {} s", limit.as_secs())
            }
        }
    }

    /// Answers a question.
    ///
    /// # Errors
    /// If the program no longer listens.
    pub fn answer(&mut self, ask: &Ask, value: &str) -> anyhow::Result<()> {
        let line = json!({ "answer": { "id": ask.id, "value": value } });
        writeln!(self.stdin, "{line}").context("the operator's program no longer listens")?;
        self.stdin
            .flush()
            .context("the operator's program no longer listens")
    }

    /// Kills it (SIGKILL): it has no time to put anything in order.
    pub fn kill(mut self) {
        self.process.kill();
    }

    /// Waits until it has ended by itself.
    pub fn wait_for_end(&mut self, limit: Duration) -> Option<ExitStatus> {
        let end = Instant::now() + limit;
        while self
            .lines
            .recv_timeout(end.saturating_duration_since(Instant::now()))
            .is_ok()
        {}
        self.process.wait_for_end(limit)
    }
}

fn parse(line: &str) -> Option<Line> {
    let mut fields: Value = serde_json::from_str(line).ok()?;
    if let Some(ask) = fields.get_mut("ask") {
        return serde_json::from_value(ask.take()).ok().map(Line::Ask);
    }
    let event = fields.get("event")?.as_str()?.to_owned();
    Some(Line::Event { event, fields })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_told_from_an_event() {
        let ask = parse(
            r#"{"ask":{"id":3,"question":"call_next","choices":["yes","no"],"text_id":"a","text_en":"b"}}"#,
        );
        assert!(matches!(ask, Some(Line::Ask(Ask { id: 3, ref question, .. })) if question == "call_next"));
        let event = parse(r#"{"event":"score","score":87}"#);
        assert!(
            matches!(event, Some(Line::Event { ref event, ref fields }) if event == "score" && fields["score"] == 87)
        );
        assert_eq!(parse("not JSON"), None);
    }
}
