//! No way of loading prints a secret.

use proptest::prelude::*;

use super::hostile_tests::fragment;
use super::tests::{errors, load, sources};
use super::*;

const CANARY: &str = "canary5f1c";

const SASL: &str = "[kafka.security]\nprotocol = \"sasl_ssl\"\n[kafka.security.sasl]\nmechanism = \"PLAIN\"\nusername = \"u\"\n";

const SHARED: &str =
    "[dedup]\nbackend = \"valkey\"\n[dedup.shared]\nurls = [\"redis://host\"]\nuser = \"u\"\n";

#[test]
fn the_password_of_the_shared_index_is_read_from_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("password");
    let file = format!("{SHARED}password_file = {:?}\n", path.display().to_string());
    let found = errors(&file, &[], &[]);
    assert!(
        found[0].contains("dedup.shared.password_file: cannot read "),
        "{found:?}"
    );
    std::fs::write(&path, format!("{CANARY}\n")).expect("writes");
    let config = load(&file, &[], &[]).config;
    let password = config.dedup.shared.password.as_ref().map(Secret::expose);
    assert_eq!(password, Some(CANARY));
    let found = errors(&format!("{file}password = \"{CANARY}\"\n"), &[], &[]);
    assert!(
        found[0].contains("password_file: dedup.shared.password is set too"),
        "{found:?}"
    );
}

#[test]
fn secrets_are_read_from_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("password");
    let sasl = |extra: &str| {
        format!(
            "{SASL}password_file = {:?}\n{extra}",
            path.display().to_string()
        )
    };

    let found = errors(&sasl(""), &[], &[]);
    assert!(
        found[0].starts_with("stage.toml:6:17: kafka.security.sasl.password_file: cannot read "),
        "{found:?}"
    );

    std::fs::write(&path, format!("{CANARY}\r\n")).expect("writes");
    let config = load(&sasl(""), &[], &[]).config;
    assert_eq!(
        config
            .kafka
            .security
            .sasl
            .password
            .as_ref()
            .map(Secret::expose),
        Some(CANARY)
    );

    let found = errors(&sasl(&format!("password = \"{CANARY}\"\n")), &[], &[]);
    assert!(
        found[0].contains("password_file: kafka.security.sasl.password is set too"),
        "{found:?}"
    );

    for (content, part) in [
        ("\n".to_owned(), "is empty"),
        ("x".repeat(70_000), "is longer than"),
    ] {
        std::fs::write(&path, content).expect("writes");
        let found = errors(&sasl(""), &[], &[]);
        assert!(found[0].contains(part), "{found:?}");
    }
}

