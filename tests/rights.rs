//! What the broker does not allow: the stage ends with its own code, and `check` says it before.

mod support;

use support::acl::{Operation, Resource, allow_only};
use support::broker::{Broker, SASL_PASSWORD, SASL_USER};
use support::client::{Outgoing, produce};
use support::process::{PATIENCE, StageConfig, program};
use support::topics;

const DENIED: i32 = 77;

/// A stage with a user whose rights are taken away one by one.
struct Rights {
    config: StageConfig,
    input: String,
    output: String,
    dead: String,
    group: String,
}

impl Rights {
    fn new() -> Self {
        let plain = Broker::shared().bootstrap();
        let [input, output, dead] =
            ["raw", "enriched", "dead"].map(|name| topics::create_unique(&plain, name, 1));
        let group = topics::unique("group");
        let address = Broker::shared().sasl_bootstrap();
        let mut config = StageConfig::new(&address, &group, [&input, &output, &dead]);
        let authority = Broker::shared().ca_file().display().to_string();
        config
            .set("dedup.fsync", false)
            .set("kafka.instance", "one")
            .set("kafka.security.protocol", "sasl_ssl")
            .set("kafka.security.tls.ca_file", authority)
            .set("kafka.security.sasl.mechanism", "SCRAM-SHA-512")
            .set("kafka.security.sasl.username", SASL_USER)
            .set("kafka.security.sasl.password", SASL_PASSWORD);
        let articles = [
            r#"{"title":"The harbour gets a new ferry","body":"It comes before the winter."}"#,
            "no article",
        ];
        produce(
            &plain,
            &input,
            &articles.map(|article| Outgoing::keyed("a", article)),
        );
        Self {
            config,
            input,
            output,
            dead,
            group,
        }
    }

    /// The stage ends by itself, because it is denied something, and its last words name it.
    #[track_caller]
    fn stops(&self, named: &str) {
        let mut stage = self.config.start();
        let exit = stage.wait_exit(PATIENCE).code();
        let log = stage.log();
        let words = log.iter().rev().find_map(|line| line.text_field("error"));
        let words = words.unwrap_or_default();
        let all: Vec<_> = log.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(exit, Some(DENIED), "{words}\n{}", all.join("\n"));
        assert!(words.contains(named), "{named}: {words}");
    }

    /// `check` finds it, on a line that says this.
    #[track_caller]
    fn found(&self, line: &str) {
        let output = program()
            .args(["check", "--timeout", "5", "--config"])
            .arg(self.config.write())
            .output()
            .expect("it runs");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let fault = printed
            .lines()
            .find(|printed| printed.starts_with("fail") && printed.contains(line));
        assert!(fault.is_some(), "{line}: {printed}");
        assert_eq!(output.status.code(), Some(65), "{printed}");
    }

    #[track_caller]
    fn allow_only(&self, resource: Resource<'_>, operation: Operation) {
        allow_only(&Broker::shared().bootstrap(), resource, operation);
    }
}

#[test]
fn an_input_that_must_not_be_read() {
    let rights = Rights::new();
    rights.allow_only(Resource::Topic(&rights.input), Operation::Describe);
    rights.found("input.topic: this user lacks the right Read on");
    rights.stops(&rights.input);
}

#[test]
fn an_input_that_must_not_be_seen() {
    let rights = Rights::new();
    rights.allow_only(Resource::Topic(&rights.input), Operation::Write);
    rights.stops(&rights.input);
}

#[test]
fn an_output_that_must_not_be_written() {
    let rights = Rights::new();
    rights.allow_only(Resource::Topic(&rights.output), Operation::Read);
    rights.found("output.topic: this user lacks the right Write on");
    rights.stops(&rights.output);
}

#[test]
fn an_output_that_must_not_be_read_for_the_index() {
    let rights = Rights::new();
    let plain = Broker::shared().bootstrap();
    produce(&plain, &rights.output, &[Outgoing::keyed("a", "{}")]);
    rights.allow_only(Resource::Topic(&rights.output), Operation::Write);
    rights.found("output.topic: this user lacks the right Read on");
    rights.stops(&rights.output);
}

#[test]
fn dead_letters_that_must_not_be_written() {
    let rights = Rights::new();
    rights.allow_only(Resource::Topic(&rights.dead), Operation::Describe);
    rights.found("dead_letter.topic: this user lacks the right Write on");
    rights.stops(&rights.dead);
}

#[test]
fn a_group_that_must_not_be_joined() {
    let rights = Rights::new();
    rights.allow_only(Resource::Group(&rights.group), Operation::Describe);
    rights.found("kafka.group");
    rights.stops(&rights.group);
}

#[test]
fn a_group_that_must_not_be_seen() {
    let rights = Rights::new();
    rights.allow_only(Resource::Group("another"), Operation::Describe);
    rights.allow_only(Resource::Group(&rights.group), Operation::Write);
    rights.found("kafka.group");
    rights.stops(&rights.group);
}

#[test]
fn a_transactional_id_that_must_not_be_used() {
    let rights = Rights::new();
    let id = format!("{}-one", rights.group);
    rights.allow_only(Resource::TransactionalId(&id), Operation::Describe);
    rights.stops("transactional");
}

#[test]
fn writing_at_least_once_without_the_right() {
    let mut rights = Rights::new();
    rights.config.set("delivery", "at_least_once");
    rights.allow_only(Resource::Topic(&rights.output), Operation::Read);
    rights.found("output.topic: this user lacks the right Write on");
    rights.stops(&rights.output);
}
