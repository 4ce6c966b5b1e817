//! The agenda book as CSV (RFC 4180).

use crate::store::AgendaRow;
use std::collections::HashMap;

/// The columns. `standard_seconds` is shared by all rows of one `sop_step` of an application.
pub const COLUMNS: [&str; 13] = [
    "application",
    "ticket",
    "procedure",
    "sop_step",
    "step",
    "role",
    "who",
    "started",
    "ended",
    "seconds",
    "standard_seconds",
    "sop_step_seconds",
    "result",
];

/// All rows as CSV with a heading; times are local.
///
/// `sop_step_seconds` is the sum of the rows of the same step of the same application (of the same ticket, where none was
/// opened) so far, to be read beside the standard.
pub fn to_csv(rows: &[AgendaRow], utc_offset_minutes: i16) -> String {
    let mut csv = COLUMNS.join(",") + "\r\n";
    let mut sums: HashMap<_, f64> = HashMap::new();
    for row in rows {
        let optional = |value: Option<String>| value.unwrap_or_default();
        let seconds = row.ended_at.seconds_since(row.started_at);
        // Without an application it is the visitor's ticket that counts; tickets have the same numbers every day.
        let visitor = row.application.is_none().then(|| {
            (
                row.ticket.as_deref(),
                row.started_at.local_day(utc_offset_minutes),
            )
        });
        let shared = sums.entry((row.application, visitor, row.sop_step)).or_default();
        *shared += seconds;
        let fields = [
            optional(row.application.map(|application| application.to_string())),
            optional(row.ticket.clone()),
            row.procedure.clone(),
            optional(row.sop_step.map(|step| step.to_string())),
            row.step.clone(),
            optional(row.role.clone()),
            row.who.clone(),
            row.started_at.local_text(utc_offset_minutes),
            row.ended_at.local_text(utc_offset_minutes),
            format!("{seconds:.3}"),
            optional(row.standard_seconds.map(|seconds| seconds.to_string())),
            optional(row.sop_step.map(|_| format!("{shared:.3}"))),
            row.result.clone(),
        ];
        csv += &fields.map(|field| quoted(&field)).join(",");
        csv += "\r\n";
    }
    csv
}

/// A field that holds a comma, a quote or a line break is quoted, and quotes inside are doubled (RFC 4180, 2.6 and 2.7).
fn quoted(field: &str) -> String {
    if field.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::office::clock::Moment;
    use crate::store::ApplicationId;

    fn row(step: &str, started: i64, ended: i64) -> AgendaRow {
        AgendaRow {
            application: Some(ApplicationId(1)),
            ticket: Some("A001".into()),
            procedure: "ktp-sudah-rekam".into(),
            sop_step: Some(3),
            step: step.into(),
            role: Some("operator cetak".into()),
            who: "Sari, \"S.Kom\"".into(),
            started_at: Moment::from_millis(started),
            ended_at: Moment::from_millis(ended),
            standard_seconds: Some(600),
            result: "done".into(),
        }
    }

    #[test]
    fn steps_of_one_sop_row_add_up_beside_the_standard() {
        let csv = to_csv(&[row("biometric_test", 0, 1500), row("feed", 1500, 3500)], 420);
        let lines: Vec<_> = csv.lines().collect();
        assert_eq!(
            lines[2],
            "1,A001,ktp-sudah-rekam,3,feed,operator cetak,\"Sari, \"\"S.Kom\"\"\",\
             1970-01-01 07:00:01,1970-01-01 07:00:03,2.000,600,3.500,done"
        );
    }

    #[test]
    fn visitors_who_got_no_application_do_not_share_their_time() {
        let visitor = |ticket: &str, started| AgendaRow {
            application: None,
            ticket: Some(ticket.into()),
            ..row("application", started, started + 2000)
        };
        // The next day's numbers begin again.
        let csv = to_csv(
            &[
                visitor("A001", 0),
                visitor("A002", 5000),
                visitor("A001", 86_400_000),
            ],
            420,
        );
        assert!(
            csv.lines()
                .skip(1)
                .all(|line| line.ends_with(",2.000,600,2.000,done")),
            "{csv}"
        );
    }
}
