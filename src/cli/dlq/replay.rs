//! `dlq replay`: dead letters back to the input topic.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

use super::describe::{facts, place};
use super::filter::Filter;
use super::list::Histogram;
use super::{AT_ONCE, ReplayArgs, WAIT, failed};
use crate::cli::screen::{Paint, safe};
use crate::cli::{Exit, print, say};
use crate::config::Config;
use crate::kafka::dead_letter::{DeadLetter, Unfit, record_bytes};
use crate::kafka::error::KafkaFailure;
use crate::kafka::history::History;
use crate::kafka::limits::{Inspector, record_room};
use crate::kafka::producer::Record;
use crate::kafka::replay::{Journal, Replayer};

/// What goes into one transaction at most: records, and bytes of them.
const CHUNK_RECORDS: usize = 500;
const CHUNK_BYTES: usize = 4 << 20;

/// Where dead letters go, and what the topic takes.
struct Target {
    topic: String,
    partitions: usize,
    room: usize,
    max_replays: u32,
}

impl Target {
    fn record(&self, letter: &DeadLetter) -> Result<Record, Unfit> {
        if let Some(unfit) = letter.unfit(&self.topic, self.max_replays) {
            return Err(unfit);
        }
        let record = letter.replayed(&self.topic, self.partitions);
        let (key, value) = (record.key.as_deref(), record.value.as_deref());
        if record_bytes(key, value, &record.headers) > self.room {
            return Err(Unfit::TooLarge);
        }
        Ok(record)
    }
}

/// What was found and done. What is in an open chunk is not counted as done.
#[derive(Default)]
struct Tally {
    looked_at: u64,
    sent: u64,
    reasons: Histogram,
    unfit: BTreeMap<Unfit, u64>,
}

/// What is sent together, and what is said of it once it is.
#[derive(Default)]
struct Chunk {
    records: Vec<Record>,
    bytes: usize,
    /// By partition: the first dead letter that was not looked at.
    next: BTreeMap<i32, i64>,
    lines: Vec<Value>,
}

impl Chunk {
    fn is_full(&self) -> bool {
        self.records.len() >= CHUNK_RECORDS || self.bytes >= CHUNK_BYTES
    }

    fn add(&mut self, letter: &DeadLetter, record: Record, action: &str) {
        self.say(letter, action, None);
        self.bytes += record_bytes(None, record.value.as_deref(), &record.headers);
        self.records.push(record);
    }

    fn say(&mut self, letter: &DeadLetter, action: &str, why: Option<&str>) {
        let mut line = facts(letter);
        line.insert("action".to_owned(), json!(action));
        if let Some(why) = why {
            line.insert("why".to_owned(), json!(why));
        }
        self.lines.push(line.into());
    }
}

struct Replay<'a> {
    args: &'a ReplayArgs,
    filter: Filter,
    target: Target,
    /// `None` sends nothing.
    replayer: Option<Replayer>,
    stop: Arc<AtomicBool>,
    chunk: Chunk,
    tally: Tally,
    planned: usize,
}

/// How the reading ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    All,
    Limit,
    Asked,
}

pub(super) fn main(args: &ReplayArgs) -> Result<Exit, Exit> {
    let config = args.stage.config()?;
    let filter = args.filter.prepare()?;
    let timeout = args.stage.timeout();
    let target = target(&config, args)?;
    let name = format!(
        "{}-replay-{}",
        config.kafka.group,
        args.filter.name(&args.max_replays.to_string())
    );
    let said = |failure: KafkaFailure| failed(&failure);
    let replayer = (!args.dry_run)
        .then(|| Replayer::open(&config, &name, timeout))
        .transpose()
        .map_err(said)?;
    let mut stretch = filter.stretch();
    if !args.again {
        let known = match &replayer {
            Some(replayer) => replayer.positions(timeout),
            None => Journal::open(&config, &name).and_then(|journal| journal.positions(timeout)),
        };
        for (partition, offset) in known.map_err(said)? {
            let begin = stretch.begin.entry(partition).or_insert(offset);
            *begin = offset.max(*begin);
        }
    }
    let topic = config.dead_letter.topic.as_str();
    // The end is taken here: what dies again comes after it.
    let history = History::over(&config, &[topic], &stretch, timeout).map_err(said)?;
    let stop = Arc::new(AtomicBool::new(false));
    watch_signals(stop.clone())?;
    let mut replay = Replay {
        args,
        filter,
        target,
        replayer,
        stop,
        chunk: Chunk::default(),
        tally: Tally::default(),
        planned: 0,
    };
    let end = replay.run(history);
    let told = replay.tell(&config, &name, end.as_ref().ok().copied());
    match end {
        Err(exit) => Err(exit),
        Ok(End::Asked) => Ok(Exit::Interrupted),
        Ok(_) if replay.left_behind() > 0 && told == Exit::Success => Ok(Exit::Data),
        Ok(_) => Ok(told),
    }
}

fn target(config: &Config, args: &ReplayArgs) -> Result<Target, Exit> {
    let topic = &config.input.topic;
    let inspector = Inspector::new(config, args.stage.timeout());
    let facts = inspector
        .and_then(|inspector| inspector.topic(topic))
        .map_err(|failure| failed(&failure))?;
    let Some(facts) = facts else {
        say(&format!("input.topic: {topic} does not exist\n"));
        return Err(Exit::Unavailable);
    };
    Ok(Target {
        topic: topic.clone(),
        partitions: facts.partitions,
        room: record_room(None, Some(&facts)),
        max_replays: args.max_replays,
    })
}

