//! SELECT, and what it tells about a file (ISO/IEC 7816-4:2020, sections 7.4 and 11.2.2).

use host_driver::card::{KTP_EL, LifeCycle, StatusWord};

use super::{
    command::{Command, Expected},
    core::{Answer, CardCore, Current},
};

/// The master file's identifier (ISO/IEC 7816-4:2020, 7.2.2).
const MASTER_FILE: u16 = 0x3F00;

impl CardCore {
    pub(super) fn select(&mut self, command: &Command<'_>) -> Answer {
        let id = match command.data {
            [] => MASTER_FILE,
            [high, low] => u16::from_be_bytes([*high, *low]),
            _ if command.p1 == 0x04 => return Err(StatusWord::FILE_NOT_FOUND), // by name: the application has none
            _ => return Err(StatusWord::WRONG_LENGTH),
        };
        let here = self.current != Current::MasterFile;
        let application = self.store.is_some() && id == KTP_EL.application.0;
        let file = self
            .store
            .as_ref()
            .filter(|_| here)
            .and_then(|store| store.position(|file| file.id == id));
        self.current = match (command.p1, file) {
            (0x00, _) if id == MASTER_FILE => Current::MasterFile,
            (0x00 | 0x01, _) if application => Current::Application,
            (0x00 | 0x02, Some(index)) => Current::File(index),
            (0x00 | 0x01 | 0x02 | 0x04, _) => return Err(StatusWord::FILE_NOT_FOUND),
            _ => return Err(StatusWord::WRONG_PARAMETERS),
        };
        let status = match (self.current, self.life_cycle) {
            (Current::MasterFile, _) => StatusWord::OK,
            (_, LifeCycle::Deactivated) => StatusWord::FILE_DEACTIVATED,
            (_, LifeCycle::Terminated) => StatusWord::FILE_TERMINATED,
            _ => StatusWord::OK,
        };
        let fcp = self.fcp();
        let data = match command.p2 & 0x0C {
            _ if command.expected == Expected::Nothing => Vec::new(),
            0x00 => [&[0x6F, fcp.len() as u8], fcp.as_slice()].concat(),
            0x04 => fcp,
            0x0C => Vec::new(),
            _ => return Err(StatusWord::WRONG_PARAMETERS),
        };
        match command.expected {
            Expected::Exactly(length) if length < data.len() => Err(StatusWord(0x6C00 | data.len() as u16)),
            _ => Ok((data, status)),
        }
    }

    /// File control parameters of the current file.
    fn fcp(&self) -> Vec<u8> {
        let life_cycle = [0x8A, 0x01, self.life_cycle.to_byte()];
        let fields = match (self.current, &self.store) {
            (Current::File(index), Some(store)) => {
                let file = &store.files()[index];
                let ([size_high, size_low], [high, low]) =
                    ((file.bytes.len() as u16).to_be_bytes(), file.id.to_be_bytes());
                let mut fields = vec![
                    0x80, 0x02, size_high, size_low, 0x82, 0x01, 0x01, 0x83, 0x02, high, low,
                ];
                if self.features.short_ids {
                    fields.extend([0x88, 0x01, file.short_id() << 3]);
                } else {
                    fields.extend([0x88, 0x00]);
                }
                [fields.as_slice(), &life_cycle].concat()
            }
            (Current::Application, _) => {
                let [high, low] = KTP_EL.application.to_bytes();
                [&[0x82, 0x01, 0x38, 0x83, 0x02, high, low], life_cycle.as_slice()].concat()
            }
            _ => vec![0x82, 0x01, 0x38, 0x83, 0x02, 0x3F, 0x00, 0x8A, 0x01, 0x05],
        };
        [&[0x62, fields.len() as u8], fields.as_slice()].concat()
    }
}
