//! What a command prints: the same facts as aligned text or as one JSON object.

use std::io::Write;
use std::process::ExitCode;

use serde_json::{Map, Value};

use crate::failure::Failure;

/// An answer: named facts in order, and whether it is a yes.
pub(crate) struct Report {
    facts: Map<String, Value>,
    yes: bool,
    /// Whether it is JSON even without --json.
    json: bool,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self { facts: Map::new(), yes: true, json: false }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.into(), value.into());
        self
    }

    /// Makes this JSON always: a document for other programs.
    pub(crate) fn always_json(mut self) -> Self {
        self.json = true;
        self
    }

    /// Makes this a no: exit code 1.
    pub(crate) fn no(mut self) -> Self {
        self.yes = false;
        self
    }

    pub(crate) const fn is_yes(&self) -> bool {
        self.yes
    }

    /// Prints this as all that a command has to say.
    pub(crate) fn answer(&self, json: bool) -> Result<ExitCode, Failure> {
        self.print(json)?;
        Ok(if self.yes { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }

    pub(crate) fn print(&self, json: bool) -> Result<(), Failure> {
        let text = if json || self.json {
            format!("{}\n", Value::from(self.facts.clone()))
        } else {
            self.text()
        };
        write_out(&text).map_err(Failure::unavailable)
    }

    fn text(&self) -> String {
        // A single fact is printed bare, so that a shell can take it.
        if let (1, Some(value)) = (self.facts.len(), self.facts.values().next()) {
            return lines("", value);
        }
        let width = self.facts.keys().map(String::len).max().unwrap_or(0);
        let mut text = String::new();
        for (name, value) in &self.facts {
            let name = name.replace('_', " ");
            text.push_str(&lines(&format!("{name:width$}  "), value));
        }
        text
    }
}

/// To standard output; says why not, for whoever reads it may have gone.
pub(crate) fn write_out(text: &str) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| format!("standard output: {error}"))
}

/// A value on a line of its own; an array of objects as a line each.
fn lines(name: &str, value: &Value) -> String {
    match value {
        Value::Null => format!("{name}-\n"),
        Value::String(text) => format!("{name}{text}\n"),
        Value::Array(items) => items.iter().map(|item| lines(name, item)).collect(),
        Value::Object(facts) => {
            let cells: Vec<String> = facts
                .iter()
                .map(|(name, value)| match value {
                    Value::String(text) => format!("{name}={text}"),
                    value => format!("{name}={value}"),
                })
                .collect();
            format!("{name}{}\n", cells.join("  "))
        }
        value => format!("{name}{value}\n"),
    }
}
