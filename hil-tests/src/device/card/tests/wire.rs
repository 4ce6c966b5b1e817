//! The card as the virtual reader's driver meets it, over a real socket.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};

use super::{
    super::{Fault, FaultKind, Inserted},
    Shared, blank, uid,
};

/// The driver's side: asks as `vpcd` does, length and body in two writes.
struct Driver(TcpStream);

impl Driver {
    /// A reader with `card` in it.
    fn with(card: &Shared) -> (Self, Inserted) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let inserted = Inserted::insert(listener.local_addr().unwrap(), Arc::clone(card)).unwrap();
        let (line, _) = listener.accept().unwrap();
        line.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        line.set_nodelay(true).unwrap();
        (Self(line), inserted)
    }

    fn tell(&mut self, body: &[u8]) {
        self.0.write_all(&(body.len() as u16).to_be_bytes()).unwrap();
        self.0.write_all(body).unwrap();
    }

    /// The answer, or nothing when the card left.
    fn ask(&mut self, body: &[u8]) -> Option<Vec<u8>> {
        self.tell(body);
        let mut length = [0; 2];
        self.0.read_exact(&mut length).ok()?;
        let mut answer = vec![0; u16::from_be_bytes(length).into()];
        self.0.read_exact(&mut answer).ok()?;
        Some(answer)
    }
}

#[test]
fn the_driver_gets_atr_and_answers() {
    let card = blank();
    let (mut driver, _inserted) = Driver::with(&card);
    driver.tell(&[1]);
    assert_eq!(driver.ask(&[4]).as_deref(), Some(card.lock().unwrap().atr()));
    assert_eq!(
        driver.ask(&[0xFF, 0xCA, 0, 0, 0]),
        Some([uid().as_bytes(), &[0x90, 0]].concat())
    );
}

#[test]
fn a_reset_forgets_the_selection() {
    let (mut driver, _inserted) = Driver::with(&blank());
    assert_eq!(driver.ask(&[0, 0xA4, 0, 0, 2, 0x7F, 0x0A]), Some(vec![0x90, 0]));
    assert_eq!(driver.ask(&[0, 0xA4, 0, 0, 2, 0x6F, 0xF2]), Some(vec![0x90, 0]));
    driver.tell(&[2]);
    assert_eq!(driver.ask(&[0, 0xB0, 0, 0, 2]), Some(vec![0x69, 0x86]));
}

#[test]
fn dropping_takes_the_card_out() {
    let (mut driver, inserted) = Driver::with(&blank());
    assert!(inserted.is_inserted());
    drop(inserted);
    assert_eq!(driver.0.read(&mut [0]).unwrap(), 0);
}

#[test]
fn removing_waits_until_the_driver_has_looked() {
    let card = blank();
    let (mut driver, inserted) = Driver::with(&card);
    let removal = thread::spawn(move || inserted.remove());
    // The line ends; a command in between is not carried out any more.
    assert_eq!(driver.0.read(&mut [0]).unwrap(), 0);
    driver.tell(&[0, 0xA4, 0, 0, 2, 0x7F, 0x0A]);
    assert!(!removal.is_finished(), "the driver has not closed its end yet");
    drop(driver);
    removal.join().unwrap();
    assert_eq!(
        card.lock().unwrap().process(&[0, 0xA4, 0, 0, 2, 0x6F, 0xF0]),
        Some(vec![0x6A, 0x82])
    );
}

#[test]
fn a_fault_takes_the_card_out_and_it_can_come_back() {
    let card = blank();
    let (mut driver, inserted) = Driver::with(&card);
    card.lock().unwrap().arm([Fault {
        at: 2,
        kind: FaultKind::RemovedBefore,
    }]);
    assert!(driver.ask(&[0xFF, 0xCA, 0, 0, 0]).is_some());
    assert_eq!(driver.ask(&[0xFF, 0xCA, 0, 0, 0]), None);
    drop(inserted);
    let (mut driver, _inserted) = Driver::with(&card);
    assert!(driver.ask(&[0xFF, 0xCA, 0, 0, 0]).is_some());
}

#[test]
fn nothing_waits_at_the_address_is_an_error() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(Inserted::insert(nobody, blank()).is_err());
}
