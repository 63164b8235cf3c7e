//! Runs the commands of a page: the program itself, whatever the shell has, and stand-ins for Kafka's own tools, which a
//! test machine does not have on its path.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::support::broker::Broker;
use super::support::client::{Outgoing, produce, read_committed};
use super::support::process::{PATIENCE, Signal, Stage, program};
use super::support::topics;

/// The names that the pages use, which are made unique on the shared broker.
const TOPICS: [&str; 4] = ["news.raw", "news.enriched", "news.dead", "news.duplicates"];
const GROUP: &str = "newsstage";
const ADDRESS: &str = "localhost:9092";
const ADMIN: &str = "localhost:9464";

/// What a command printed, errors included, and whether it succeeded.
#[derive(Debug)]
pub struct Outcome {
    pub output: String,
    pub success: bool,
}

/// Where the commands of one page run: a folder that shows the repository's files and takes what is written.
pub struct Shell {
    folder: TempDir,
    /// What the page says, and what is used on the test's broker.
    used: Vec<(String, String)>,
    /// What commands print then, and what they would print on the reader's broker.
    printed: Vec<(String, String)>,
    stages: Vec<Stage>,
}

impl Shell {
    /// `uses_kafka` when a command of the page needs a broker.
    pub fn new(repository: &Path, uses_kafka: bool) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("readme-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .expect("a folder");
        for entry in std::fs::read_dir(repository).expect("the repository") {
            let entry = entry.expect("an entry");
            let to = folder.path().join(entry.file_name());
            if entry.file_name() != "target" {
                std::os::unix::fs::symlink(entry.path(), to).expect("a link");
            }
        }
        let bin = folder.path().join("bin");
        std::fs::create_dir(&bin).expect("a folder");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_newsstage"), bin.join("newsstage"))
            .expect("a link");
        let mut shell = Self {
            folder,
            used: Vec::new(),
            printed: Vec::new(),
            stages: Vec::new(),
        };
        if uses_kafka {
            shell.use_instead(ADDRESS, &Broker::shared().bootstrap());
            for topic in TOPICS {
                shell.use_instead(topic, &topics::unique(topic));
            }
            // The bare word is also the name of the program.
            let group = topics::unique("readme");
            shell
                .used
                .push((format!("group = {GROUP:?}"), format!("group = {group:?}")));
            shell.printed.push((group, GROUP.to_owned()));
        }
        shell
    }

    fn use_instead(&mut self, page: &str, real: &str) {
        self.used.push((page.to_owned(), real.to_owned()));
        self.printed.push((real.to_owned(), page.to_owned()));
    }

