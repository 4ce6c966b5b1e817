//! `loket ticket`: what staff see and do of the queue's tickets, beside a running counter.

mod reprint;

use super::failure::{Exit, Failure};
use super::lists::{print, print_json};
use super::{ConfigFile, load};
use crate::config::Config;
use crate::office::clock::{Clock as _, Moment, SystemClock};
use crate::office::queue::{Queue, ticket_id_text};
use crate::office::words::Words;
use crate::store::{Store, Ticket, TicketState};
use serde_json::json;
use std::fmt::Write as _;

/// How long a stray ticket is listed.
const STRAYS_MS: i64 = 24 * 60 * 60 * 1000;

#[derive(Debug, clap::Subcommand)]
pub(super) enum TicketCommand {
    /// Lists the tickets of a day, with what is to be done about those whose paper is in doubt.
    List {
        /// The day, YYYY-MM-DD; without it today.
        #[arg(long, value_name = "DAY")]
        day: Option<String>,
        #[command(flatten)]
        config: ConfigFile,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Shows one ticket.
    Show {
        /// Its number today, such as A012, or the LOKET-… of its QR code.
        #[arg(value_name = "NUMBER")]
        ticket: String,
        #[command(flatten)]
        config: ConfigFile,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Prints a ticket again at the kiosk, marked as a copy. The counter (`loket counter`) must be running.
    Reprint {
        /// Its number today, such as A012, or the LOKET-… of its QR code.
        #[arg(value_name = "NUMBER")]
        ticket: String,
        #[command(flatten)]
        config: ConfigFile,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Takes a ticket out of the queue: it is not called any more.
    Void {
        /// Its number today, such as A012, or the LOKET-… of its QR code.
        #[arg(value_name = "NUMBER")]
        ticket: String,
        #[command(flatten)]
        config: ConfigFile,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: &TicketCommand) -> Result<Exit, Failure> {
    match command {
        TicketCommand::List { day, config, json } => {
            let book = Book::open(&load(config)?)?;
            let now = SystemClock.now();
            let day = day
                .as_ref()
                .map_or_else(|| book.today(now), |day| Ok(day.clone()))?;
            if *json {
                print_json(&book.list_json(&day, now)?)
            } else {
                print(&book.list_text(&day, now)?)
            }
        }
        TicketCommand::Show { ticket, config, json } => {
            let book = Book::open(&load(config)?)?;
            let ticket = book.find(ticket, SystemClock.now())?;
            if *json {
                print_json(&book.json(&ticket)?)
            } else {
                print(&book.text(&ticket)?)
            }
        }
        TicketCommand::Reprint { ticket, config, json } => {
            let mut book = Book::open(&load(config)?)?;
            let ticket = book.find(ticket, SystemClock.now())?;
            reprint::run(&mut book, &ticket, *json, reprint::PATIENCE)
        }
        TicketCommand::Void { ticket, config, json } => {
            let mut book = Book::open(&load(config)?)?;
            let ticket = book.find(ticket, SystemClock.now())?;
            let ticket = book.void(&ticket, SystemClock.now())?;
            if *json {
                print_json(&book.json(&ticket)?)
            } else {
                print(&format!(
                    "{0} dikeluarkan dari antrean / {0} is out of the queue\n",
                    ticket.label()
                ))
            }
        }
    }
}

/// The queue's book, as staff see it.
struct Book {
    store: Store,
    queue: Queue,
    services: Vec<(u8, String)>,
    offset: i16,
}

impl Book {
    fn open(config: &Config) -> Result<Self, Failure> {
        let mut store = Store::open(&config.store.path)?;
        let identity = store.identity(super::counter::draw)?;
        Ok(Self {
            queue: Queue::new(config, identity),
            store,
            services: config
                .services
                .iter()
                .map(|service| (service.id, service.name_id.clone()))
                .collect(),
            offset: config.office.utc_offset_minutes,
        })
    }

    fn today(&self, now: Moment) -> Result<String, Failure> {
        Ok(self.queue.day(&self.store, now)?)
    }

    /// The ticket that somebody names: by today's number, or by the id in its QR code.
    fn find(&self, name: &str, now: Moment) -> Result<Ticket, Failure> {
        let wrong = |problem: String| Failure::new(Exit::Input, problem);
        let found = match Named::parse(name) {
            None => {
                return Err(wrong(format!(
                    "`{name}` is no ticket; give a number such as A012, or the LOKET-… of the QR code"
                )));
            }
            Some(Named::Number(prefix, number)) => self.store.ticket_of(&self.today(now)?, prefix, number)?,
            Some(Named::Id(id)) => match self.queue.row_of(id) {
                Some(row) => self.store.ticket(row)?,
                None => return Err(wrong(format!("`{name}` is a ticket of another counter's store"))),
            },
        };
        found.filter(|ticket| ticket.state.is_given()).ok_or_else(|| {
            wrong(format!(
                "number `{name}` was not given; `loket ticket list` shows them"
            ))
        })
    }

    fn void(&mut self, ticket: &Ticket, now: Moment) -> Result<Ticket, Failure> {
        if !self.store.void_ticket(ticket.id, now)? {
            let state = self
                .store
                .ticket(ticket.id)?
                .map_or("gone", |ticket| ticket.state.as_str());
            return Err(Failure::new(
                Exit::Input,
                format!("{} is not waiting ({state}); nothing was changed", ticket.label()),
            ));
        }
        Ok(self.store.ticket(ticket.id)?.unwrap_or_else(|| ticket.clone()))
    }

    fn service(&self, id: u8) -> &str {
        let service = self.services.iter().find(|service| service.0 == id);
        service.map_or("?", |service| &service.1)
    }

    fn issued(&self, ticket: &Ticket) -> String {
        let text = ticket.issued_at.local_text(self.offset);
        if ticket.is_issued_known {
            text
        } else {
            format!("≤ {text}")
        }
    }

    fn json(&self, ticket: &Ticket) -> Result<serde_json::Value, Failure> {
        let advice = advice(ticket).unwrap_or_default();
        Ok(json!({
            "ticket": ticket.label(),
            "ticket_id": ticket_id_text(self.queue.ticket_id(ticket)),
            "day": ticket.day,
            "service": ticket.service,
            "service_name": self.service(ticket.service),
            "priority": ticket.priority,
            "state": ticket.state.as_str(),
            "paper": ticket.paper.map(crate::store::Paper::as_str),
            "cause": ticket.cause,
            "issued": ticket.issued_at.local_text(self.offset),
            "issued_known": ticket.is_issued_known,
            "given_by_kiosk": ticket.loan.is_some(),
            "copies": self.store.copies(ticket.id)?,
            "text_id": advice.id,
            "text_en": advice.en,
        }))
    }

    fn text(&self, ticket: &Ticket) -> Result<String, Failure> {
        let yes = |yes| if yes { "ya/yes" } else { "tidak/no" };
        let paper = ticket.paper.map_or("-", crate::store::Paper::as_str);
        let cause = ticket
            .cause
            .as_ref()
            .map_or(String::new(), |cause| format!(" ({cause})"));
        let mut text = format!(
            "nomor/number         {}\n\
             QR                   {}\n\
             layanan/service      {}\n\
             prioritas/priority   {}\n\
             diberikan/given      {}\n\
             oleh kios/by kiosk   {}\n\
             keadaan/state        {}\n\
             kertas/paper         {paper}{cause}\n\
             salinan/copies       {}\n",
            ticket.label(),
            ticket_id_text(self.queue.ticket_id(ticket)),
            self.service(ticket.service),
            yes(ticket.priority),
            self.issued(ticket),
            yes(ticket.loan.is_some()),
            ticket.state.as_str(),
            self.store.copies(ticket.id)?,
        );
        if let Some(advice) = advice(ticket) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "! {}\n  {}", advice.id, advice.en);
        }
        Ok(text)
    }

    fn list_json(&self, day: &str, now: Moment) -> Result<serde_json::Value, Failure> {
        let tickets = self.store.tickets_of(day)?;
        let count = |state| tickets.iter().filter(|ticket| ticket.state == state).count();
        let given: Vec<_> = tickets
            .iter()
            .filter(|ticket| ticket.state.is_given())
            .map(|ticket| self.json(ticket))
            .collect::<Result<_, _>>()?;
        let strays: Vec<_> = self
            .strays(now)?
            .into_iter()
            .map(|stray| {
                json!({
                    "ticket": stray.label,
                    "ticket_id": ticket_id_text(stray.ticket_id),
                    "why": stray.why,
                    "paper": stray.paper.map(crate::store::Paper::as_str),
                    "told": stray.told_at.local_text(self.offset),
                })
            })
            .collect();
        Ok(json!({
            "day": day,
            "tickets": given,
            "lent": count(TicketState::Lent),
            "returned": count(TicketState::Returned),
            "strays": strays,
        }))
    }

    fn list_text(&self, day: &str, now: Moment) -> Result<String, Failure> {
        let tickets = self.store.tickets_of(day)?;
        let mut text = format!("{day}\n");
        if tickets.iter().any(|ticket| ticket.state.is_given()) {
            text +=
                "nomor  diberikan/given        layanan/service           prioritas  keadaan/state  salinan\n";
        } else {
            text += "belum ada nomor / no numbers given\n";
        }
        let mut doubts = String::new();
        for ticket in tickets.iter().filter(|ticket| ticket.state.is_given()) {
            let copies = match self.store.copies(ticket.id)? {
                0 => String::new(),
                copies => copies.to_string(),
            };
            let line = format!(
                "{:<5}  {:<21}  {:<24}  {:<9}  {:<13}  {copies}",
                ticket.label(),
                self.issued(ticket),
                self.service(ticket.service),
                if ticket.priority { "ya/yes" } else { "" },
                ticket.state.as_str(),
            );
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", line.trim_end());
            if let Some(advice) = advice(ticket) {
                let _ = writeln!(doubts, "! {}\n  {}", advice.id, advice.en);
            }
        }
        text += &doubts;
        for stray in self.strays(now)? {
            let label = stray.label.as_deref().unwrap_or("?");
            let id = ticket_id_text(stray.ticket_id);
            let _ = writeln!(
                text,
                "! {label} ({id}): diberikan kios tetapi tidak ada dalam antrean ({0}); beri nomor baru kepada pemegangnya.\n  \
                 {label} ({id}): given by the kiosk but not in the queue ({0}); have whoever holds it take a new one.",
                stray.why
            );
        }
        Ok(text)
    }

    fn strays(&self, now: Moment) -> Result<Vec<crate::store::StrayTicket>, Failure> {
        Ok(self.store.strays(Moment::from_millis(now.millis() - STRAYS_MS))?)
    }
}

/// What is to be done about a ticket, if something is.
fn advice(ticket: &Ticket) -> Option<Words> {
    let label = ticket.label();
    match ticket.state {
        TicketState::PrintUnknown => Some(Words::new(
            format!(
                "{label}: tidak pasti tercetak. Nomor ini tetap dipanggil. Bila warga tidak memegang kertasnya: loket ticket reprint {label}"
            ),
            format!(
                "{label}: it may not have been printed. It is called all the same. If the resident has no paper: loket ticket reprint {label}"
            ),
        )),
        // Its press has another number, so nobody misses this one.
        TicketState::NotPrinted if ticket.press.is_some() => Some(Words::new(
            format!(
                "{label}: tidak tercetak dan tidak dipanggil. Bila warganya masih ada: loket ticket reprint {label}"
            ),
            format!(
                "{label}: it was not printed and is not called. If the resident is still there: loket ticket reprint {label}"
            ),
        )),
        _ => None,
    }
}

/// How a ticket is named on the command line.
#[derive(Debug, PartialEq, Eq)]
enum Named {
    Number(char, u16),
    Id(u64),
}

impl Named {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_uppercase();
        if let Some(id) = text.strip_prefix("LOKET-") {
            let is_whole = id.len() == 16 && id.bytes().all(|c| c.is_ascii_hexdigit());
            return is_whole.then(|| u64::from_str_radix(id, 16).ok().map(Self::Id))?;
        }
        let mut letters = text.chars();
        let prefix = letters.next().filter(char::is_ascii_uppercase)?;
        let digits = letters.as_str();
        let is_number = (1..=3).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_digit());
        is_number.then(|| digits.parse().ok().map(|number| Self::Number(prefix, number)))?
    }
}

#[cfg(test)]
mod tests;
