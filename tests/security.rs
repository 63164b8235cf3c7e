//! Encryption and authentication against a real broker, and secrets that nobody may see.

mod support;

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use support::broker::{Broker, SASL_PASSWORD, SASL_USER};
use support::client::{Outgoing, produce, read_committed};
use support::process::{PATIENCE, Signal, Stage, StageConfig, program};
use support::topics;

/// In every secret that must not be seen.
const CANARY: &str = "canary-7f3a9c";

/// Topics on the shared broker, and a stage that reaches them at another address.
struct Secured {
    config: StageConfig,
    input: String,
    output: String,
}

impl Secured {
    fn new(address: &str, protocol: &str) -> Self {
        let plain = Broker::shared().bootstrap();
        let [input, output, dead] =
            ["raw", "enriched", "dead"].map(|name| topics::create_unique(&plain, name, 1));
        let mut config =
            StageConfig::new(address, &topics::unique("group"), [&input, &output, &dead]);
        config
            .set("kafka.security.protocol", protocol)
            .set("dedup.fsync", false);
        Self {
            config,
            input,
            output,
        }
    }

    /// With SASL and TLS, and the authority that is to be trusted.
    fn sasl(mechanism: &str) -> Self {
        let mut secured = Self::new(&Broker::shared().sasl_bootstrap(), "sasl_ssl");
        secured.trust(Broker::shared().ca_file());
        secured
            .config
            .set("kafka.security.sasl.mechanism", mechanism);
        secured
    }

    fn trust(&mut self, authority: PathBuf) {
        self.config.set(
            "kafka.security.tls.ca_file",
            authority.display().to_string(),
        );
    }

    /// Writes a secret into a file and names it by the setting `<key>_file`.
    fn secret_file(&mut self, key: &str, secret: &str) {
        let path = self.config.folder().join(key);
        std::fs::write(&path, format!("{secret}\n")).expect("written");
        self.config.set(
            &format!("kafka.security.sasl.{key}_file"),
            path.display().to_string(),
        );
    }

    /// One article goes in by the plain address and must come out.
    #[track_caller]
    fn carries_an_article(&self) -> Stage {
        let plain = Broker::shared().bootstrap();
        let article =
            r#"{"title":"The harbour gets a new ferry","body":"It comes before the winter."}"#;
        produce(&plain, &self.input, &[Outgoing::keyed("a", article)]);
        let mut stage = self.config.start();
        stage.wait_for_message("partitions assigned", PATIENCE);
        let out = read_committed(&plain, &self.output, PATIENCE, |records| {
            !records.is_empty()
        });
        assert!(out[0].json()["enrichment"].is_object());
        stage.signal(Signal::Terminate);
        assert_eq!(stage.wait_exit(PATIENCE).code(), Some(0));
        stage
    }

    /// Starts the stage, which must end by itself with this code; returns its last words.
    #[track_caller]
    fn refused(&self, code: i32) -> (Stage, String) {
        let mut stage = self.config.start();
        let exit = stage.wait_exit(PATIENCE).code();
        let words = stage
            .log()
            .iter()
            .rev()
            .find_map(|line| Some(line.text_field("error")?.to_owned()));
        let words = words.unwrap_or_default();
        assert_eq!(exit, Some(code), "{words}");
        (stage, words)
    }

    /// What `newsstage <arguments> --config …` prints, both streams, and its exit code.
    fn prints(&self, arguments: &[&str]) -> (String, Option<i32>) {
        let output = program()
            .args(arguments)
            .arg("--config")
            .arg(self.config.write())
            .output()
            .expect("it runs");
        let text = [output.stdout, output.stderr]
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .concat();
        (text, output.status.code())
    }
}

#[track_caller]
fn assert_unseen(secret: &str, stage: &Stage) {
    let log = stage.log();
    assert!(!log.is_empty());
    for line in log {
        assert!(
            !line.text.contains(secret),
            "the secret is in the log: {}",
            line.text
        );
    }
}

/// An unsigned token (JWT, "alg": "none") for this subject, good for an hour.
fn token(subject: &str) -> String {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("a clock")
        .as_secs();
    let claims = format!(r#"{{"sub":"{subject}","iat":{now},"exp":{}}}"#, now + 3600);
    let [head, body] = [r#"{"alg":"none"}"#, &claims].map(|part| URL_SAFE_NO_PAD.encode(part));
    format!("{head}.{body}.")
}

#[test]
fn tls_with_the_brokers_authority_carries_articles() {
    let mut secured = Secured::new(&Broker::shared().tls_bootstrap(), "ssl");
    secured.trust(Broker::shared().ca_file());
    secured.carries_an_article();
    let (printed, code) = secured.prints(&["check"]);
    assert_eq!(code, Some(0), "{printed}");
}

#[test]
fn a_broker_that_another_authority_vouches_for_is_refused() {
    let mut other = Secured::new(&Broker::shared().tls_bootstrap(), "ssl");
    other.trust(PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/tls/other-authority.pem"
    )));
    // Without a file those of the system are asked (`probe`), which do not know the test's authority.
    let system = Secured::new(&Broker::shared().tls_bootstrap(), "ssl");
    std::thread::scope(|scope| {
        for secured in [&other, &system] {
            scope.spawn(move || {
                let (_, words) = secured.refused(69);
                assert!(words.contains("certificate verify failed"), "{words}");
            });
        }
    });
}

