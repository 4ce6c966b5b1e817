//! `loket board status`: how each board is, and how the line to it is, as both ends see it.

use std::fmt::Write as _;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use serde_json::json;

use super::super::counter::patience;
use super::super::failure::{Exit, Failure};
use super::super::lists::is_printed;
use super::counters::{Assessment, Received, by_name};
use super::health;
use crate::board::ends::EndWords;
use crate::board::{Board, BoardError, BoardEvent};
use crate::config::{Config, ConfigError};
use crate::store::{BoardEnd, Store};
use protocol::link::Peer;
use protocol::message::{Health, HealthRequest, LinkCounters, Status, StatusRequest};
use protocol::{Message, Role, version};

/// How long a board may take to say how it is.
const TIMEOUT: Duration = Duration::from_secs(3);
/// The version of the protocol in which boards can say how well they are.
const HEALTH_SINCE: u8 = 3;
/// How often it is asked: for the round trip, and so that enough frames pass to say something of the line.
const ASKED: usize = 20;

/// A board that is open, or why it is not.
struct Asked<'a> {
    role: Role,
    port: &'a str,
    opened: Opened,
}

type Opened = Result<(Board, Receiver<BoardEvent>), String>;

/// What a board and its line are like.
struct Answer {
    peer: Peer,
    status: Status,
    /// Of a board that knows the question.
    health: Option<Health>,
    /// How its firmware ended last, if it ever told.
    last_end: Option<BoardEnd>,
    ours: LinkCounters,
    /// The shortest and the longest time from a request to its answer.
    round_trip: (Duration, Duration),
}

/// Asks each configured board how it is; every `watch` seconds, if that is given.
pub(in super::super) fn status(config: &Config, as_json: bool, watch: Option<f64>) -> Result<Exit, Failure> {
    watched(config, as_json, watch, is_printed)
}

/// The same, with what shows an answer: `false` says that nobody reads any more.
fn watched(
    config: &Config,
    as_json: bool,
    watch: Option<f64>,
    mut show: impl FnMut(&str) -> Result<bool, Failure>,
) -> Result<Exit, Failure> {
    let ports = [
        (Role::Kiosk, &config.boards.kiosk),
        (Role::Capture, &config.boards.capture),
    ];
    let mut asked = Vec::new();
    for (role, port) in ports {
        let Some(port) = port else { continue };
        let opened = open(config, port, role)?;
        asked.push(Asked { role, port, opened });
    }
    if asked.is_empty() {
        return Err(ConfigError::Missing("boards.kiosk").into());
    }
    loop {
        let answers: Vec<_> = asked
            .iter()
            .map(|asked| {
                let mut answer = asked.ask(patience(config))?;
                answer.last_end = last_end(config, asked.role);
                Ok(answer)
            })
            .collect();
        let both = || asked.iter().zip(&answers);
        let text: String = if as_json {
            let boards: Vec<_> = both().map(|(asked, answer)| asked.json(answer)).collect();
            format!("{}\n", json!({ "boards": boards }))
        } else {
            both().map(|(asked, answer)| asked.text(answer)).collect()
        };
        let is_read = show(&text)?;
        let Some(seconds) = watch.filter(|_| is_read) else {
            let all = answers.iter().all(Result::is_ok);
            return Ok(if all { Exit::Done } else { Exit::Device });
        };
        std::thread::sleep(Duration::from_secs_f64(seconds));
        for asked in asked.iter_mut().filter(|asked| asked.opened.is_err()) {
            asked.opened = open(config, asked.port, asked.role)?;
        }
    }
}

/// What the store has of a board's last end. A technician's table does without where there is no store.
fn last_end(config: &Config, role: Role) -> Option<BoardEnd> {
    let path = &config.store.path;
    let store = path.exists().then(|| Store::open(path).ok()).flatten()?;
    store.board_ends(&super::name(role), 1).ok()?.into_iter().next()
}

/// Opens a board. A port that cannot be opened is this board's news, not the end.
fn open(config: &Config, port: &str, role: Role) -> Result<Opened, Failure> {
    match super::open(config, port, role) {
        Err(failure) if failure.exit() == Exit::Device => Ok(Err(failure.to_string())),
        other => Ok(Ok(other?)),
    }
}