impl Replay<'_> {
    fn run(&mut self, mut history: History) -> Result<End, Exit> {
        let end = loop {
            if self.stop.load(Ordering::Acquire) {
                break End::Asked;
            }
            let records = history
                .next(AT_ONCE, WAIT)
                .map_err(|failure| failed(&failure))?;
            let Some(records) = records else {
                break End::All;
            };
            let mut letters = records.into_iter().map(|record| DeadLetter { record });
            if !letters.all(|letter| self.take(&letter)) {
                break End::Limit;
            }
            if self.chunk.is_full() {
                self.send()?;
            }
        };
        self.send()?;
        Ok(end)
    }

    /// Looks at one dead letter. Returns whether there is room for another.
    fn take(&mut self, letter: &DeadLetter) -> bool {
        if self.planned >= self.args.limit {
            return false;
        }
        let at = &letter.record.position;
        self.tally.looked_at += 1;
        self.chunk.next.insert(at.partition, at.offset + 1);
        if !self.filter.passes(letter) {
            return true;
        }
        match self.target.record(letter) {
            Ok(record) => {
                self.planned += 1;
                self.tally.reasons.add(letter);
                let sends = self.replayer.is_some();
                let action = if sends { "sent" } else { "would_send" };
                self.chunk.add(letter, record, action);
            }
            Err(unfit) => {
                *self.tally.unfit.entry(unfit).or_default() += 1;
                self.chunk.say(letter, "left_out", Some(unfit.as_str()));
                if !self.args.json && unfit != Unfit::OtherTopic {
                    say(&format!("{}: {}\n", place(letter), unfit.meaning()));
                }
            }
        }
        true
    }

    /// Sends the open chunk, and says so.
    fn send(&mut self) -> Result<(), Exit> {
        let chunk = std::mem::take(&mut self.chunk);
        if let Some(replayer) = self.replayer.as_mut().filter(|_| !chunk.next.is_empty()) {
            replayer
                .send(&chunk.records, &chunk.next)
                .map_err(|failure| failed(&failure))?;
            self.tally.sent += chunk.records.len() as u64;
            if !self.args.json && !chunk.records.is_empty() {
                say(&format!(
                    "{} sent, {} looked at\n",
                    self.tally.sent, self.tally.looked_at
                ));
            }
        }
        if self.args.json {
            let lines: String = chunk.lines.iter().map(|line| format!("{line}\n")).collect();
            if print(&lines) == Exit::InputOutput {
                return Err(Exit::InputOutput);
            }
        }
        Ok(())
    }

    /// Dead letters that were meant and cannot be sent, for a reason that is not a choice.
    fn left_behind(&self) -> u64 {
        let count = |unfit| self.tally.unfit.get(&unfit).copied().unwrap_or(0);
        count(Unfit::ValueOmitted) + count(Unfit::TooLarge)
    }

    /// The summary.
    fn tell(&self, config: &Config, name: &str, end: Option<End>) -> Exit {
        let Tally {
            looked_at,
            sent,
            reasons,
            unfit,
        } = &self.tally;
        let ended = match end {
            None => "failed",
            Some(End::All) => "end",
            Some(End::Limit) => "limit",
            Some(End::Asked) => "interrupted",
        };
        if self.args.json {
            let left_out: serde_json::Map<_, _> = unfit
                .iter()
                .map(|(unfit, count)| (unfit.as_str().to_owned(), json!(count)))
                .collect();
            let summary = json!({"summary": {
                "from": config.dead_letter.topic, "to": self.target.topic, "group": name,
                "dry_run": self.args.dry_run, "looked_at": looked_at, "fit": reasons.total, "sent": sent,
                "left_out": left_out, "reasons": reasons.json(), "ended": ended,
            }});
            return print(&format!("{summary}\n"));
        }
        let paint = Paint::new(std::io::stdout().is_terminal());
        let mut out = reasons.table(paint);
        for (unfit, count) in unfit {
            out += &format!("left out: {count} {}\n", unfit.meaning());
        }
        let what = match (self.args.dry_run, sent) {
            (true, _) => format!("{} would be sent", reasons.total),
            (false, sent) => format!("{sent} sent"),
        };
        out += &format!(
            "{what} from {} to {}, of {looked_at} looked at (group {})\n",
            safe(&config.dead_letter.topic),
            safe(&self.target.topic),
            safe(name),
        );
        out += match end {
            None => "stopped by the failure above; run it again to go on\n",
            Some(End::Asked) => "asked to stop; run it again to go on\n",
            Some(End::Limit) => "stopped at --limit; run it again to go on\n",
            Some(End::All) => "",
        };
        print(&out)
    }
}

/// SIGINT and SIGTERM end the replay between two transactions.
fn watch_signals(stop: Arc<AtomicBool>) -> Result<(), Exit> {
    let software = |error: std::io::Error| {
        say(&format!("signals: {error}\n"));
        Exit::Software
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(software)?;
    let (mut terminate, mut interrupt) = {
        let _inside = runtime.enter();
        (
            signal(SignalKind::terminate()).map_err(software)?,
            signal(SignalKind::interrupt()).map_err(software)?,
        )
    };
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
            });
            stop.store(true, Ordering::Release);
        })
        .map(drop)
        .map_err(software)
}
