//! Puts an emulated card into a virtual reader of pcscd (vsmartcard's `vpcd` driver).
//!
//! The card is a TCP client of the driver: connecting inserts it, closing removes it.
//!
//! Wire, both directions: `| length: u16 BE | body |`. A body of one byte is a control: 0 power off, 1 power on, 2 reset,
//! 4 "give ATR", which alone is answered. Any other body is a command APDU and is answered.
//!
//! Two habits of the driver and of pcscd (pcsc-lite 1.9, vsmartcard 3.3) to know:
//!
//! - The driver keeps its slots in one global table, indexed by the slot's number. A second reader in `reader.conf` with
//!   the same `LIBPATH` takes the first one's slots over: its cards then show in both. Each reader needs its own copy of
//!   `libifdvpcd.so` under another path.
//! - pcscd looks whether a card is there every 0.4 s. A card put in sooner after another was taken out is taken for the
//!   same one, and its first command fails. [`Inserted::remove`] waits until pcscd has looked; dropping does not.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs},
    os::linux::net::TcpStreamExt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::core::CardCore;

/// Longest wait for the driver to take the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Longest wait for pcscd to see that a card is gone: more than two of its looks.
const REMOVAL_TIMEOUT: Duration = Duration::from_secs(1);

const POWER_OFF: u8 = 0;
const POWER_ON: u8 = 1;
const RESET: u8 = 2;
const GIVE_ATR: u8 = 4;

/// A card in a reader. Dropping it takes the card out; [`Self::remove`] does and waits until the reader saw it.
#[derive(Debug)]
pub struct Inserted {
    wire: TcpStream,
    /// Set when the card is taken out: from then on it answers nothing.
    leaving: Arc<AtomicBool>,
    /// Closed by the server when the line is.
    gone: Receiver<()>,
    server: Option<JoinHandle<()>>,
}

impl Inserted {
    /// Inserts the card into the virtual reader that waits at `address`, for instance `127.0.0.1:35963`.
    ///
    /// The reader shows the card when pcscd next polls it, within half a second.
    ///
    /// # Errors
    /// When nothing waits there: pcscd is not running, or its configuration gives the reader another port.
    pub fn insert(address: impl ToSocketAddrs, card: Arc<Mutex<CardCore>>) -> io::Result<Self> {
        let wire = connect(address)?;
        wire.set_nodelay(true)?;
        card.lock().unwrap_or_else(PoisonError::into_inner).power_on();
        let leaving = Arc::new(AtomicBool::new(false));
        let (open, gone) = mpsc::channel();
        let server = {
            let (wire, leaving) = (wire.try_clone()?, Arc::clone(&leaving));
            thread::Builder::new()
                .name("emulated card".into())
                .spawn(move || {
                    if let Err(error) = serve(&wire, &card, &leaving) {
                        log::debug!("emulated card: the reader closed the line: {error}");
                    }
                    // Also when a fault took the card out of the field: the reader must see it go.
                    let _ = wire.shutdown(Shutdown::Both);
                    drop(open);
                })?
        };
        Ok(Self {
            wire,
            leaving,
            gone,
            server: Some(server),
        })
    }

    /// Whether the card is still in the reader: false after a fault removed it, or when pcscd went away.
    pub fn is_inserted(&self) -> bool {
        self.server.as_ref().is_some_and(|server| !server.is_finished())
    }

    /// Takes the card out and waits until pcscd has seen that it is gone: 0.4 s, at most 1 s.
    pub fn remove(self) {
        self.leaving.store(true, Ordering::Release);
        // The driver finds the end of the line when it next looks for the card, and then closes its own end.
        let _ = self.wire.shutdown(Shutdown::Write);
        // Nothing is ever sent: this waits for the server to end, or for the time.
        let _ = self.gone.recv_timeout(REMOVAL_TIMEOUT);
    }
}

impl Drop for Inserted {
    fn drop(&mut self) {
        // Fails when the line is closed already, which is what is wanted.
        let _ = self.wire.shutdown(Shutdown::Both);
        if let Some(server) = self.server.take() {
            let _ = server.join();
        }
    }
}

fn connect(address: impl ToSocketAddrs) -> io::Result<TcpStream> {
    let mut failure = io::Error::new(io::ErrorKind::InvalidInput, "no address of a virtual reader");
    for address in address.to_socket_addrs()?.collect::<Vec<SocketAddr>>() {
        match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
            Ok(wire) => return Ok(wire),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Answers the driver until the line closes or the card leaves the field.
fn serve(mut wire: &TcpStream, card: &Mutex<CardCore>, leaving: &AtomicBool) -> io::Result<()> {
    let mut body = Vec::new();
    loop {
        // The driver sends length and body in two writes. Without an immediate acknowledgement of the first, its kernel
        // holds the second back for 40 ms; the option lasts only until the kernel changes its mind, so set it each time.
        wire.set_quickack(true)?;
        let mut length = [0; 2];
        wire.read_exact(&mut length)?;
        body.resize(u16::from_be_bytes(length).into(), 0);
        wire.set_quickack(true)?;
        wire.read_exact(&mut body)?;
        if leaving.load(Ordering::Acquire) {
            continue; // Not there any more; goes on until the driver closes.
        }
        let reply = {
            let mut card = card.lock().unwrap_or_else(PoisonError::into_inner);
            match body.as_slice() {
                [] | [POWER_OFF] => None,
                [POWER_ON | RESET] => {
                    card.power_on();
                    None
                }
                [GIVE_ATR] => Some(card.atr().to_vec()),
                apdu => match card.process(apdu) {
                    Some(reply) => Some(reply),
                    None => return Ok(()),
                },
            }
        };
        if let Some(reply) = reply {
            // One write, so that the driver never waits for a second part.
            let length = u16::try_from(reply.len()).map_err(|_| io::ErrorKind::InvalidData)?;
            wire.write_all(&[&length.to_be_bytes(), reply.as_slice()].concat())?;
        }
    }
}
