//! QEMU's machine protocol (QMP): one JSON object a line, a reply for each command, events in between.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::{Value, json};

/// A connection to one QEMU.
#[derive(Debug)]
pub(super) struct Qmp {
    reader: BufReader<UnixStream>,
    writer: UnixStream,
}

impl Qmp {
    /// Connects and leaves the negotiation mode. Waits until QEMU has made its socket.
    pub(super) fn connect(path: &Path, limit: Duration) -> anyhow::Result<Self> {
        let end = Instant::now() + limit;
        let stream = loop {
            match UnixStream::connect(path) {
                Ok(stream) => break stream,
                Err(_) if Instant::now() < end => std::thread::sleep(Duration::from_millis(5)),
                Err(error) => return Err(error).context("QEMU's control socket does not answer"),
            }
        };
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut qmp = Self {
            reader: BufReader::new(stream.try_clone()?),
            writer: stream,
        };
        qmp.line()?; // The greeting.
        qmp.execute("qmp_capabilities", &json!({}))?;
        Ok(qmp)
    }

    /// Runs a command and returns what it returned.
    pub(super) fn execute(&mut self, command: &str, arguments: &Value) -> anyhow::Result<Value> {
        writeln!(
            self.writer,
            "{}",
            json!({ "execute": command, "arguments": arguments })
        )?;
        loop {
            let reply = self.line()?;
            if let Some(error) = reply.get("error") {
                bail!("QEMU refused {command}: {error}");
            }
            if let Some(value) = reply.get("return") {
                return Ok(value.clone());
            }
            // Anything else is an event, which nobody here waits for.
        }
    }

    fn line(&mut self) -> anyhow::Result<Value> {
        let mut line = String::new();
        if self.reader.read_line(&mut line).context("reading from QEMU")? == 0 {
            bail!("QEMU closed its control socket");
        }
        serde_json::from_str(&line).context("QEMU's words are not JSON")
    }
}