impl Asked<'_> {
    fn ask(&self, patience: Duration) -> Result<Answer, String> {
        let (board, events) = self.opened.as_ref().map_err(Clone::clone)?;
        // Nobody reads them; they are not to pile up.
        events.try_iter().for_each(drop);
        ask(board, patience).map_err(|error| error.to_string())
    }

    fn json(&self, answer: &Result<Answer, String>) -> serde_json::Value {
        let role = super::name(self.role);
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return json!({ "role": role, "port": self.port, "error": error }),
        };
        let counters = |counters: &LinkCounters, version| {
            let named = by_name(counters, version).into_iter();
            let object: serde_json::Map<_, _> = named
                .map(|(spec, count)| (spec.name.to_owned(), json!(count)))
                .collect();
            object
        };
        let line = |counters: &LinkCounters| {
            let received = Received::of(counters);
            let assessment = Assessment::of(received);
            json!({
                "assessment": assessment.word(),
                "text": assessment.to_string(),
                "frames": received.intact + received.damaged,
                "damaged": received.damaged,
                "bit_error_rate": received.bit_error_rate(),
            })
        };
        let (peer, status) = (&answer.peer, &answer.status);
        json!({
            "role": role,
            "port": self.port,
            "firmware": firmware_version(status),
            "build": format!("{:08x}", status.firmware.build),
            "uptime_ms": status.uptime_ms,
            "boot_id": format!("{:08x}", peer.boot_id),
            "protocol_version": peer.version,
            "round_trip_us": {
                "least": answer.round_trip.0.as_micros() as u64,
                "most": answer.round_trip.1.as_micros() as u64,
            },
            "uart_overruns": status.uart_overruns,
            "health": answer.health.as_ref().map(health::to_json),
            "last_end": answer.last_end.as_ref().map(|last| json!({
                "told_at": last.told_at.to_string(),
                "cause": format!("{:?}", last.end.cause),
                "build": format!("{:08x}", last.end.firmware.build),
                "tasks": last.end.tasks,
                "pc": last.end.pc,
                "text": EndWords(&last.end).to_string(),
            })),
            "board": counters(&status.link, peer.version),
            "host": counters(&answer.ours, version::CURRENT),
            "to_board": line(&status.link),
            "from_board": line(&answer.ours),
        })
    }

    fn text(&self, answer: &Result<Answer, String>) -> String {
        let name = super::name(self.role);
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return format!("{name}: {error}\n\n"),
        };
        let (peer, status) = (&answer.peer, &answer.status);
        let mut text = format!("{name} on {}\n", self.port);
        let mut row = |key: &str, value: String| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {key:<18}{value}");
        };
        row(
            "firmware",
            format!(
                "{}, build {:08x}",
                firmware_version(status),
                status.firmware.build
            ),
        );
        row("up for", up_time(status.uptime_ms));
        row(
            "session",
            format!(
                "of boot {:08x}, version {} of the protocol",
                peer.boot_id, peer.version
            ),
        );
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let (least, most) = answer.round_trip;
        row(
            "round trip",
            format!("{:.1} to {:.1} ms, of {ASKED} requests", ms(least), ms(most)),
        );
        let (board, host) = (Received::of(&status.link), Received::of(&answer.ours));
        row("host to board", Assessment::of(board).to_string());
        row("board to host", Assessment::of(host).to_string());
        for (name, words) in answer.health.iter().flat_map(health::rows) {
            row(name, words);
        }
        if let Some(last) = &answer.last_end {
            row(
                "last end",
                format!("told {}: {}", last.told_at, EndWords(&last.end)),
            );
        }
        if answer.health.is_none() && status.uart_overruns > 0 {
            row(
                "UARTs",
                format!(
                    "{} bytes lost by the board, not by a line: it was too busy to read them",
                    status.uart_overruns
                ),
            );
        }
        let _ = writeln!(text, "  {:<18}{:>12}{:>12}", "counter", "board", "host");
        let of_board = by_name(&status.link, peer.version);
        let of_host = by_name(&answer.ours, version::CURRENT);
        let shown = |count: Option<u64>| count.map_or("-".to_owned(), |count| count.to_string());
        for ((spec, board), (_, host)) in of_board.into_iter().zip(of_host) {
            let name = spec.name.replace('_', " ");
            let (board, host) = (shown(board), shown(host));
            let _ = writeln!(text, "  {name:<18}{board:>12}{host:>12}");
        }
        let _ = writeln!(
            text,
            "  {:<18}{:>12}{:>12}\n",
            "UART overruns", status.uart_overruns, "-"
        );
        text
    }
}

fn ask(board: &Board, patience: Duration) -> Result<Answer, BoardError> {
    let peer = board.wait_until_up(patience)?;
    let (mut least, mut most) = (Duration::MAX, Duration::ZERO);
    let mut last = None;
    for _ in 0..ASKED {
        let asked_at = Instant::now();
        let answer = board.request(StatusRequest {}, TIMEOUT)?;
        let took = asked_at.elapsed();
        (least, most) = (least.min(took), most.max(took));
        last = Some(answer);
    }
    let health = if peer.version >= HEALTH_SINCE {
        match board.request(HealthRequest {}, TIMEOUT)? {
            Message::Health(health) => Some(health),
            _ => return Err(BoardError::BadReply),
        }
    } else {
        None
    };
    match last {
        Some(Message::Status(status)) => Ok(Answer {
            peer,
            status,
            health,
            last_end: None,
            ours: board.counters(),
            round_trip: (least, most),
        }),
        _ => Err(BoardError::BadReply),
    }
}

