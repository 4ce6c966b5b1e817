//! The printer on a TCP port of this machine, for clients that expect a network printer.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::device::background::Background;
use crate::device::serial::{LineSpeed, SerialDevice, serve};

/// How often the listener looks whether it should end, and how long a read of a client's connection waits.
const TICK: Duration = Duration::from_millis(5);

/// A device that a thread of its own serves on the loopback address, one client after the other. Dropping it closes
/// the port.
#[derive(Debug)]
pub struct Listening {
    address: SocketAddr,
    _server: Background,
}

impl Listening {
    /// Serves `device` on 127.0.0.1, on `port` or, if that is 0, on a free one.
    ///
    /// # Errors
    /// What the operating system says when the port is taken or it has no thread left.
    pub fn on_loopback<D>(device: Arc<Mutex<D>>, port: u16) -> io::Result<Self>
    where
        D: SerialDevice + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let server = Background::spawn(format!("device {address}"), move |stop| {
            accept(&listener, &device, stop);
        })?;
        Ok(Self {
            address,
            _server: server,
        })
    }

    /// Where a client connects.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

fn accept<D: SerialDevice>(listener: &TcpListener, device: &Mutex<D>, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let Ok((mut client, _)) = listener.accept() else {
            thread::sleep(TICK);
            continue;
        };
        let served = client
            .set_nonblocking(false)
            .and_then(|()| client.set_read_timeout(Some(TICK)))
            .and_then(|()| client.set_write_timeout(Some(TICK)))
            .and_then(|()| client.set_nodelay(true))
            .and_then(|()| serve(device, &mut client, LineSpeed::Immediate, stop));
        if let Err(error) = served {
            log::info!("a client of the emulated device left: {error}");
        }
    }
}