/// A file, variables and arguments.
type Way = (String, Vec<(&'static str, String)>, Vec<String>);

#[test]
fn nothing_printed_holds_a_secret() {
    let ways: Vec<Way> = vec![
        (format!("{SASL}password = \"{CANARY}\"\n"), vec![], vec![]),
        (
            format!("{SASL}password = \"{CANARY}\"\npasword = \"{CANARY}\"\n"),
            vec![],
            vec![],
        ),
        (format!("{SASL}password = [\"{CANARY}\"]\n"), vec![], vec![]),
        (
            format!("{SASL}password = {{ {CANARY}x = \"{CANARY}\" }}\n")
                .replace(&format!("{CANARY}x"), "x"),
            vec![],
            vec![],
        ),
        (format!("{SASL}password = {CANARY}\n"), vec![], vec![]),
        (format!("{SASL}password = \"{CANARY}\n"), vec![], vec![]),
        (
            format!("{SASL}password = \"{CANARY}\" {CANARY}\n"),
            vec![],
            vec![],
        ),
        (
            format!("{SASL}password = \"{CANARY}\\q{CANARY}\"\n"),
            vec![],
            vec![],
        ),
        (
            format!("{SASL}password = '{CANARY}'{CANARY}'\n"),
            vec![],
            vec![],
        ),
        (format!("{SASL}password = \"\"\"{CANARY}\n"), vec![], vec![]),
        (
            format!("{SASL}password = \"{CANARY}\"\npassword = \"{CANARY}\"\n"),
            vec![],
            vec![],
        ),
        (
            format!("[kafka]\nsecurity = \"{CANARY}\"\n"),
            vec![],
            vec![],
        ),
        (format!("kafka = \"{CANARY}\"\n"), vec![], vec![]),
        (
            format!("[kafka.properties]\n\"sasl.password\" = [\"{CANARY}\"]\n"),
            vec![],
            vec![],
        ),
        (
            format!("[kafka.properties]\n\"sasl.password\" = \"{CANARY}\"\nnope = \"{CANARY}\"\n"),
            vec![],
            vec![],
        ),
        (
            format!("[kafka.consumer_properties]\n\"ssl.key.pem\" = \"{CANARY}\"\n"),
            vec![],
            vec![],
        ),
        (
            SASL.to_owned(),
            vec![("NEWSSTAGE__KAFKA__SECURITY__SASL", CANARY.to_owned())],
            vec![],
        ),
        (
            SASL.to_owned(),
            vec![(
                "NEWSSTAGE__KAFKA__SECURITY__SASL__PASSWORD",
                CANARY.to_owned(),
            )],
            vec![],
        ),
        (
            SASL.to_owned(),
            vec![(
                "NEWSSTAGE__KAFKA__SECURITY__SASL__PASSWROD",
                CANARY.to_owned(),
            )],
            vec![],
        ),
        (
            SASL.to_owned(),
            vec![],
            vec![format!("kafka.security.sasl.password={CANARY}")],
        ),
        (
            SASL.to_owned(),
            vec![],
            vec![format!("kafka.security.sasl.password:{CANARY}")],
        ),
        (
            SASL.to_owned(),
            vec![],
            vec![format!("kafka.security.sasl.pasword={CANARY}")],
        ),
        (
            String::new(),
            vec![],
            vec![format!("kafka.security.sasl.password={CANARY}")],
        ),
        (
            String::new(),
            vec![],
            vec![format!("kafka.security.tls.key_password={CANARY}")],
        ),
        (format!("{SHARED}password = \"{CANARY}\"\n"), vec![], vec![]),
        (
            format!("{SHARED}password = [\"{CANARY}\"]\n"),
            vec![],
            vec![],
        ),
        (
            SHARED.replace("redis://host", &format!("redis://u:{CANARY}@host")),
            vec![],
            vec![],
        ),
        (
            SHARED.to_owned(),
            vec![("NEWSSTAGE__DEDUP__SHARED__PASSWORD", CANARY.to_owned())],
            vec![],
        ),
        (
            String::new(),
            vec![],
            vec![format!("dedup.shared.password={CANARY}")],
        ),
    ];
    let (mut loaded_some, mut failed_some) = (0, 0);
    for (file, env, sets) in ways {
        let env: Vec<(&str, &str)> = env
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
        let sources = sources(&file, &env, &sets);
        let printed = match Config::load(&sources) {
            Ok(loaded) => {
                loaded_some += 1;
                let config = &loaded.config;
                let properties = [Role::Consumer, Role::Producer, Role::Admin]
                    .map(|role| kafka_properties(config, role));
                let json = serde_json::to_string(config).expect("serialises");
                format!("{loaded:?}{config:?}{properties:?}{json}{}", show(&loaded))
            }
            Err(errors) => {
                failed_some += 1;
                format!("{errors}{errors:?}")
            }
        };
        let printed = format!("{printed}{sources:?}");
        assert!(
            !printed.contains(CANARY),
            "{file}\n{env:?}\n{sets:?}\n{printed}"
        );
    }
    assert!(
        loaded_some >= 4 && failed_some >= 15,
        "{loaded_some} {failed_some}"
    );
    assert!(!json_schema().to_string().contains(CANARY));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_secret_never_shows_wherever_the_line_breaks(
        before in prop::collection::vec(fragment(), 0..3),
        after in prop::collection::vec(fragment(), 0..6),
    ) {
        // A newline before the secret would make it a key, and unknown keys are named.
        let before: String = before.concat().replace(['\n', '\r'], "");
        let file = format!("[kafka.security.sasl]\npassword = {before}\"{CANARY}\"{}", after.concat());
        if let Err(errors) = Config::load(&sources(&file, &[], &[])) {
            // As a key of an inline table it is named too.
            let as_key = before.contains('{');
            prop_assert!(as_key || !errors.to_string().contains(CANARY), "{}", errors);
        }
    }
}
