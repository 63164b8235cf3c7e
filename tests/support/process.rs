//! The newsstage program as a process: start, log, signals, exit, admin address.

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::sync::OnceLock;
use std::time::Duration;

use super::eventually;
pub use super::observe::{LogLine, Reply, http_get, metric};
pub use super::stage_config::StageConfig;

/// How long the program may take for what it normally does in well under a second.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Lines of a stage's log that a failing test prints.
const LINES_SHOWN: usize = 60;

/// The newsstage program, without any setting from the environment of whoever runs the tests.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_newsstage"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("NEWSSTAGE") || name == "RUST_LOG" {
            command.env_remove(name);
        }
    }
    command
}

/// What can be sent to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM: end in order.
    Terminate,
    /// SIGINT, as from Ctrl-C.
    Interrupt,
    /// SIGKILL: end at once.
    Kill,
    /// SIGSTOP: stand still.
    Stop,
    /// SIGCONT: go on.
    Continue,
    /// SIGHUP: look at the settings again.
    Hangup,
}

/// A running `newsstage run`, or one that has ended. It is killed when the value is dropped.
#[derive(Debug)]
pub struct Stage {
    child: Child,
    status: Option<ExitStatus>,
    log_path: PathBuf,
    admin: OnceLock<String>,
}

impl Stage {
    /// A process that was just started and logs to `log_path`.
    pub fn new(child: Child, log_path: PathBuf) -> Self {
        Self {
            child,
            status: None,
            log_path,
            admin: OnceLock::new(),
        }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Every whole line logged so far.
    pub fn log(&self) -> Vec<LogLine> {
        let text = std::fs::read(&self.log_path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        // The last line may be half written.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(LogLine::parse).collect()
    }

    /// Waits until `condition` holds for the log. Panics, with the log's end, when it does not within `deadline` or the
    /// process has ended before.
    #[track_caller]
    pub fn wait_until(
        &mut self,
        what: &str,
        deadline: Duration,
        condition: impl Fn(&[LogLine]) -> bool,
    ) {
        let held = eventually(deadline, || {
            // In this order: what was logged before the end still counts.
            let ended = self.try_exit().is_some();
            let held = condition(&self.log());
            (held || ended).then_some(held)
        });
        match held {
            Some(true) => {}
            Some(false) => self.fail(&format!("ended before {what}")),
            None => self.fail(&format!("waited {deadline:?} in vain for {what}")),
        }
    }

    /// Waits for a line with exactly this message, and returns it.
    #[track_caller]
    pub fn wait_for_message(&mut self, message: &str, deadline: Duration) -> LogLine {
        let said = |line: &LogLine| line.message() == Some(message);
        self.wait_until(message, deadline, |log| log.iter().any(said));
        self.log()
            .into_iter()
            .find(said)
            .expect("it was there a moment ago")
    }

    /// Waits until `/readyz` answers 200.
    #[track_caller]
    pub fn wait_ready(&mut self, deadline: Duration) {
        self.admin_address();
        let ready = eventually(deadline, || {
            let ended = self.try_exit().is_some();
            let ready = self.get("/readyz").is_ok_and(|reply| reply.status == 200);
            (ready || ended).then_some(ready)
        });
        if ready != Some(true) {
            self.fail(&format!("not ready within {deadline:?}"));
        }
    }

    /// Sends a signal.
    #[track_caller]
    pub fn signal(&mut self, signal: Signal) {
        assert!(
            self.try_exit().is_none(),
            "{signal:?}: the process has ended already"
        );
        let name = match signal {
            Signal::Terminate => "TERM",
            Signal::Interrupt => "INT",
            Signal::Kill => "KILL",
            Signal::Stop => "STOP",
            Signal::Continue => "CONT",
            Signal::Hangup => "HUP",
        };
        signal_process(self.pid(), name);
    }

    /// Sends SIGKILL and waits for the end. Panics when the process had ended before: then it was not this that ended it.
    #[track_caller]
    pub fn kill(&mut self) {
        self.signal(Signal::Kill);
        let status = self.wait_exit(PATIENCE);
        assert_eq!(
            status.code(),
            None,
            "ended by itself with {status}, not by the signal"
        );
    }

    /// The exit status, when the process has ended.
    pub fn try_exit(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.status = self.child.try_wait().expect("the process can be asked");
        }
        self.status
    }

    /// Waits for the end of the process. Panics, with the log's end, when it has not ended within `deadline`.
    #[track_caller]
    pub fn wait_exit(&mut self, deadline: Duration) -> ExitStatus {
        eventually(deadline, || self.try_exit())
            .unwrap_or_else(|| self.fail(&format!("still running after {deadline:?}")))
    }

    /// Where the admin server listens, as `127.0.0.1:PORT`; waits for the program to say it.
    #[track_caller]
    pub fn admin_address(&mut self) -> String {
        if let Some(address) = self.admin.get() {
            return address.clone();
        }
        let line = self.wait_for_message("admin listening", PATIENCE);
        let url = line
            .text_field("admin")
            .expect("the line has the field `admin`");
        let address = url
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned();
        self.admin.get_or_init(|| address).clone()
    }

    /// Asks the admin server for `path`, such as `/metrics`.
    pub fn get(&mut self, path: &str) -> std::io::Result<Reply> {
        http_get(&self.admin_address(), path)
    }

    /// The sum of all series of a metric, by its full name such as `newsstage_messages_consumed_total`, whose labels
    /// contain all of `labels` (`name="value"`). `None` when there is no such series.
    pub fn metric(&mut self, name: &str, labels: &[&str]) -> Option<f64> {
        let reply = self
            .get("/metrics")
            .ok()
            .filter(|reply| reply.status == 200)?;
        metric(&reply.body, name, labels)
    }

    /// A figure of `/proc/PID/status` in KiB: `VmRSS` is the memory held now, `VmHWM` the most it ever was.
    pub fn memory_kib(&self, figure: &str) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).ok()?;
        let line = status
            .lines()
            .find(|line| line.split(':').next() == Some(figure))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    /// Ends it in order. Panics when it does not end with code 0 within `deadline`.
    #[track_caller]
    pub fn terminate(&mut self, deadline: Duration) {
        self.signal(Signal::Terminate);
        let status = self.wait_exit(deadline);
        assert_eq!(status.code(), Some(0), "after SIGTERM: {status}");
    }

    #[track_caller]
    fn fail(&mut self, problem: &str) -> ! {
        // Its log follows when it is dropped, as do those of the other stages of the test.
        panic!("newsstage (process {}): {problem}", self.pid());
    }

    /// The last lines logged, for a person.
    fn end_of_log(&mut self) -> String {
        let state = self
            .try_exit()
            .map_or("running".to_owned(), |status| status.to_string());
        let log = self.log();
        let end: Vec<_> = log
            .iter()
            .skip(log.len().saturating_sub(LINES_SHOWN))
            .map(|line| line.text.as_str())
            .collect();
        format!(
            "---- the end of the log of newsstage (process {}, {state})\n{}",
            self.pid(),
            end.join("\n"),
        )
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.end_of_log());
        }
        // It may have ended by itself; SIGKILL also ends a stopped process.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Sends `SIG<name>` to a process; panics when there is no such process.
#[track_caller]
pub fn signal_process(pid: u32, name: &str) {
    // The shell's own `kill`: the program of that name is not on every machine.
    let sent = Command::new("sh")
        .args(["-c", &format!("kill -s {name} {pid}")])
        .status();
    assert!(
        sent.is_ok_and(|status| status.success()),
        "SIG{name} to process {pid} was not sent"
    );
}
