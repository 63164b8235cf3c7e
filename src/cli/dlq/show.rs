//! `dlq show`: one dead letter.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;

use serde_json::{Map, Value, json};

use super::describe::{facts, place, put_bytes, safe_bytes, safe_line, time};
use super::{ShowArgs, WAIT, failed};
use crate::article::Header;
use crate::cli::screen::{Paint, safe};
use crate::cli::{Exit, print, print_bytes, say};
use crate::config::Config;
use crate::kafka::dead_letter::DeadLetter;
use crate::kafka::history::{History, Stretch};

pub(super) fn main(args: &ShowArgs) -> Result<Exit, Exit> {
    let config = args.stage.config()?;
    let Some(letter) = find(&config, args)? else {
        let (partition, offset) = args.position;
        say(&format!(
            "{}: there is no dead letter at {partition}/{offset}\n",
            config.dead_letter.topic
        ));
        return Err(Exit::Data);
    };
    if args.raw {
        let value = letter.record.payload.as_deref();
        return Ok(print_bytes(value.unwrap_or_default()));
    }
    if args.json {
        return Ok(print(&format!("{}\n", described(&letter))));
    }
    let paint = Paint::new(std::io::stdout().is_terminal());
    Ok(print(&shown(&letter, paint)))
}

fn find(config: &Config, args: &ShowArgs) -> Result<Option<DeadLetter>, Exit> {
    let (partition, offset) = args.position;
    let stretch = Stretch {
        partition: Some(partition),
        begin: BTreeMap::from([(partition, offset)]),
        end: BTreeMap::from([(partition, offset.saturating_add(1))]),
        headers: true,
        ..Stretch::default()
    };
    let topic = config.dead_letter.topic.as_str();
    let mut history = History::over(config, &[topic], &stretch, args.stage.timeout())
        .map_err(|failure| failed(&failure))?;
    while let Some(records) = history.next(1, WAIT).map_err(|failure| failed(&failure))? {
        let here = |record: &crate::article::Message| record.position.offset == offset;
        if let Some(record) = records.into_iter().find(here) {
            return Ok(Some(DeadLetter { record }));
        }
    }
    Ok(None)
}

fn described(letter: &DeadLetter) -> Value {
    let mut all = facts(letter);
    let headers = letter.record.headers.iter().map(|(name, value)| {
        let mut header = Map::new();
        header.insert("name".to_owned(), json!(name));
        put_bytes(&mut header, "value", value.as_deref());
        Value::from(header)
    });
    all.insert("headers".to_owned(), headers.collect());
    put_bytes(&mut all, "value", letter.record.payload.as_deref());
    all.into()
}

fn shown(letter: &DeadLetter, paint: Paint) -> String {
    let record = &letter.record;
    let mut out = format!(
        "{} {}: {}\n",
        paint.bold(&place(letter)),
        paint.red(&safe(&letter.reason())),
        safe(&letter.detail()),
    );
    let mut line = |name: &str, value: String| {
        out += &format!("  {} {value}\n", paint.dim(&format!("{name:<9}")));
    };
    let origin = letter
        .origin()
        .map_or_else(|| "unknown".to_owned(), |origin| safe(&origin.to_string()));
    line("from", origin);
    line("time", time(record.timestamp_ms));
    line(
        "key",
        record.key.as_deref().map_or("none".to_owned(), safe_line),
    );
    line("replayed", format!("{} times", letter.replays()));
    let original = letter.original_headers().len();
    let (own, added) = record
        .headers
        .split_at_checked(original)
        .unwrap_or((&record.headers, &[]));
    for (title, headers) in [
        ("headers of the message", own),
        ("headers of the failure", added),
    ] {
        out += &format!(
            "{title}{}\n",
            if headers.is_empty() { ": none" } else { "" }
        );
        headers
            .iter()
            .for_each(|header| out += &header_line(header));
    }
    match &record.payload {
        None => out += "no value\n",
        Some(value) => {
            let what = if letter.value_omitted() {
                "a reference to the value, which did not fit"
            } else {
                "value"
            };
            out += &format!("{what}, {} bytes\n{}", value.len(), safe_bytes(value));
            if !out.ends_with('\n') {
                out.push('\n');
            }
        }
    }
    out
}

fn header_line((name, value): &Header) -> String {
    let value = value
        .as_deref()
        .map_or_else(|| "(null)".to_owned(), safe_line);
    format!("  {}: {value}\n", safe(name))
}
