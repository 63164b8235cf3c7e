//! Messages that keep coming while a test goes on.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::corpus::Corpus;
use crate::ledger::Ledger;
use crate::rig::Rig;

/// Messages sent at a time.
const CHUNK: usize = 60;
/// Time between two chunks.
const PACE: Duration = Duration::from_millis(100);

/// Sends some hundred messages a second from a thread of its own.
pub struct Load {
    stop: Sender<()>,
    thread: JoinHandle<Ledger>,
}

impl Load {
    /// Starts to send to the input of `rig`.
    pub fn start(rig: &Rig, corpus: Corpus) -> Self {
        let (stop, stopped) = channel();
        let (bootstrap, input) = (rig.bootstrap.clone(), rig.input.clone());
        let thread = std::thread::spawn(move || send(&bootstrap, &input, corpus, &stopped));
        Self { stop, thread }
    }

    /// Ends it, and returns what was sent.
    #[track_caller]
    pub fn finish(self) -> Ledger {
        drop(self.stop);
        self.thread.join().expect("everything was sent")
    }
}

fn send(bootstrap: &str, input: &str, mut corpus: Corpus, stopped: &Receiver<()>) -> Ledger {
    let mut ledger = Ledger::default();
    // A message at every tick: this paces the load, nothing waits for it.
    while stopped.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
        ledger.send(bootstrap, input, corpus.take(CHUNK));
    }
    ledger
}
