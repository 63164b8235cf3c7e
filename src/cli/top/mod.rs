//! `newsstage top`: what a running instance does, second by second, from its `/metrics`.

mod draw;
mod exposition;
mod figures;

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use clap::Args;
use console::Term;
use tokio::signal::unix::{SignalKind, signal};

use super::remote::{self, Address, AdminArgs, reason};
use super::screen::Paint;
use super::{Exit, now_ms, print, say};
use crate::config::TimeSpan;
use crate::topics;
use exposition::Scrape;
use figures::History;

/// The width where there is no terminal.
const WIDTH: usize = 100;
/// Another screen with its own contents, and no cursor; and back.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";

/// Arguments of `top`.
#[derive(Debug, Args)]
pub struct TopArgs {
    #[command(flatten)]
    admin: AdminArgs,
    /// Print one picture, with rates over one interval, and end.
    #[arg(long)]
    once: bool,
    /// Time between two looks.
    #[arg(short, long, value_name = "TIME", default_value = "1s", value_parser = interval)]
    interval: Duration,
}

fn interval(text: &str) -> Result<Duration, String> {
    let span: TimeSpan = text.parse()?;
    let range = Duration::from_millis(100)..=Duration::from_secs(3600);
    match range.contains(&span.duration()) {
        true => Ok(span.duration()),
        false => Err("expected 100ms to 1h".to_owned()),
    }
}

pub fn main(args: &TopArgs) -> Exit {
    remote::run("top", &args.admin, async |address| {
        watch(args, address).await
    })
}

async fn watch(args: &TopArgs, address: &Address) -> Exit {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return Exit::Software;
    };
    let mut top = Top::new(address);
    if let Err(error) = top.look().await {
        say(&format!("no metrics from {address}: {}\n", reason(&error)));
        return Exit::Unavailable;
    }
    // Ends with this function, however it ends.
    let screen = (!args.once && top.term.is_term()).then(Screen::enter);
    tokio::select! {
        exit = top.run(args, screen.is_some()) => exit,
        // Whoever watches ends it so; that is no failure.
        _ = interrupt.recv() => Exit::Success,
        _ = terminate.recv() => Exit::Success,
    }
}

/// The other screen of the terminal, which gives the first one back at the end.
struct Screen;

impl Screen {
    fn enter() -> Self {
        print(ENTER);
        Self
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        print(LEAVE);
    }
}

/// One run of the command.
struct Top<'a> {
    address: &'a Address,
    history: History,
    labels: HashMap<String, &'static str>,
    term: Term,
    paint: Paint,
    /// Since when the instance has not answered, in milliseconds since 1970, and why.
    away: Option<(i64, String)>,
}

impl<'a> Top<'a> {
    fn new(address: &'a Address) -> Self {
        let term = Term::stdout();
        Self {
            address,
            history: History::default(),
            labels: topics::labels().collect(),
            paint: Paint::new(term.is_term()),
            term,
            away: None,
        }
    }

    async fn look(&mut self) -> io::Result<()> {
        let scrape = Scrape::parse(&self.address.text("/metrics").await?);
        if !scrape.is_ours() {
            return Err(io::Error::other("these are not the metrics of newsstage"));
        }
        self.history.push(now_ms(), scrape);
        Ok(())
    }

    async fn run(&mut self, args: &TopArgs, in_place: bool) -> Exit {
        let mut looks = tokio::time::interval(args.interval);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        // The first tick is at once, and the first look was taken already.
        looks.tick().await;
        loop {
            if !args.once {
                let shown = print(&self.picture(in_place));
                if shown != Exit::Success {
                    return shown;
                }
            }
            looks.tick().await;
            match self.look().await {
                Ok(()) => self.away = None,
                Err(error) if args.once => {
                    say(&format!(
                        "no metrics from {}: {}\n",
                        self.address,
                        reason(&error)
                    ));
                    return Exit::Unavailable;
                }
                Err(error) => {
                    let since = self.away.as_ref().map_or_else(now_ms, |(since, _)| *since);
                    self.away = Some((since, reason(&error)));
                }
            }
            if args.once {
                return print(&self.picture(false));
            }
        }
    }

    fn picture(&self, in_place: bool) -> String {
        let size = self.term.size_checked().filter(|_| self.term.is_term());
        let (height, width) = size.map_or((usize::MAX, WIDTH), |(height, width)| {
            (usize::from(height), usize::from(width))
        });
        let state = match &self.away {
            None => self.address.to_string(),
            Some((since, reason)) => {
                let seconds = (now_ms() - since).max(0) / 1000;
                format!("NO ANSWER for {seconds} s ({reason}) from {}", self.address)
            }
        };
        let figures = self.history.figures().unwrap_or_default();
        let mut lines = draw::lines(&figures, &self.labels, &state, width, self.paint);
        if !in_place {
            return lines.join("\n") + "\n\n";
        }
        let room = height.saturating_sub(1).max(1);
        if lines.len() > room {
            lines.truncate(room);
        }
        // Each line clears its own rest and the last one what is below: nothing flickers.
        let cleared: String = lines
            .iter()
            .map(|line| format!("{line}\x1b[K\r\n"))
            .collect();
        format!("\x1b[H{cleared}\x1b[J")
    }
}
