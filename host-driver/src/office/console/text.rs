//! News in words for a person.

use super::News;

/// News for a person: Indonesian, then English. Empty for what only a program wants.
pub(super) fn of(news: &News) -> String {
    match news {
        News::Ready { counter } => {
            format!(
                "- Loket {counter} siap; menunggu nomor antrean. / Counter {counter} is ready, waiting for a queue number."
            )
        }
        News::Board { role, state, detail } => {
            format!(
                "- papan/board {role}: {state}{}",
                detail.as_ref().map_or(String::new(), |d| format!(" ({d})"))
            )
        }
        News::TicketPrinter {
            online,
            paper,
            cover_open,
            error,
        } => {
            if *online && matches!(*paper, "ok" | "unknown") && !cover_open && !error {
                String::new()
            } else {
                format!(
                    "! Printer tiket di kios: kertas {paper}, tutup terbuka {cover_open}, gangguan {error}\n  \
                     Ticket printer at the kiosk: paper {paper}, cover open {cover_open}, error {error}"
                )
            }
        }
        News::Ticket { ticket, printed, .. } => format!("- Nomor antrean/queue number {ticket}: {printed}"),
        News::Called { ticket, counter } => {
            format!("- Nomor {ticket} ke loket {counter} / number {ticket} to counter {counter}")
        }
        News::Step {
            name,
            state: "ended",
            seconds,
            standard_seconds,
            result,
        } => {
            let standard = standard_seconds.map_or(String::new(), |seconds| {
                format!(" (standar/standard {seconds} s)")
            });
            let result = result
                .as_deref()
                .filter(|result| *result != "done")
                .map_or(String::new(), |r| format!(", {r}"));
            format!("- {name}: {:.1} s{standard}{result}", seconds.unwrap_or(0.0))
        }
        News::Capture {
            phase: "waiting_for_finger",
            finger,
            attempt,
            ..
        } => {
            format!(
                "- Tempelkan jari: {finger} (percobaan {attempt} dari 4) / place the finger: {finger} (try {attempt} of 4)"
            )
        }
        News::Step { .. } | News::Capture { .. } => String::new(),
        News::Score {
            score,
            threshold,
            verdict,
            ..
        } => {
            format!(
                "- sidik jari/fingerprint: {verdict}, skor/score {} (batas/threshold {threshold})",
                score.map_or("-".into(), |s| s.to_string())
            )
        }
        News::Blank {
            uid,
            state,
            reason,
            by_hand,
        } => {
            let hand = if *by_hand == Some(true) {
                "\n  Masukkan kartu ke kotak tolak. / Put the card into the reject box."
            } else {
                ""
            };
            let reason = reason.map_or(String::new(), |reason| format!(", {reason}"));
            format!(
                "- blangko/blank {}: {state}{reason}{hand}",
                uid.as_deref().unwrap_or("(UID ?)")
            )
        }
        News::Problem { text_id, text_en } => format!("! {text_id}\n  {text_en}"),
        News::Outcome(outcome) => {
            let resume = match outcome.application {
                Some(number) if outcome.resumable => format!(
                    "\n  Lanjutkan/resume: loket issue resume {number} (tidak mencetak dua kali / does not print twice)"
                ),
                _ => String::new(),
            };
            format!(
                "= {}: {}\n  {}{resume}",
                outcome.outcome, outcome.text_id, outcome.text_en
            )
        }
    }
}