fn firmware_version(status: &Status) -> String {
    let firmware = status.firmware;
    format!("{}.{}.{}", firmware.major, firmware.minor, firmware.patch)
}

/// `3 d 04:05:06`.
fn up_time(ms: u64) -> String {
    let seconds = ms / 1000;
    let clock = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60
    );
    match seconds / 86_400 {
        0 => clock,
        days => format!("{days} d {clock}"),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use protocol::message::Firmware;
    use serialport::{SerialPort as _, TTYPort};

    use super::*;

    fn asked() -> Asked<'static> {
        Asked {
            role: Role::Kiosk,
            port: "/dev/ttyUSB0",
            opened: Err("not opened".into()),
        }
    }

    fn answer() -> Answer {
        let firmware = Firmware {
            major: 1,
            minor: 2,
            patch: 3,
            build: 0xfeed_beef,
        };
        Answer {
            peer: Peer {
                role: Role::Kiosk,
                boot_id: 0x1057,
                firmware,
                version: 1,
            },
            status: Status {
                uptime_ms: 273_906_000,
                uart_overruns: 2,
                firmware,
                link: LinkCounters {
                    frames_received: 899,
                    bytes_received: 45_000,
                    crc_errors: 1,
                    ..LinkCounters::default()
                },
            },
            health: Some(health::tests::well()),
            last_end: None,
            ours: LinkCounters {
                frames_received: 900,
                retransmissions: 1,
                ..LinkCounters::default()
            },
            round_trip: (Duration::from_micros(1200), Duration::from_micros(3400)),
        }
    }

    /// A counter with a kiosk at this port, which is not waited for.
    fn counter(port: &Path) -> Config {
        let text = format!(
            r#"
                [office]
                name = "Disdukcapil"
                province = "SUMATERA BARAT"
                regency = "KOTA PADANG PANJANG"
                office_place = "PADANG PANJANG"
                counter = 2
                [store]
                path = "office.sqlite"
                [boards]
                kiosk = "{}"
                patience_seconds = 0
            "#,
            port.display()
        );
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn watching_ends_when_nobody_reads_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let config = counter(&folder.path().join("port"));
        let mut shown = 0;
        let exit = watched(&config, false, Some(0.1), |_| {
            shown += 1;
            assert!(shown <= 3, "it goes on");
            Ok(shown < 3)
        });
        assert_eq!(exit.unwrap(), Exit::Device);
        assert_eq!(shown, 3);
    }

    #[test]
    fn a_board_that_is_plugged_in_while_it_is_watched_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let port = folder.path().join("port");
        let (_board, plug) = TTYPort::pair().unwrap();
        let mut shown = Vec::new();
        watched(&counter(&port), false, Some(0.1), |text| {
            shown.push(text.to_owned());
            if shown.len() == 1 {
                symlink(plug.name().unwrap(), &port).unwrap();
            }
            Ok(shown.len() < 2)
        })
        .unwrap();
        assert!(shown[0].contains("cannot be opened"), "{shown:?}");
        assert!(shown[1].contains("no board answers"), "{shown:?}");
    }

    #[test]
    fn a_technician_reads_both_ends_in_one_table() {
        let text = asked().text(&Ok(answer()));
        for line in [
            "kiosk on /dev/ttyUSB0",
            "  firmware          1.2.3, build feedbeef",
            "  up for            3 d 04:05:06",
            "  round trip        1.2 to 3.4 ms, of 20 requests",
            "  host to board     1 of 900 frames damaged, about one wrong bit in 449750 (bit error rate 2e-6): check \
             cable, ground and baud rate",
            "  board to host     line is clean: none of 900 frames damaged",
            "  self-test         all is well",
            "  stack             9000 bytes were never used",
            "  counter                  board        host",
            "  crc errors                   1           0",
            "  retransmissions              0           1",
            "  timeouts                     -           0",
            "  UART overruns                2           -",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
        }
        let error = asked().text(&Err("no board answers".into()));
        assert_eq!(error, "kiosk: no board answers\n\n");
    }

    #[test]
    fn a_program_reads_both_ends_in_one_object() {
        let json = asked().json(&Ok(answer()));
        assert_eq!(json["board"]["crc_errors"], 1);
        assert_eq!(json["host"]["retransmissions"], 1);
        assert_eq!(json["to_board"]["assessment"], "bad");
        assert_eq!(json["from_board"]["assessment"], "clean");
        assert_eq!(json["round_trip_us"]["least"], 1200);
        assert_eq!(json["health"]["busy_permille"], 4);
        assert_eq!(json["health"]["words"]["self_test"], "all is well");
        let error = asked().json(&Err("no board answers".into()));
        assert_eq!(error["error"], "no board answers");
    }
}
