//! No text makes loading panic.

use proptest::prelude::*;

use super::tests::{errors, sources};
use super::*;

#[test]
fn hostile_nesting_is_refused() {
    let deep_key = vec!["a"; 100_000].join(".");
    let deep_list = format!("threads = {}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let inline = format!("{} = {{ ", vec!["a"; 70].join("."));
    let deep_tables = format!("{}x = 1{}", inline.repeat(70), " }".repeat(70));
    let properties = format!("kafka.properties.{deep_tables}");
    for text in [
        format!("{deep_key} = 1"),
        deep_list,
        deep_tables,
        properties,
    ] {
        assert!(!errors(&text, &[], &[]).is_empty());
        assert!(!errors("", &[], &[&text]).is_empty());
        assert!(
            !errors(
                "",
                &[(&format!("NEWSSTAGE__{}", text.replace('.', "__")), &text)],
                &[]
            )
            .is_empty()
        );
        assert!(!errors("", &[("NEWSSTAGE__KAFKA", &text)], &[]).is_empty());
    }
}

/// Pieces from which TOML-like text is made: random text alone would never get past the first line.
pub(super) fn fragment() -> impl Strategy<Value = String> {
    let known = proptest::sample::select(vec![
        "[kafka]",
        "[kafka.properties]",
        "[[input]]",
        "[dedup]",
        "group",
        "linger.ms",
        "topic",
        "threads",
        "password",
        "aliases",
        " = ",
        "\n",
        "\"",
        "'",
        "\"a\"",
        "5",
        "-1",
        "1e400",
        "nan",
        "true",
        "[",
        "]",
        "{",
        "}",
        ",",
        ".",
        "#",
        "1979-05-27",
        "\\u0000",
        "0xffffffffffffffffff",
        "99999999999999999999",
        "\u{feff}",
        "ü",
    ]);
    prop_oneof![9 => known.prop_map(str::to_owned), 1 => any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_file_loads_or_fails(parts in prop::collection::vec(fragment(), 0..40)) {
        let _ = Config::load(&sources(&parts.concat(), &[], &[]));
    }

    #[test]
    fn any_environment_and_arguments_load_or_fail(
        name in prop_oneof![any::<String>(), proptest::sample::select(keys::key_tree().paths()).prop_map(|p| p.join("__"))],
        value in prop_oneof![any::<String>(), prop::collection::vec(fragment(), 0..8).prop_map(|parts| parts.concat())],
    ) {
        let variable = format!("{ENV_PREFIX}{name}");
        let set = format!("{}={value}", name.replace("__", "."));
        for sources in [sources("", &[(&variable, &value)], &[]), sources("", &[], &[&set, &value])] {
            match Config::load(&sources) {
                Ok(loaded) => {
                    let shown = show(&loaded);
                    let secret = loaded.config.kafka.security != SecurityConfig::default();
                    let again = Config::load(&super::tests::sources(&shown, &[], &[]));
                    prop_assert!(secret || again.is_ok_and(|again| again.config == loaded.config), "{}", shown);
                }
                Err(errors) => prop_assert!(!errors.to_string().is_empty()),
            }
        }
    }
}
