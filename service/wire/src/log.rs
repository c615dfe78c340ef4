//! Logs on standard output, in op-signer's formats.

use std::fmt;
use std::io::{self, IsTerminal};

use clap::ValueEnum;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// The same, with colours.
    Terminal,
    /// `key=value` pairs.
    Logfmt,
    /// The same; op-signer's name for milliseconds in times, which ours always have.
    Logfmtms,
    /// A JSON object a line.
    Json,
    /// The same.
    Jsonms,
}

/// How much is logged, in op-signer's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Level {
    /// All there is.
    Trace,
    /// What helps to find a fault.
    Debug,
    /// What happens.
    Info,
    /// What should not happen.
    Warn,
    /// What needs somebody.
    Error,
    /// Nothing but what ends the program.
    #[value(alias = "critical")]
    Crit,
}

/// Sets up logging for the process. A second call changes nothing.
pub fn start(level: Level, format: Format, color: bool) {
    let level = match level {
        Level::Trace => LevelFilter::TRACE,
        Level::Debug => LevelFilter::DEBUG,
        Level::Info => LevelFilter::INFO,
        Level::Warn => LevelFilter::WARN,
        Level::Error | Level::Crit => LevelFilter::ERROR,
    };
    let base = tracing_subscriber::fmt().with_max_level(level).with_writer(io::stdout);
    let done = match format {
        Format::Text => base.with_ansi(color).with_target(false).try_init(),
        Format::Terminal => {
            base.with_ansi(color || io::stdout().is_terminal()).with_target(false).try_init()
        }
        Format::Logfmt | Format::Logfmtms => base.event_format(Logfmt).try_init(),
        Format::Json | Format::Jsonms => {
            base.json().flatten_event(true).with_target(false).with_current_span(false).try_init()
        }
    };
    // Only a second call fails, and the first one's settings stand.
    drop(done);
}

struct Logfmt;

impl<S, N> FormatEvent<S, N> for Logfmt
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut pairs = Pairs { message: String::new(), rest: String::new() };
        event.record(&mut pairs);
        let now = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
        let level = event.metadata().level().as_str().to_ascii_lowercase();
        writeln!(writer, "t={now} lvl={level} msg={}{}", quote(&pairs.message), pairs.rest)
    }
}

struct Pairs {
    message: String,
    rest: String,
}

impl Pairs {
    fn put(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.rest.push(' ');
            self.rest.push_str(field.name());
            self.rest.push('=');
            self.rest.push_str(&quote(value));
        }
    }
}

impl Visit for Pairs {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, &format!("{value:?}"));
    }
}

/// A value that needs it gets quotes and escapes, so that a client's name cannot make a second
/// line or pair.
fn quote(value: &str) -> String {
    let plain = |letter: char| letter.is_ascii_graphic() && !matches!(letter, '"' | '=' | '\\');
    if !value.is_empty() && value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("{value:?}")
    }
}
