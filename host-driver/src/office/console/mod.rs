//! The operator's console: questions and news, as text for a person or as one JSON object a line for a program.
//!
//! Standard input is read by a thread of its own, so that a closed input is noticed and never blocks the work.

mod news;
mod text;

pub use news::{News, Outcome};

use super::catalogue::Asked;
use super::words::Words;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Write};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Wrong answers to one question before the console is taken as not being attended by anybody who understands it.
const MAX_WRONG_ANSWERS: u32 = 20;

/// How the console speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Lines for a person, Indonesian first.
    Text,
    /// One JSON object a line.
    Json,
}

/// What came back for a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// One of the choices, or free text.
    Value(String),
    /// The input is closed: nobody will answer.
    Gone,
}

#[derive(Serialize)]
struct AskLine<'a> {
    ask: AskBody<'a>,
}

#[derive(Serialize)]
struct AskBody<'a> {
    id: u64,
    question: &'static str,
    choices: &'static [&'static str],
    text_id: &'a str,
    text_en: &'a str,
}

#[derive(Deserialize)]
struct AnswerLine {
    answer: AnswerBody,
}

#[derive(Deserialize)]
struct AnswerBody {
    id: u64,
    value: String,
}

/// The part that tells. Clones write to the same output; whole lines are never mixed.
#[derive(Clone)]
pub struct Teller {
    style: Style,
    output: Arc<Mutex<Box<dyn Write + Send>>>,
}

impl std::fmt::Debug for Teller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Teller")
            .field("style", &self.style)
            .finish_non_exhaustive()
    }
}

impl Teller {
    /// Tells on `output`.
    pub fn new(style: Style, output: impl Write + Send + 'static) -> Self {
        Self {
            style,
            output: Arc::new(Mutex::new(Box::new(output))),
        }
    }

    /// Tells the operator.
    pub fn tell(&self, news: &News) {
        match self.style {
            Style::Json => self.json(news),
            Style::Text => self.line(&text::of(news)),
        }
    }

    /// Tells that something is wrong and what to do.
    pub fn problem(&self, words: Words) {
        self.tell(&News::Problem {
            text_id: words.id,
            text_en: words.en,
        });
    }

    fn json(&self, value: &impl Serialize) {
        match serde_json::to_string(value) {
            Ok(line) => self.line(&line),
            Err(error) => log::error!("a line for the console could not be written as JSON: {error}"),
        }
    }

    fn line(&self, line: &str) {
        if line.is_empty() {
            return;
        }
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever listened is gone; the work goes on and its end is in the store.
        if writeln!(output, "{line}").and_then(|()| output.flush()).is_err() {
            log::warn!("the console's output is closed");
        }
    }
}

/// The console: tells, asks, and waits for answers.
#[derive(Debug)]
pub struct Console {
    teller: Teller,
    lines: Receiver<String>,
    next_id: u64,
}

impl Console {
    /// A console on `input` and `teller`'s output. Starts the thread that reads `input`.
    pub fn new(input: impl BufRead + Send + 'static, teller: Teller) -> Self {
        let (sender, lines) = channel();
        let reader = move || {
            for line in input.lines() {
                let Ok(line) = line else { break };
                if sender.send(line).is_err() {
                    break;
                }
            }
        };
        if let Err(error) = std::thread::Builder::new().name("console".into()).spawn(reader) {
            // Without the thread the channel is closed, which reads as an absent operator.
            log::error!("the console's input cannot be read: {error}");
        }
        Self {
            teller,
            lines,
            next_id: 1,
        }
    }

    /// The part that tells.
    pub fn teller(&self) -> &Teller {
        &self.teller
    }

    /// Asks, until an answer fits.
    pub fn ask(&mut self, asked: Asked, about: &Words) -> Reply {
        let id = self.next_id;
        self.next_id += 1;
        let words = asked.words(about);
        self.put(id, asked, &words);
        for _ in 0..MAX_WRONG_ANSWERS {
            let Ok(line) = self.lines.recv() else {
                return Reply::Gone;
            };
            match understood(self.teller.style, id, asked, &line) {
                Ok(value) => return Reply::Value(value),
                Err(problem) => {
                    self.teller.problem(problem);
                    self.put(id, asked, &words);
                }
            }
        }
        Reply::Gone
    }

    fn put(&self, id: u64, asked: Asked, words: &Words) {
        let choices = asked.choices();
        match self.teller.style {
            Style::Json => self.teller.json(&AskLine {
                ask: AskBody {
                    id,
                    question: asked.as_str(),
                    choices,
                    text_id: &words.id,
                    text_en: &words.en,
                },
            }),
            Style::Text => {
                let offered: Vec<String> = choices
                    .iter()
                    .map(|choice| format!("{choice} = {}", in_indonesian(choice)))
                    .collect();
                let offered = if offered.is_empty() {
                    String::new()
                } else {
                    format!(" [{}]", offered.join(", "))
                };
                self.teller
                    .line(&format!("? {}\n  {}{offered}", words.id, words.en));
            }
        }
    }
}

