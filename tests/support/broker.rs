//! A real Apache Kafka on the loopback interface, run by `tests/services/kafka.sh`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use super::eventually;

/// The broker that `tests/run` started for all test binaries, as `127.0.0.1:PORT`.
const ADDRESS_VARIABLE: &str = "NEWSSTAGE_TEST_BROKER";
/// The folder of that broker, which holds its log and `ca.pem`.
const WORKDIR_VARIABLE: &str = "NEWSSTAGE_TEST_BROKER_DIR";

/// The user that SASL PLAIN and SCRAM-SHA-512 know; `kafka.sh` has the same.
pub const SASL_USER: &str = "newsstage";
/// The password of [`SASL_USER`].
pub const SASL_PASSWORD: &str = "newsstage-secret";

/// One single-node broker. A broker that a test binary started ends with that test binary, however it ends.
#[derive(Debug)]
pub struct Broker {
    workdir: PathBuf,
    port: u16,
    /// Only an own broker may be stopped, killed or paused: others use the shared one.
    own: bool,
}

impl Broker {
    /// The broker that all tests share: the one `tests/run` started or, without it, one for this test binary.
    /// Use topics and groups with [unique names](super::topics::unique) on it.
    ///
    /// # Panics
    /// When there can be none, with the reason: a test is never skipped for the lack of a broker.
    #[track_caller]
    pub fn shared() -> &'static Broker {
        static SHARED: OnceLock<Result<Broker, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| match std::env::var(ADDRESS_VARIABLE) {
            Ok(address) => Self::running(&address),
            Err(_) => Self::launch(false),
        });
        match shared {
            Ok(broker) => broker,
            Err(reason) => panic!("no Kafka to test with: {reason}"),
        }
    }

    /// A broker of the test's own, to stop, kill and restart. It is killed when the value is dropped.
    ///
    /// # Panics
    /// When it cannot be started, with the reason.
    #[track_caller]
    pub fn own() -> Broker {
        Self::launch(true)
            .unwrap_or_else(|reason| panic!("no Kafka of its own for the test: {reason}"))
    }

    /// Where clients connect without TLS and SASL.
    pub fn bootstrap(&self) -> String {
        self.address(0)
    }

    /// Where clients connect with TLS and a user (`security.protocol=SASL_SSL`; SCRAM-SHA-512, PLAIN, and OAUTHBEARER
    /// with unsigned tokens).
    pub fn sasl_bootstrap(&self) -> String {
        self.address(2)
    }

    /// Where clients connect with TLS (`security.protocol=SSL`).
    pub fn tls_bootstrap(&self) -> String {
        self.address(3)
    }

    /// The certificate that TLS clients must trust (`ssl.ca.location`), in PEM. The broker's own certificate is for
    /// `localhost` and `127.0.0.1`.
    pub fn ca_file(&self) -> PathBuf {
        self.workdir.join("ca.pem")
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        let text = std::fs::read_to_string(self.workdir.join("pid")).unwrap_or_default();
        text.trim().parse().expect("the broker runs")
    }

    /// Everything the broker has logged, over all its starts. Transactions that are fenced or time out are named here.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.workdir.join("broker.log")).unwrap_or_default()
    }

    /// Waits until the broker has logged a line that contains all of `words`, and returns the line.
    #[track_caller]
    pub fn wait_for_log(&self, words: &[&str], deadline: Duration) -> String {
        let line = eventually(deadline, || {
            let log = self.log();
            log.lines()
                .find(|line| words.iter().all(|word| line.contains(word)))
                .map(str::to_owned)
        });
        line.unwrap_or_else(|| {
            panic!("waited {deadline:?} in vain for {words:?} in the broker's log")
        })
    }

    /// Shuts the broker down in order; clients see it leave.
    #[track_caller]
    pub fn stop(&self) {
        self.control("stop");
    }

    /// Ends the broker at once (SIGKILL).
    #[track_caller]
    pub fn kill(&self) {
        self.control("kill");
    }

    /// Starts the broker again on the same ports and data, after stopping it if it runs. Returns when it answers.
    /// After [`kill`](Self::kill) that takes some 6 s longer than after [`stop`](Self::stop).
    #[track_caller]
    pub fn restart(&self) {
        self.control("restart");
    }

    /// Stands the broker still (SIGSTOP): connections stay open and nobody answers.
    #[track_caller]
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Lets a paused broker go on (SIGCONT).
    #[track_caller]
    pub fn resume(&self) {
        self.signal("CONT");
    }

    fn address(&self, offset: u16) -> String {
        format!("127.0.0.1:{}", self.port + offset)
    }

    fn running(address: &str) -> Result<Broker, String> {
        let problem = |why: &str| format!("{ADDRESS_VARIABLE}={address}: {why}");
        let port = address
            .strip_prefix("127.0.0.1:")
            .and_then(|port| port.parse().ok());
        let port = port.ok_or_else(|| problem("not 127.0.0.1:PORT"))?;
        std::net::TcpStream::connect(address).map_err(|error| problem(&error.to_string()))?;
        let workdir = std::env::var(WORKDIR_VARIABLE)
            .map_err(|_| problem(&format!("needs {WORKDIR_VARIABLE} too")))?;
        Ok(Broker {
            workdir: workdir.into(),
            port,
            own: false,
        })
    }

    fn launch(own: bool) -> Result<Broker, String> {
        let workdir = tempfile::Builder::new()
            .prefix("kafka-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .map_err(|error| error.to_string())?
            .keep();
        // The script ends the broker once this process is gone.
        let owner = std::process::id().to_string();
        let address = script(&["start".as_ref(), &workdir, "0".as_ref(), owner.as_ref()])?;
        let port = address
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok());
        let port = port.ok_or_else(|| format!("kafka.sh printed no address: {address:?}"))?;
        Ok(Broker { workdir, port, own })
    }

    #[track_caller]
    fn control(&self, command: &str) {
        assert!(self.own, "{command}: only a broker of the test's own");
        if let Err(reason) = script(&[command.as_ref(), &self.workdir]) {
            panic!("kafka.sh {command}: {reason}");
        }
    }

    #[track_caller]
    fn signal(&self, name: &str) {
        assert!(self.own, "SIG{name}: only a broker of the test's own");
        let pid = std::fs::read_to_string(self.workdir.join("pid")).expect("the broker runs");
        super::process::signal_process(pid.trim().parse().expect("a process id"), name);
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if !self.own {
            return;
        }
        let killed = script(&["kill".as_ref(), &self.workdir]);
        if std::thread::panicking() {
            eprintln!("the broker's files are kept in {}", self.workdir.display());
        } else if killed.is_ok() {
            // What cannot be deleted stays in the target folder; that fails no test.
            drop(std::fs::remove_dir_all(&self.workdir));
        }
    }
}

/// Runs `kafka.sh` and returns what it printed, or what it complained about.
fn script(arguments: &[&Path]) -> Result<String, String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/services/kafka.sh");
    let output = Command::new("bash")
        .arg(path)
        .args(arguments)
        .output()
        .map_err(|error| format!("bash {path}: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}