    /// Writes a file that the page shows.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), self.real(text)).expect("written");
    }

    /// Runs one command line.
    pub fn run(&mut self, command: &str) -> Outcome {
        let command = self.real(&command.replace("cargo run --release --", "newsstage"));
        let words: Vec<&str> = command.split_whitespace().collect();
        let outcome = match words.as_slice() {
            ["newsstage", "run", arguments @ ..] => self.start(arguments),
            ["kafka-topics.sh", arguments @ ..] => create_topic(arguments),
            ["kafka-console-producer.sh", arguments @ ..] => self.produce(arguments),
            ["kafka-console-consumer.sh", arguments @ ..] => consume(arguments),
            ["curl", "-s", url, filter @ ..] => self.get(url, filter),
            ["tests/run"] => self.only_there("tests/run"),
            ["newsstage", "tap" | "top", ..] => self.look(&command),
            _ => self.bash(&command),
        };
        Outcome {
            output: replaced(&outcome.output, &self.printed),
            ..outcome
        }
    }

    /// Ends the stages that were started, as Ctrl-C does. Panics when one does not end well.
    pub fn end(mut self) {
        for stage in &mut self.stages {
            stage.signal(Signal::Interrupt);
            let status = stage.wait_exit(PATIENCE);
            assert_eq!(status.code(), Some(0), "newsstage run: {:#?}", stage.log());
        }
    }

    fn real(&self, text: &str) -> String {
        replaced(text, &self.used)
    }

    fn bash(&self, command: &str) -> Outcome {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut bash = Command::new("bash");
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("NEWSSTAGE") || name == "RUST_LOG" {
                bash.env_remove(name);
            }
        }
        // One stream, so that the order is that of a terminal.
        let command = format!("exec 2>&1; {command}");
        bash.args(["-c", &command]).current_dir(self.folder.path());
        bash.env(
            "PATH",
            format!("{}:{path}", self.folder.path().join("bin").display()),
        );
        let output = bash.stdin(Stdio::null()).output().expect("bash runs");
        Outcome {
            output: String::from_utf8_lossy(&output.stdout).into_owned(),
            success: output.status.success(),
        }
    }

    /// `newsstage run` in the background, with a free port for the admin address.
    fn start(&mut self, arguments: &[&str]) -> Outcome {
        let log_path = self
            .folder
            .path()
            .join(format!("run-{}.log", self.stages.len()));
        let mut command = program();
        command
            .arg("run")
            .args(arguments)
            .current_dir(self.folder.path())
            .env("NEWSSTAGE__ADMIN__LISTEN", "127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log_path).expect("a log file"));
        let mut stage = Stage::new(command.spawn().expect("newsstage starts"), log_path);
        stage.wait_ready(PATIENCE);
        self.stages.push(stage);
        success("")
    }

    fn produce(&self, arguments: &[&str]) -> Outcome {
        let [arguments @ .., "<", file] = arguments else {
            panic!("kafka-console-producer.sh: expected `< FILE` at the end");
        };
        let text = std::fs::read_to_string(self.folder.path().join(file)).expect("the file");
        let records: Vec<Outgoing> = text.lines().map(Outgoing::new).collect();
        let (bootstrap, topic) = (
            value(arguments, "--bootstrap-server"),
            value(arguments, "--topic"),
        );
        produce(bootstrap, topic, &records);
        success("")
    }

    fn get(&mut self, url: &str, filter: &[&str]) -> Outcome {
        let path = url.strip_prefix(ADMIN).expect("the admin address");
        let stage = self.stages.last_mut().expect("`newsstage run` before");
        let look = |stage: &mut Stage| stage.get(path).expect("an answer").body;
        let body = look(stage);
        match filter {
            [] => success(&body),
            ["|", "grep", word] => {
                let lines = body.lines().filter(|line| line.contains(word));
                success(&lines.collect::<Vec<_>>().join("\n"))
            }
            other => panic!("curl: {other:?} is not understood"),
        }
    }

    /// A command that looks at the stage that was started last.
    fn look(&mut self, command: &str) -> Outcome {
        let stage = self.stages.last_mut().expect("`newsstage run` before");
        let address = stage.admin_address();
        let outcome = self.bash(&command.replace(ADMIN, &address));
        Outcome {
            output: outcome.output.replace(&address, ADMIN),
            ..outcome
        }
    }

    fn only_there(&self, file: &str) -> Outcome {
        use std::os::unix::fs::PermissionsExt as _;
        let file = std::fs::metadata(self.folder.path().join(file));
        Outcome {
            output: String::new(),
            success: file
                .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0),
        }
    }
}

fn replaced(text: &str, pairs: &[(String, String)]) -> String {
    let swap = |text: String, (from, to): &(String, String)| text.replace(from, to);
    pairs.iter().fold(text.to_owned(), swap)
}

fn success(output: &str) -> Outcome {
    Outcome {
        output: output.to_owned(),
        success: true,
    }
}

fn create_topic(arguments: &[&str]) -> Outcome {
    assert!(arguments.contains(&"--create"), "{arguments:?}");
    let partitions = value(arguments, "--partitions").parse().expect("a number");
    let settings: Vec<(&str, &str)> = arguments
        .windows(2)
        .filter_map(|pair| (pair[0] == "--config").then(|| pair[1].split_once('='))?)
        .collect();
    let (bootstrap, topic) = (
        value(arguments, "--bootstrap-server"),
        value(arguments, "--topic"),
    );
    topics::create(bootstrap, topic, partitions, &settings);
    success("")
}

fn consume(arguments: &[&str]) -> Outcome {
    assert!(arguments.contains(&"--from-beginning"), "{arguments:?}");
    assert_eq!(value(arguments, "--isolation-level"), "read_committed");
    let count: usize = value(arguments, "--max-messages")
        .parse()
        .expect("a number");
    let (bootstrap, topic) = (
        value(arguments, "--bootstrap-server"),
        value(arguments, "--topic"),
    );
    let records = read_committed(bootstrap, topic, Duration::from_secs(60), |records| {
        records.len() >= count
    });
    let values = records.iter().take(count).map(|record| {
        let value = record.payload.as_deref().unwrap_or(b"null");
        String::from_utf8_lossy(value).into_owned()
    });
    success(&values.collect::<Vec<_>>().join("\n"))
}

/// The word after an option.
fn value<'a>(arguments: &[&'a str], option: &str) -> &'a str {
    let at = arguments.iter().position(|word| *word == option);
    at.and_then(|at| arguments.get(at + 1))
        .unwrap_or_else(|| panic!("{option} is missing in {arguments:?}"))
}
