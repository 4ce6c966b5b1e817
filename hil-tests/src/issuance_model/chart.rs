//! The machine's diagram and table, made from every step that the model has met: `host-driver/src/issuance/MACHINE.md`.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::fmt::Write;

use host_driver::issuance::machine::{self, Act, Ending, Event, State};
use serde_json::Value;
use stateright::Model;

use super::system::System;
use super::ways;

/// From where, to where, after what.
type Arrows = BTreeMap<(String, String), BTreeSet<String>>;

/// What is known of one state.
#[derive(Default)]
struct Row {
    order: usize,
    act: String,
    changes_the_world: bool,
    outcomes: BTreeMap<String, BTreeSet<String>>,
    not_begun: BTreeSet<String>,
    begun: BTreeSet<String>,
    cancelled: BTreeSet<String>,
}

/// Everything that was met, as Markdown.
pub fn markdown() -> String {
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    let system = System::real(3, 2);
    let mut open: VecDeque<_> = system.init_states().into();
    let mut known: HashSet<_> = open.iter().cloned().collect();
    let mut moves = Vec::new();
    while let Some(situation) = open.pop_front() {
        let order = rows.len();
        let row = rows.entry(name(&situation.state)).or_insert_with(|| Row {
            order,
            ..Row::default()
        });
        if let Some(act) = situation.state.act() {
            row.act = act_name(&act);
            row.changes_the_world |= act.changes_the_world();
            for way in ways::of(&situation.truth, &act, &situation.state) {
                let outcome = outcome(&way.event);
                let next = reached(&situation.state, way.event);
                row.outcomes.entry(outcome).or_default().insert(next);
            }
        }
        let state = &situation.state;
        for (begun, into) in [(false, &mut row.not_begun), (true, &mut row.begun)] {
            if !matches!(state, State::New | State::Ended(_)) {
                into.insert(reached(state, Event::Restarted { begun }));
            }
        }
        row.cancelled.insert(reached(state, Event::Cancel));
        moves.clear();
        system.actions(&situation, &mut moves);
        for next in moves.iter().copied() {
            if let Some(situation) = system.next_state(&situation, next)
                && known.insert(situation.clone())
            {
                open.push_back(situation);
            }
        }
    }
    let mut rows: Vec<(String, Row)> = rows.into_iter().collect();
    rows.sort_by_key(|(_, row)| row.order);
    [diagram(&rows), deeds(&rows), table(&rows)].concat()
}

fn name(state: &State) -> String {
    match state {
        State::Ended(ending) => match ending {
            Ending::Issued(_) => "issued",
            Ending::NotMatched { .. } => "not_matched",
            Ending::Inconclusive => "inconclusive",
            Ending::Cancelled => "cancelled",
            Ending::ActivationUnclear { .. } => "activation_unclear",
        }
        .to_owned(),
        state => state.name().to_owned(),
    }
}

/// Where an event leads, with where a pause or a stop goes on.
fn reached(state: &State, event: Event) -> String {
    match machine::step(state.clone(), event) {
        Ok((State::Paused { then, .. }, _)) => format!("ask, then {}", name(&then)),
        Ok((State::Parked { then, .. }, _)) => format!("park before {}", name(&then)),
        Ok((state, _)) => name(&state),
        Err(_) => "(refused)".into(),
    }
}

fn act_name(act: &Act) -> String {
    let value = serde_json::to_value(act).unwrap_or_default();
    match (value["act"].as_str(), value["question"].as_str()) {
        (Some("ask"), Some(question)) => format!("ask {question}"),
        (act, _) => act.unwrap_or_default().to_owned(),
    }
}

/// How an act ended, in a word or two.
fn outcome(event: &Event) -> String {
    let value = serde_json::to_value(event).unwrap_or_default();
    let of = &value["of"];
    let word = ["outcome", "comparison", "blank", "chip", "place", "desk"]
        .into_iter()
        .find_map(|key| of[key].as_str())
        .or_else(|| of.as_str());
    match (word, of) {
        (Some("card"), of) if of["uid"] == "FFFFFFFF" => "another card".into(),
        (Some("card"), of) => match (of["activated"] == true, of["intact"] == true) {
            (true, true) => "active and whole".into(),
            (true, false) => "active and different".into(),
            (false, true) => "whole and not active".into(),
            (false, false) => "different and not active".into(),
        },
        (Some(place), of) if of.get("fault").is_some_and(|fault| !fault.is_null()) => {
            format!("{place} with a fault")
        }
        (Some(word), _) => word.to_owned(),
        (None, of) if of.get("panels").is_some() => match of["panels"] {
            Value::Null => "no count".into(),
            _ => "a count".into(),
        },
        (None, _) => value["event"].as_str().unwrap_or_default().to_owned(),
    }
}