#[test]
fn scram_with_a_password_from_a_file_carries_articles() {
    let mut secured = Secured::sasl("SCRAM-SHA-512");
    secured
        .config
        .set("kafka.security.sasl.username", SASL_USER);
    secured.secret_file("password", SASL_PASSWORD);
    assert_unseen(SASL_PASSWORD, &secured.carries_an_article());
    let (printed, code) = secured.prints(&["check"]);
    assert_eq!(code, Some(0), "{printed}");
    assert!(!printed.contains(SASL_PASSWORD), "{printed}");
}

#[test]
fn plain_over_tls_carries_articles() {
    let mut secured = Secured::sasl("PLAIN");
    secured
        .config
        .set("kafka.security.sasl.username", SASL_USER);
    secured.secret_file("password", SASL_PASSWORD);
    assert_unseen(SASL_PASSWORD, &secured.carries_an_article());
}

#[test]
fn a_bearer_token_from_a_file_carries_articles() {
    let mut secured = Secured::sasl("OAUTHBEARER");
    let token = token("newsstage");
    secured.secret_file("token", &token);
    assert_unseen(&token, &secured.carries_an_article());
    let (printed, code) = secured.prints(&["check"]);
    assert_eq!(code, Some(0), "{printed}");
    assert!(!printed.contains(&token), "{printed}");
}

#[test]
fn wrong_credentials_end_the_process_with_code_77() {
    for mechanism in ["SCRAM-SHA-512", "PLAIN"] {
        let mut secured = Secured::sasl(mechanism);
        secured
            .config
            .set("kafka.security.sasl.username", SASL_USER);
        secured.secret_file("password", CANARY);
        let (stage, words) = secured.refused(77);
        assert!(
            words.contains("denied") && words.contains("uthentication"),
            "{mechanism}: {words}"
        );
        assert_unseen(CANARY, &stage);
    }
    // A token that says it has expired.
    let mut secured = Secured::sasl("OAUTHBEARER");
    secured.secret_file("token", CANARY);
    let (stage, _) = secured.refused(77);
    assert_unseen(CANARY, &stage);
}

#[test]
fn no_secret_shows_whatever_is_logged_printed_or_wrong() {
    let mut secured = Secured::sasl("SCRAM-SHA-512");
    secured
        .config
        .set("kafka.security.sasl.username", SASL_USER);
    secured.config.set("kafka.security.sasl.password", CANARY);
    secured
        .config
        .set("kafka.security.tls.key_password", format!("{CANARY}-key"));
    // Everything that the program and librdkafka can say.
    secured
        .config
        .set("log.filter", "trace")
        .set_dotted("kafka.properties", "debug", "all");
    let commands: [&[&str]; 3] = [
        &["config", "show"],
        &["check", "--timeout", "3"],
        &["check", "--offline"],
    ];
    let unseen = |secured: &Secured| {
        for arguments in commands {
            let (printed, _) = secured.prints(arguments);
            assert!(
                !printed.is_empty() && !printed.contains(CANARY),
                "{arguments:?}: {printed}"
            );
        }
    };
    unseen(&secured);
    let (shown, code) = secured.prints(&["config", "show"]);
    assert_eq!(code, Some(0));
    assert!(shown.contains("***"), "it says that there is one: {shown}");
    // A key password without a key is a contradiction: the message is about it, and does not show it.
    let mut stage = secured.config.start();
    stage.wait_exit(PATIENCE);
    assert_unseen(CANARY, &stage);

    secured.config.unset("kafka.security.tls.key_password");
    let (stage, _) = secured.refused(77);
    assert_unseen(CANARY, &stage);
    assert!(stage.log().len() > 50, "it was made to talk");

    // Given twice, given as something else than text, and given in the environment.
    secured.secret_file("password", CANARY);
    unseen(&secured);
    secured.config.unset("kafka.security.sasl.password");
    let path = secured.config.write();
    for (name, value) in [
        ("PASSWORD", CANARY),
        ("TOKEN", CANARY),
        ("PASSWORD__X", CANARY),
    ] {
        let name = format!("NEWSSTAGE__KAFKA__SECURITY__SASL__{name}");
        let output = program()
            .args(["config", "show", "--config"])
            .arg(&path)
            .env(name, value)
            .output()
            .expect("it runs");
        let text = [output.stdout, output.stderr].concat();
        assert!(
            !String::from_utf8_lossy(&text).contains(CANARY),
            "{}",
            String::from_utf8_lossy(&text)
        );
    }
    let set = format!("kafka.security.sasl.password={CANARY}");
    let output = program()
        .args(["config", "show", "--set", &set, "--config"])
        .arg(&path)
        .output()
        .expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    assert!(
        !String::from_utf8_lossy(&text).contains(CANARY),
        "{}",
        String::from_utf8_lossy(&text)
    );
}

#[test]
fn a_secret_file_that_cannot_be_read_is_named_and_code_78() {
    let mut secured = Secured::sasl("SCRAM-SHA-512");
    secured
        .config
        .set("kafka.security.sasl.username", SASL_USER);
    secured
        .config
        .set("kafka.security.sasl.password_file", "/nowhere/password");
    let mut stage = secured.config.start();
    assert_eq!(stage.wait_exit(Duration::from_secs(20)).code(), Some(78));
    let said = stage
        .log()
        .iter()
        .any(|line| line.text.contains("password_file") && line.text.contains("/nowhere/password"));
    assert!(said, "{:?}", stage.log());
}