/// What a person may type besides the English word.
fn in_indonesian(choice: &str) -> &str {
    match choice {
        "yes" => "ya",
        "no" => "tidak",
        "retry" => "ulang",
        "cancel" => "batal",
        other => other,
    }
}

/// The answer in a line, or why it is none.
fn understood(style: Style, id: u64, asked: Asked, line: &str) -> Result<String, Words> {
    let value = match style {
        Style::Text => line.trim().to_owned(),
        Style::Json => {
            let answer: AnswerLine = serde_json::from_str(line).map_err(|error| {
                Words::new(
                    format!("Jawaban tidak dipahami ({error}). Kirim {{\"answer\":{{\"id\":{id},\"value\":\"…\"}}}}."),
                    format!("The answer was not understood ({error}). Send {{\"answer\":{{\"id\":{id},\"value\":\"…\"}}}}."),
                )
            })?;
            if answer.answer.id != id {
                return Err(Words::new(
                    format!("Pertanyaan yang menunggu jawaban adalah {id}."),
                    format!("The question that waits for an answer is {id}."),
                ));
            }
            answer.answer.value.trim().to_owned()
        }
    };
    let choices = asked.choices();
    if choices.is_empty() {
        return Ok(value);
    }
    let lower = value.to_lowercase();
    let fits = |choice: &&&str| {
        lower == **choice
            || lower == in_indonesian(choice)
            || (style == Style::Text
                && lower.len() == 1
                && (choice.starts_with(&lower) || in_indonesian(choice).starts_with(&lower)))
    };
    choices
        .iter()
        .find(fits)
        .map(|choice| (*choice).to_owned())
        .ok_or_else(|| {
            let offered: Vec<String> = choices
                .iter()
                .map(|choice| format!("{choice} ({})", in_indonesian(choice)))
                .collect();
            Words::new(
                format!("Jawab dengan salah satu: {}.", offered.join(", ")),
                format!("Answer with one of: {}.", offered.join(", ")),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuance::machine::Question;
    use std::io::Cursor;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn console(style: Style, input: &'static str) -> (Console, Sink) {
        let sink = Sink::default();
        (
            Console::new(Cursor::new(input), Teller::new(style, sink.clone())),
            sink,
        )
    }

    fn said(sink: &Sink) -> Vec<serde_json::Value> {
        let bytes = sink.0.lock().unwrap().clone();
        String::from_utf8(bytes)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    const GOOD: Asked = Asked::Issuance(Question::CardGood);

    #[test]
    fn a_question_is_one_json_line_and_so_is_its_answer() {
        let (mut console, sink) = console(Style::Json, "{\"answer\":{\"id\":1,\"value\":\"yes\"}}\n");
        assert_eq!(console.ask(GOOD, &Words::default()), Reply::Value("yes".into()));
        let said = said(&sink);
        assert_eq!(said.len(), 1);
        assert_eq!(said[0]["ask"]["question"], "card_good");
        assert_eq!(said[0]["ask"]["choices"], serde_json::json!(["yes", "no"]));
    }

    #[test]
    fn a_wrong_answer_is_explained_and_the_question_comes_again() {
        let (mut console, sink) = console(
            Style::Json,
            "yes\n{\"answer\":{\"id\":9,\"value\":\"yes\"}}\n{\"answer\":{\"id\":1,\"value\":\"maybe\"}}\n\
             {\"answer\":{\"id\":1,\"value\":\"no\"}}\n",
        );
        assert_eq!(console.ask(GOOD, &Words::default()), Reply::Value("no".into()));
        let problems = said(&sink)
            .iter()
            .filter(|line| line["event"] == "problem")
            .count();
        assert_eq!(problems, 3);
    }

    #[test]
    fn a_closed_input_is_an_absent_operator() {
        let (mut console, _) = console(Style::Json, "");
        assert_eq!(console.ask(GOOD, &Words::default()), Reply::Gone);
    }

    #[test]
    fn a_person_may_answer_with_a_letter_in_either_language() {
        for (line, value) in [("y\n", "yes"), ("Ya\n", "yes"), ("t\n", "no"), ("tidak\n", "no")] {
            let (mut console, _) = console(Style::Text, line);
            assert_eq!(
                console.ask(GOOD, &Words::default()),
                Reply::Value(value.into()),
                "{line}"
            );
        }
    }

    #[test]
    fn a_program_that_never_understands_does_not_keep_the_counter_for_ever() {
        let nonsense = "nonsense\n".repeat(100).leak();
        let (mut console, _) = console(Style::Json, nonsense);
        assert_eq!(console.ask(GOOD, &Words::default()), Reply::Gone);
    }
}