fn diagram(rows: &[(String, Row)]) -> String {
    let mut arrows = Arrows::new();
    for (from, row) in rows {
        if from == "paused" {
            continue;
        }
        for (outcome, nexts) in &row.outcomes {
            for next in nexts
                .iter()
                .filter(|next| !next.starts_with("ask") && !next.starts_with("park"))
            {
                let arrow = arrows.entry((from.clone(), next.clone())).or_default();
                arrow.insert(outcome.clone());
            }
        }
    }
    let mut text = String::from("```mermaid\nstateDiagram-v2\n    [*] --> new\n    new --> testing: begin\n");
    for (from, _) in rows {
        for ((_, to), outcomes) in arrows.iter().filter(|((start, _), _)| start == from) {
            let outcomes: Vec<&str> = outcomes.iter().map(String::as_str).collect();
            let _ = writeln!(text, "    {from} --> {to}: {}", outcomes.join(" / "));
        }
    }
    for (state, row) in rows
        .iter()
        .filter(|(state, row)| row.act.is_empty() && ends(state))
    {
        let _ = (writeln!(text, "    {state} --> [*]"), row);
    }
    text.push_str("```\n\n");
    text
}

fn ends(state: &str) -> bool {
    [
        "issued",
        "not_matched",
        "inconclusive",
        "cancelled",
        "activation_unclear",
    ]
    .contains(&state)
}

/// Acts that change the world, and what is looked at when their outcome is unknown.
fn deeds(rows: &[(String, Row)]) -> String {
    let mut text = String::from("## What is done when an outcome is unknown\n\n");
    text.push_str("| act | outcomes | unknown, or the program died after the intent | looked at by |\n|---|---|---|---|\n");
    for (_, row) in rows.iter().filter(|(_, row)| row.changes_the_world) {
        let outcomes: Vec<&str> = row.outcomes.keys().map(String::as_str).collect();
        let mut nexts: BTreeSet<&String> = row.begun.iter().collect();
        nexts.extend(row.outcomes.get("unknown").into_iter().flatten());
        let looks: BTreeSet<&str> = nexts
            .iter()
            .filter_map(|next| rows.iter().find(|(state, _)| state == *next))
            .map(|(_, row)| row.act.as_str())
            .collect();
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            row.act,
            outcomes.join(", "),
            join(nexts.into_iter().map(String::as_str)),
            join(looks),
        );
    }
    text.push('\n');
    text
}

fn table(rows: &[(String, Row)]) -> String {
    let mut text = String::from("## Every state\n\n");
    text.push_str(
        "| state | its act | outcome: what comes then | after a crash before the act | after a crash in the act | cancelled for good |\n\
         |---|---|---|---|---|---|\n",
    );
    for (state, row) in rows {
        if state == "paused" || state == "parked" {
            continue;
        }
        let mut by_next: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (outcome, nexts) in &row.outcomes {
            by_next
                .entry(join(nexts.iter().map(String::as_str)))
                .or_default()
                .push(outcome);
        }
        let outcomes: Vec<String> = by_next
            .iter()
            .map(|(next, outcomes)| format!("{}: {next}", outcomes.join(", ")))
            .collect();
        let act = if row.act.is_empty() {
            String::new()
        } else {
            format!("`{}`", row.act)
        };
        let _ = writeln!(
            text,
            "| {state} | {act} | {} | {} | {} | {} |",
            outcomes.join("<br>"),
            join(row.not_begun.iter().map(String::as_str)),
            join(row.begun.iter().map(String::as_str)),
            join(row.cancelled.iter().map(String::as_str)),
        );
    }
    text
}

fn join<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words
        .into_iter()
        .map(|word| word.replace('_', "\\_"))
        .collect::<Vec<_>>()
        .join(" or ")
}
