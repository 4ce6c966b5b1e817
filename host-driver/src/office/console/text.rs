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
            trouble,
        } => {
            if *online && matches!(*paper, "ok" | "unknown") && !cover_open && !error && *trouble == "none" {
                String::new()
            } else {
                let (trouble_id, trouble_en) = match *trouble {
                    "silent" => (
                        "\n  Printer tidak menjawab: periksa daya dan kabelnya.",
                        "\n  It does not answer: check its power and cable.",
                    ),
                    "garbled" => (
                        "\n  Jawabannya tidak dapat dibaca: periksa kabel dan kecepatannya.",
                        "\n  Its answers make no sense: check its cable and its speed.",
                    ),
                    "slow" => (
                        "\n  Jawabannya terlalu lambat: matikan dan nyalakan printer.",
                        "\n  It answers too slowly: switch it off and on.",
                    ),
                    _ => ("", ""),
                };
                format!(
                    "! Printer tiket di kios: kertas {paper}, tutup terbuka {cover_open}, gangguan {error}{trouble_id}\n  \
                     Ticket printer at the kiosk: paper {paper}, cover open {cover_open}, error {error}{trouble_en}"
                )
            }
        }
        News::KioskStorage { state, waiting } => {
            let (words_id, words_en) = match *state {
                "ok" => {
                    return "- Kartu memori kios berfungsi lagi. / The kiosk's memory card works again."
                        .into();
                }
                "missing" => (
                    "tidak ada. Kios tidak memberi nomor; pasang kartunya.",
                    "is missing. The kiosk gives no numbers; put it in.",
                ),
                "foreign" => (
                    "berisi data lain dan tidak ditimpa. Kios tidak memberi nomor; pasang kartu kosong.",
                    "holds something else, which is not written over. The kiosk gives no numbers; put in a blank one.",
                ),
                "full" => (
                    "penuh. Biarkan loket tersambung sampai semua catatan diterima.",
                    "is full. Leave the counter connected until all its records are taken.",
                ),
                _ => (
                    "rusak. Kios tidak memberi nomor; ganti kartunya dan simpan yang lama untuk teknisi.",
                    "does not work. The kiosk gives no numbers; replace it, and keep the old one for a technician.",
                ),
            };
            format!(
                "! Kartu memori kios {words_id} ({waiting} catatan belum diterima)\n  \
                 The kiosk's memory card {words_en} ({waiting} records not taken yet)"
            )
        }
        News::Ticket {
            ticket,
            printed: "unknown",
            ..
        } => format!(
            "! Nomor {ticket}: tidak pasti tercetak. Nomor ini tetap dipanggil; bila warga tidak memegangnya: loket ticket reprint {ticket}\n  \
             Number {ticket}: it may not have been printed. It is called all the same; if the resident has no paper: loket ticket reprint {ticket}"
        ),
        News::Ticket {
            ticket,
            printed,
            cause,
            ..
        } => {
            let cause = cause.map_or(String::new(), |cause| format!(" ({cause})"));
            format!("- Nomor antrean/queue number {ticket}: {printed}{cause}")
        }
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
        News::Capture { phase, .. } => advice(phase).into(),
        News::Step { .. } => String::new(),
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
                "\n  Pastikan kartu ada di kotak tolak. / Make sure that the card is in the reject box."
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

/// What the operator can tell the applicant to do; nothing where nothing helps.
fn advice(phase: &str) -> &'static str {
    match phase {
        "again_drier" => {
            "- Jari terlalu basah: keringkan, lalu tempelkan lagi / finger too wet: dry it and place it again"
        }
        "again_wetter" => {
            "- Jari terlalu kering: lembapkan, lalu tekan lebih kuat / finger too dry: moisten it and press harder"
        }
        "again" => "- Angkat jari, lalu tempelkan lagi / lift the finger and place it again",
        _ => "",
    }
}
