//! The words on the screen, in both languages.

use protocol::message::TicketDenial;

use super::super::model::{Language, Sorry, StorageTrouble, Trouble};

/// What happened in a few words, and what the resident can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub headline: &'static str,
    pub advice: &'static str,
}

const fn message(headline: &'static str, advice: &'static str) -> Message {
    Message { headline, advice }
}

/// All words of one language.
#[derive(Debug)]
pub(super) struct Words {
    pub starting: Message,
    pub offline: Message,
    pub closed: Message,
    pub please_wait: Message,
    full: Message,
    no_numbers: Message,
    try_again: Message,
    paper_out: Message,
    cover_open: Message,
    printer_broken: Message,
    storage: Message,
    card_missing: &'static str,
    card_foreign: &'static str,
    card_full: &'static str,
    card_failed: &'static str,
    /// Above the list of services.
    pub choose: &'static str,
    /// Above the list of those who have priority.
    pub priority: &'static str,
    /// Who has it.
    pub entitled: &'static str,
    /// At the key that shows the list of those who have priority, and at the one that leaves it.
    pub priority_hint: &'static str,
    pub ordinary_hint: &'static str,
    /// At the key that changes the language: the name of the other one, in that language.
    pub other_language: &'static str,
    pub other_language_short: &'static str,
    pub your_number: &'static str,
    pub printing: &'static str,
    pub take_ticket: &'static str,
    pub no_ticket: &'static str,
    pub perhaps_no_ticket: &'static str,
    pub note_it_down: &'static str,
    /// Before a counter's number.
    pub go_to_counter: &'static str,
}

static INDONESIAN: Words = Words {
    starting: message("Mohon tunggu", "Sedang disiapkan"),
    offline: message("Sedang gangguan", "Hubungi petugas"),
    closed: message("TUTUP", "Silakan datang lagi nanti"),
    please_wait: message("Mohon tunggu", "Sebentar, ya"),
    full: message("Nomor habis", "untuk hari ini"),
    no_numbers: message("Nomor sedang tidak ada", "Hubungi petugas"),
    try_again: message("Belum berhasil", "Silakan coba lagi"),
    paper_out: message("Kertas habis", "Hubungi petugas"),
    cover_open: message("Penutup printer terbuka", "Hubungi petugas"),
    printer_broken: message("Printer bermasalah", "Hubungi petugas"),
    storage: message("Mesin belum siap", "Hubungi petugas"),
    card_missing: "Tanpa kartu SD",
    card_foreign: "Kartu SD asing",
    card_full: "Kartu SD penuh",
    card_failed: "Kartu SD rusak",
    choose: "Pilih layanan",
    priority: "PRIORITAS",
    entitled: "Lansia, difabel, ibu hamil",
    priority_hint: "Prioritas",
    ordinary_hint: "Umum",
    other_language: "English",
    other_language_short: "EN",
    your_number: "Nomor Anda",
    printing: "Tiket dicetak...",
    take_ticket: "Silakan ambil tiket",
    no_ticket: "Tiket tidak keluar",
    perhaps_no_ticket: "Tiket tidak keluar?",
    note_it_down: "Catat nomor ini",
    go_to_counter: "Ke loket",
};

static ENGLISH: Words = Words {
    starting: message("Please wait", "Getting ready"),
    offline: message("Out of service", "Please ask the staff"),
    closed: message("CLOSED", "Please come back later"),
    please_wait: message("Please wait", "Just a moment"),
    full: message("No numbers left", "for today"),
    no_numbers: message("No numbers right now", "Please ask the staff"),
    try_again: message("That did not work", "Please try again"),
    paper_out: message("Out of paper", "Please tell the staff"),
    cover_open: message("Printer cover is open", "Please tell the staff"),
    printer_broken: message("Printer has a problem", "Please tell the staff"),
    storage: message("Not ready", "Please tell the staff"),
    card_missing: "No SD card",
    card_foreign: "Foreign SD card",
    card_full: "SD card full",
    card_failed: "SD card broken",
    choose: "Choose a service",
    priority: "PRIORITY",
    entitled: "Elderly, disabled, pregnant",
    priority_hint: "Priority",
    ordinary_hint: "General",
    other_language: "Indonesia",
    other_language_short: "ID",
    your_number: "Your number",
    printing: "Printing ticket...",
    take_ticket: "Take your ticket",
    no_ticket: "No ticket came out",
    perhaps_no_ticket: "No ticket came out?",
    note_it_down: "Note this number",
    go_to_counter: "Go to counter",
};

impl Words {
    pub(super) const fn of(language: Language) -> &'static Self {
        match language {
            Language::Indonesian => &INDONESIAN,
            Language::English => &ENGLISH,
        }
    }

    /// Why there is no number.
    pub(super) const fn sorry(&self, why: Sorry) -> Message {
        match why {
            Sorry::Denied(TicketDenial::Closed) => self.closed,
            Sorry::Denied(TicketDenial::Full) => self.full,
            Sorry::Denied(_) | Sorry::NoAnswer => self.try_again,
            Sorry::NoNumbers => self.no_numbers,
            Sorry::Printer(Trouble::PaperOut) => self.paper_out,
            Sorry::Printer(Trouble::CoverOpen) => self.cover_open,
            Sorry::Printer(Trouble::Broken) => self.printer_broken,
            Sorry::Storage(_) => self.storage,
        }
    }

    /// What staff must know of it, and residents need not.
    pub(super) const fn for_staff(&self, why: Sorry) -> Option<&'static str> {
        match why {
            Sorry::Storage(StorageTrouble::Missing) => Some(self.card_missing),
            Sorry::Storage(StorageTrouble::Foreign) => Some(self.card_foreign),
            Sorry::Storage(StorageTrouble::Full) => Some(self.card_full),
            Sorry::Storage(StorageTrouble::Failed) => Some(self.card_failed),
            Sorry::Denied(_) | Sorry::NoAnswer | Sorry::NoNumbers | Sorry::Printer(_) => None,
        }
    }

    /// What a resident need not read from a metre.
    #[cfg(test)]
    pub(super) fn helpful(&self) -> [&'static str; 10] {
        [
            self.card_missing,
            self.card_foreign,
            self.card_full,
            self.card_failed,
            self.choose,
            self.entitled,
            self.priority_hint,
            self.ordinary_hint,
            self.other_language,
            self.other_language_short,
        ]
    }
}
