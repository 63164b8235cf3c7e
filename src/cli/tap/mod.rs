//! `newsstage tap`: articles as they leave a running instance, in a terminal or for another program.
//!
//! It reads the live view of the admin address (`admin.live.enabled`), and so is neither a consumer group nor a client of
//! the broker. What it shows is a sample; the instance does not wait for it.

mod article;
mod filter;
mod show;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use tokio::signal::ctrl_c;

use super::remote::{self, Address, AdminArgs, Event, reason};
use super::screen::{Paint, safe_json};
use super::{Exit, print, say};
use article::Article;
use filter::Filter;

/// The longest wait before the instance is asked again.
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// Arguments of `tap`.
#[derive(Debug, Args)]
pub struct TapArgs {
    #[command(flatten)]
    admin: AdminArgs,
    #[command(flatten)]
    filter: Filter,
    /// End after so many articles.
    #[arg(short = 'n', long, value_name = "N")]
    count: Option<u64>,
    /// Show so many of the last articles first.
    #[arg(long, value_name = "N", default_value_t = 10)]
    history: usize,
    /// One JSON object a line: title, source, the beginning of the text, the enrichment.
    #[arg(long)]
    json: bool,
}

pub fn main(args: &TapArgs) -> Exit {
    remote::run("tap", &args.admin, async |address| {
        watch(args, address).await
    })
}

async fn watch(args: &TapArgs, address: &Address) -> Exit {
    let mut tap = Tap {
        args,
        paint: Paint::new(console::Term::stdout().is_term()),
        left: args.count,
        last: None,
        one_in: 1,
        heard: false,
        shown: Arc::default(),
    };
    if tap.left == Some(0) {
        return Exit::Success;
    }
    let shown = tap.shown.clone();
    tokio::select! {
        exit = tap.follow(address) => exit,
        never = patience(&shown) => match never {},
        // Whoever watches ends it so; that is no failure.
        _ = ctrl_c() => Exit::Success,
    }
}

/// One run of the command.
struct Tap<'a> {
    args: &'a TapArgs,
    paint: Paint,
    /// Articles that are still to be shown.
    left: Option<u64>,
    /// Id of the last event.
    last: Option<String>,
    one_in: u64,
    /// Whether the instance has answered at all.
    heard: bool,
    /// Whether anything was shown.
    shown: Arc<AtomicBool>,
}

/// How long nothing may be shown before it is said why.
const SILENCE: Duration = Duration::from_secs(4);

/// Says once that nothing was shown for a while. It never ends.
async fn patience(shown: &AtomicBool) -> std::convert::Infallible {
    tokio::time::sleep(SILENCE).await;
    if !shown.load(Ordering::Acquire) {
        say("waiting: nothing matches yet\n");
    }
    std::future::pending().await
}

impl Tap<'_> {
    /// Reads until the end, and comes back when the instance was away.
    async fn follow(&mut self, address: &Address) -> Exit {
        let mut pause = Duration::from_millis(250);
        let mut away = false;
        loop {
            match self.read(address, &mut away).await {
                Ok(Some(exit)) => return exit,
                Ok(None) => pause = Duration::from_millis(250),
                Err(error) if !self.heard => {
                    say(&format!("no articles from {address}: {}\n", reason(&error)));
                    return Exit::Unavailable;
                }
                Err(error) if !away => {
                    say(&format!(
                        "{address} is away ({}); waiting for it\n",
                        reason(&error)
                    ));
                    away = true;
                }
                Err(_) => {}
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }

    /// Reads one connection to its end. `Some` when nothing more is to be read at all.
    async fn read(&mut self, address: &Address, away: &mut bool) -> std::io::Result<Option<Exit>> {
        let path = format!("/live/events?history={}", self.args.history);
        let mut events = address.events(&path, self.last.as_deref()).await?;
        self.heard = true;
        if std::mem::take(away) {
            say(&format!("{address} is back\n"));
        }
        while let Some(event) = events.next().await? {
            if let Some(exit) = self.take(&event) {
                return Ok(Some(exit));
            }
        }
        Ok(None)
    }

    /// Shows an event; `Some` when it was the last one.
    fn take(&mut self, event: &Event) -> Option<Exit> {
        if event.id.is_some() {
            self.last.clone_from(&event.id);
        }
        match event.name.as_str() {
            "article" => self.article(&event.data),
            "missed" => {
                let missed: serde_json::Value =
                    serde_json::from_str(&event.data).unwrap_or_default();
                let missed = missed["articles"].as_u64().unwrap_or_default();
                say(&format!(
                    "{missed} articles missed: this reader is too slow\n"
                ));
                None
            }
            _ => None,
        }
    }

    fn article(&mut self, data: &str) -> Option<Exit> {
        let Ok(article) = serde_json::from_str::<Article>(data) else {
            say("an article that this version does not understand\n");
            return None;
        };
        if article.one_in != self.one_in {
            self.one_in = article.one_in;
            say(&format!(
                "the sample now holds one story in {}\n",
                self.one_in
            ));
        }
        if !self.args.filter.takes(&article) {
            return None;
        }
        self.shown.store(true, Ordering::Release);
        let shown = if self.args.json {
            print(&format!("{}\n", safe_json(data)))
        } else {
            let width = console::Term::stdout()
                .size_checked()
                .map(|(_, columns)| usize::from(columns));
            print(&show::article(&article, self.paint, width))
        };
        if shown != Exit::Success {
            return Some(shown);
        }
        let left = self.left.as_mut()?;
        *left -= 1;
        (*left == 0).then_some(Exit::Success)
    }
}
