//! A real Valkey or Redis on the loopback interface, run by `tests/services/valkey.sh`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The user that the server with TLS knows; `valkey.sh` has the same.
pub const ACL_USER: &str = "newsstage";
/// The password of [`ACL_USER`].
pub const ACL_PASSWORD: &str = "newsstage-secret";

/// How a server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// One server.
    Single,
    /// One server that speaks TLS alone and knows one user, who may do what the stage needs.
    Tls,
    /// A cluster of three nodes.
    Cluster,
}

/// A server of the test's own. It is killed when the value is dropped, or when the test binary ends, however it ends.
#[derive(Debug)]
pub struct Valkey {
    workdir: PathBuf,
    mode: Mode,
    addresses: Vec<String>,
}

impl Valkey {
    /// Starts it.
    ///
    /// # Panics
    /// When there can be none, with the reason: a test is never skipped for the lack of a server.
    #[track_caller]
    pub fn start(mode: Mode) -> Self {
        let workdir = tempfile::Builder::new()
            .prefix("valkey-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .expect("a folder for the server")
            .keep();
        let name = match mode {
            Mode::Single => "single",
            Mode::Tls => "tls",
            Mode::Cluster => "cluster",
        };
        let owner = std::process::id().to_string();
        let arguments: [&Path; 4] = ["start".as_ref(), &workdir, name.as_ref(), owner.as_ref()];
        match script(&arguments) {
            Ok(addresses) => Self {
                workdir,
                mode,
                addresses: addresses.split(',').map(str::to_owned).collect(),
            },
            Err(reason) => panic!("no Valkey to test with: {reason}"),
        }
    }

    /// For `dedup.shared.urls`.
    pub fn urls(&self) -> Vec<String> {
        let scheme = match self.mode {
            Mode::Tls => "rediss",
            Mode::Single | Mode::Cluster => "redis",
        };
        let url = |address: &String| format!("{scheme}://{address}");
        self.addresses.iter().map(url).collect()
    }

    /// The certificate that clients must trust, in PEM.
    pub fn ca_file(&self) -> PathBuf {
        self.workdir.join("ca.pem")
    }

    /// Ends all nodes at once (SIGKILL).
    #[track_caller]
    pub fn kill(&self) {
        self.control(&["kill".as_ref(), &self.workdir]);
    }

    /// Ends one node of a cluster at once.
    #[track_caller]
    pub fn kill_node(&self, node: usize) {
        let node = node.to_string();
        self.control(&["kill".as_ref(), &self.workdir, node.as_ref()]);
    }

    /// Starts what does not run, on the same ports and data.
    #[track_caller]
    pub fn restart(&self) {
        self.control(&["restart".as_ref(), &self.workdir]);
    }

    /// A command, sent to the first node without TLS.
    #[track_caller]
    pub fn ask<T: redis::FromRedisValue>(&self, command: &[&str]) -> T {
        let url = self.urls().remove(0);
        let client = redis::Client::open(url).expect("a URL");
        let mut connection = client.get_connection().expect("a connection");
        let mut cmd = redis::cmd(command[0]);
        command[1..].iter().for_each(|argument| {
            cmd.arg(*argument);
        });
        cmd.query(&mut connection).expect("an answer")
    }

    #[track_caller]
    fn control(&self, arguments: &[&Path]) {
        if let Err(reason) = script(arguments) {
            panic!("valkey.sh: {reason}");
        }
    }
}

impl Drop for Valkey {
    fn drop(&mut self) {
        let killed = script(&["kill".as_ref(), &self.workdir]);
        if std::thread::panicking() {
            eprintln!("the server's files are kept in {}", self.workdir.display());
        } else if killed.is_ok() {
            // What cannot be deleted stays in the target folder; that fails no test.
            drop(std::fs::remove_dir_all(&self.workdir));
        }
    }
}

/// Runs `valkey.sh` and returns what it printed, or what it complained about.
fn script(arguments: &[&Path]) -> Result<String, String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/services/valkey.sh");
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
