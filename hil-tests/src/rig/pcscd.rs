//! The PC/SC service with two virtual readers: the card printer's encoder and the desk reader.

use std::fmt::Write as _;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::fcntl::{Flock, FlockArg};

use super::isolation::Isolation;
use super::process::Process;

/// The virtual reader driver of Debian's vsmartcard-vpcd.
const DRIVER: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";

/// Where pcscd listens; the path is fixed when pcsc-lite is compiled.
const SOCKET: &str = "/run/pcscd/pcscd.comm";

/// Port of the first virtual reader in the driver package's own configuration.
const SHARED_PORT: u16 = 0x8C7B;

/// A virtual reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Name in PC/SC.
    pub name: String,
    /// Where the driver waits for a card.
    pub address: SocketAddr,
}

/// A PC/SC service with the office's readers.
#[derive(Debug)]
pub struct Pcscd {
    /// Reader in the card printer's contactless station.
    pub encoder: Reader,
    /// Reader on the operator's desk.
    pub desk: Reader,
    process: Option<Process>,
    /// Held while the machine's readers are ours.
    _turn: Option<Flock<File>>,
}

/// Readers of a service of our own. The driver adds two slots to each block; the first one of each is used.
const PRIVATE: [(&str, u16); 2] = [("Loket Encoder", 0x8C7B), ("Loket Desk", 0x8C7D)];

impl Pcscd {
    /// Starts a service of our own in the private place, or finds (or, as root, starts) the machine's.
    ///
    /// # Errors
    /// If there is no service and none can be started.
    pub fn start(isolation: Isolation, folder: &Path) -> anyhow::Result<Self> {
        match isolation {
            Isolation::Private => Self::start_private(folder),
            Isolation::Shared => Self::use_shared(folder),
        }
    }

    fn start_private(folder: &Path) -> anyhow::Result<Self> {
        let config = folder.join("reader.conf");
        let mut text = String::new();
        for (name, port) in PRIVATE {
            // The driver keeps its readers in one table by slot number, which two blocks would share: a card on the desk would
            // also lie in the encoder. A copy under another name has a table of its own.
            let driver = folder.join(format!("vpcd-{port:04x}.so"));
            std::fs::copy(DRIVER, &driver).context("copying the virtual reader driver")?;
            let _ = writeln!(
                text,
                "FRIENDLYNAME \"{name}\"\nDEVICENAME /dev/null:{port:#06X}\nLIBPATH {}\nCHANNELID {port:#06X}\n",
                driver.display()
            );
        }
        std::fs::write(&config, text).context("writing the reader configuration")?;
        let process = spawn(folder, &["--foreground", "--config", &config.to_string_lossy()])?;
        let reader = |(name, port): (&str, u16)| Reader {
            name: format!("{name} 00 00"),
            address: local(port),
        };
        let mut service = Self {
            encoder: reader(PRIVATE[0]),
            desk: reader(PRIVATE[1]),
            process: Some(process),
            _turn: None,
        };
        service.wait_until_ready(folder)?;
        Ok(service)
    }

    /// The machine's service, with the readers of the package's own configuration.
    fn use_shared(folder: &Path) -> anyhow::Result<Self> {
        let reader = |slot: u16| Reader {
            name: format!("Virtual PCD 00 0{slot}"),
            address: local(SHARED_PORT + slot),
        };
        let turn = take_turn()?;
        let running = wakes_up(local(SHARED_PORT).port());
        let process = if running {
            None
        } else if nix::unistd::geteuid().is_root() {
            std::fs::create_dir_all("/run/pcscd").context("making /run/pcscd")?;
            Some(spawn(folder, &["--foreground"])?)
        } else {
            bail!(
                "no PC/SC service with virtual readers is running, this user may not start one, and the kernel allows no \
                 private namespaces.\n  try: sudo systemctl start pcscd   (or run this as root)"
            );
        };
        let mut service = Self {
            encoder: reader(0),
            desk: reader(1),
            process,
            _turn: Some(turn),
        };
        service.wait_until_ready(folder)?;
        Ok(service)
    }

    fn wait_until_ready(&mut self, folder: &Path) -> anyhow::Result<()> {
        let limit = Instant::now() + Duration::from_secs(10);
        let ready = |reader: &Reader| listening_ports().contains(&reader.address.port());
        while !(Path::new(SOCKET).exists() && ready(&self.encoder) && ready(&self.desk)) {
            if let Some(status) = self.process.as_mut().and_then(Process::ended) {
                bail!(
                    "pcscd ended at once ({status}); its words are in {}",
                    folder.join("pcscd.log").display()
                );
            }
            if Instant::now() > limit {
                bail!(
                    "pcscd does not show its readers; its words are in {}",
                    folder.join("pcscd.log").display()
                );
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Ends the service, as when someone stops it in the middle of the work.
    pub fn stop(&mut self) {
        self.process = None;
    }
}

fn spawn(folder: &Path, arguments: &[&str]) -> anyhow::Result<Process> {
    let log = File::create(folder.join("pcscd.log")).context("making pcscd's log")?;
    let mut command = Process::command("/usr/sbin/pcscd");
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    Process::spawn("pcscd", &mut command).context("starting pcscd; `cargo rig setup` installs it")
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// A place without a PC/SC service, for as long as this is held.
#[derive(Debug)]
pub struct NoService {
    /// In the shared place: no other office starts one meanwhile.
    _turn: Option<Flock<File>>,
}

impl NoService {
    /// Makes sure that there is none.
    ///
    /// # Errors
    /// If the machine's own service runs where the office must share it.
    pub fn ensure(isolation: Isolation) -> anyhow::Result<Self> {
        let turn = match isolation {
            Isolation::Private => None,
            Isolation::Shared => Some(take_turn()?),
        };
        if UnixStream::connect(SOCKET).is_ok() {
            bail!(
                "the machine's own PC/SC service runs; stop it to see this fault: sudo systemctl stop pcscd.socket pcscd"
            );
        }
        Ok(Self { _turn: turn })
    }
}

/// Waits until no other office on this machine uses the machine's readers: there is one pair of them.
fn take_turn() -> anyhow::Result<Flock<File>> {
    // By user: a lock file of root's could not be opened by anyone else.
    let path = std::env::temp_dir().join(format!("loket-readers-{}.lock", nix::unistd::geteuid()));
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("opening {}", path.display()))?;
    Flock::lock(file, FlockArg::LockExclusive)
        .map_err(|(_, error)| error)
        .with_context(|| format!("waiting for {}", path.display()))
}

/// Whether the machine's service is there with its virtual readers. systemd starts it when somebody knocks.
fn wakes_up(port: u16) -> bool {
    if UnixStream::connect(SOCKET).is_err() {
        return false;
    }
    let limit = Instant::now() + Duration::from_secs(3);
    while !listening_ports().contains(&port) {
        if Instant::now() > limit {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}

/// Ports on which somebody listens, read from the kernel: a trial connection would insert a card.
fn listening_ports() -> Vec<u16> {
    // proc(5): local address is the second column as HEX:PORT, state the fourth; 0A is TCP_LISTEN.
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap_or_default();
    table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let mut columns = line.split_whitespace();
            let local = columns.nth(1)?;
            (columns.nth(1)? == "0A").then(|| u16::from_str_radix(local.rsplit(':').next()?, 16).ok())?
        })
        .collect()
}
