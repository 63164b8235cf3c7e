//! The example that ships loads, and so does what it shows in comments.

use super::tests::{errors, load};

#[test]
fn the_example_loads() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/newsstage.example.toml");
    let text = std::fs::read_to_string(path).expect("the example");
    let loaded = load(&text, &[], &[]);
    assert_eq!(loaded.validate_for_run(), Ok(()));
    assert_eq!(loaded.warnings, []);
    // What the example shows in comments is right as well.
    let shown = |line: &str| match line.strip_prefix("# ") {
        Some(setting) if setting.starts_with('[') || setting.contains(" = ") => setting.to_owned(),
        _ => line.to_owned(),
    };
    let whole: Vec<String> = text.lines().map(shown).collect();
    let found = errors(&whole.join("\n"), &[], &[]);
    let other: Vec<&String> = found
        .iter()
        .filter(|line| !line.contains("_file: cannot read /run/secrets/"))
        .collect();
    assert!(other.is_empty() && !found.is_empty(), "{found:?}");
}
