//! Figures beside their limits.

use std::fmt;

use serde_json::{Map, Value, json};

/// What a figure has to keep to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Limit {
    /// Not less.
    AtLeast(f64),
    /// Not more.
    AtMost(f64),
    /// More, as another's figure of the same run.
    Above(f64),
}

impl Limit {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtLeast(limit) => value >= limit,
            Self::AtMost(limit) => value <= limit,
            Self::Above(limit) => value > limit,
        }
    }
}

/// One thing measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What was measured: unique in its report, the same in every run.
    pub name: String,
    /// How much. `None`: it could not be measured, which misses any limit.
    pub value: Option<f64>,
    /// In what: `%`, `us`, `bytes`, `instructions/byte` …
    pub unit: &'static str,
    /// What it has to keep to, if anything.
    pub limit: Option<Limit>,
    /// Other figures to read it by: what it is, and how much in the same unit.
    pub beside: Vec<(&'static str, f64)>,
    /// What else to know.
    pub remark: String,
}

impl Figure {
    /// A figure without a limit.
    pub fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            value: Some(value),
            unit,
            limit: None,
            beside: Vec::new(),
            remark: String::new(),
        }
    }

    /// Something that could not be measured.
    pub fn missing(name: impl Into<String>, unit: &'static str, why: impl Into<String>) -> Self {
        Self {
            value: None,
            remark: why.into(),
            ..Self::new(name, 0.0, unit)
        }
    }

    /// With what it has to keep to.
    #[must_use]
    pub fn limit(self, limit: Limit) -> Self {
        Self {
            limit: Some(limit),
            ..self
        }
    }

    /// With another figure to read it by.
    #[must_use]
    pub fn beside(mut self, what: &'static str, value: f64) -> Self {
        self.beside.push((what, value));
        self
    }

    /// With a remark.
    #[must_use]
    pub fn remark(self, remark: impl Into<String>) -> Self {
        Self {
            remark: remark.into(),
            ..self
        }
    }

    /// Whether it keeps to its limit; `None` if it has none.
    pub fn is_met(&self) -> Option<bool> {
        self.limit
            .map(|limit| self.value.is_some_and(|value| limit.is_met(value)))
    }

    fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("name".into(), json!(self.name));
        object.insert("value".into(), json!(self.value));
        object.insert("unit".into(), json!(self.unit));
        if let Some(limit) = self.limit {
            let (kind, than) = match limit {
                Limit::AtLeast(than) => ("at_least", than),
                Limit::AtMost(than) => ("at_most", than),
                Limit::Above(than) => ("above", than),
            };
            object.insert("limit".into(), json!({ kind: than }));
            object.insert("met".into(), json!(self.is_met()));
        }
        for (what, value) in &self.beside {
            object.insert(what.replace([' ', '-'], "_"), json!(value));
        }
        if !self.remark.is_empty() {
            object.insert("remark".into(), json!(self.remark));
        }
        Value::Object(object)
    }
}

/// What a bench has measured, in sections.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Name of the bench.
    pub bench: &'static str,
    sections: Vec<(String, Vec<Figure>)>,
}

impl Report {
    /// An empty report.
    pub const fn new(bench: &'static str) -> Self {
        Self {
            bench,
            sections: Vec::new(),
        }
    }

    /// Begins a section; the figures that follow belong to it. Its title says how they were measured.
    pub fn section(&mut self, title: impl Into<String>) {
        self.sections.push((title.into(), Vec::new()));
    }

    /// Adds a figure.
    pub fn add(&mut self, figure: Figure) {
        if self.sections.is_empty() {
            self.section("");
        }
        if let Some((_, figures)) = self.sections.last_mut() {
            figures.push(figure);
        }
    }

    /// All figures.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.sections.iter().flat_map(|(_, figures)| figures)
    }

    /// Whether every limit is kept.
    pub fn is_met(&self) -> bool {
        self.figures().all(|figure| figure.is_met() != Some(false))
    }

    /// One object with everything.
    pub fn to_json(&self) -> Value {
        let figures: Vec<Value> = self.figures().map(Figure::to_json).collect();
        json!({ "bench": self.bench, "met": self.is_met(), "figures": figures })
    }
}

/// A number with as many digits as tell something.
fn number(value: f64) -> String {
    match value.abs() {
        size if value.fract() == 0.0 && size < 1e15 => group(value),
        size if size >= 1000.0 => group(value.round()),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.2e}"),
    }
}

/// A whole number with its thousands set apart.
fn group(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if value < 0.0 { format!("-{out}") } else { out }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name_width = self
            .figures()
            .map(|it| it.name.chars().count())
            .max()
            .unwrap_or(0);
        for (title, figures) in &self.sections {
            writeln!(f, "\n{title}")?;
            for figure in figures {
                let value = figure.value.map_or("-".to_owned(), number);
                let value = format!("{value} {}", figure.unit);
                let limit = match figure.limit {
                    None => String::new(),
                    Some(Limit::AtLeast(than)) => format!("at least {}", number(than)),
                    Some(Limit::AtMost(than)) => format!("at most {}", number(than)),
                    Some(Limit::Above(than)) => format!("above {}", number(than)),
                };
                let met = match figure.is_met() {
                    None => "",
                    Some(true) => "met",
                    Some(false) => "NOT MET",
                };
                let mut rest: Vec<String> = figure
                    .beside
                    .iter()
                    .map(|(what, value)| format!("{what} {}", number(*value)))
                    .collect();
                if !figure.remark.is_empty() {
                    rest.push(figure.remark.clone());
                }
                let line = format!(
                    "  {:<name_width$}  {value:>22}  {limit:<18} {met:<7}  {}",
                    figure.name,
                    rest.join("; ")
                );
                writeln!(f, "{}", line.trim_end())?;
            }
        }
        let missed = self
            .figures()
            .filter(|figure| figure.is_met() == Some(false))
            .count();
        let limits = self.figures().filter(|figure| figure.limit.is_some()).count();
        writeln!(f, "\n{}: {} of {limits} limits met", self.bench, limits - missed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_limit_and_a_missing_figure_miss_the_bench() {
        let mut report = Report::new("link");
        report.add(Figure::new("goodput", 97.5, "%").limit(Limit::AtLeast(97.0)));
        report.add(Figure::new("beside", 1.0, "%"));
        assert!(report.is_met());
        let mut slow = report.clone();
        slow.add(Figure::new("slow", 11.0, "us").limit(Limit::AtMost(10.0)));
        assert!(!slow.is_met() && slow.to_string().contains("NOT MET"));
        report.add(Figure::missing("gone", "us", "no such program").limit(Limit::AtMost(10.0)));
        assert!(!report.is_met());
        assert_eq!(report.to_json()["figures"][2]["value"], Value::Null);
    }

    #[test]
    fn a_figure_that_only_equals_another_is_not_above_it() {
        let figure = Figure::new("ours", 5.0, "%").limit(Limit::Above(5.0));
        assert_eq!(figure.is_met(), Some(false));
    }

    #[test]
    fn numbers_show_what_can_be_read() {
        let shown: Vec<String> = [1_048_576.0, 0.5, 98.4321, 12_345.6, 0.0001, 3.0, -1234.0]
            .map(number)
            .into();
        assert_eq!(
            shown,
            ["1,048,576", "0.50", "98.4", "12,346", "1.00e-4", "3", "-1,234"]
        );
    }
}
