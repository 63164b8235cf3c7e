//! The published JSON Schemas, as validators that never leave this machine.

use std::path::{Path, PathBuf};

use jsonschema::{Registry, Validator};
use serde_json::Value;

/// File name and `$id` of each published schema.
pub const SCHEMAS: [(&str, &str); 3] = [
    ("input.schema.json", "urn:newsstage:schema:input:1"),
    (
        "enrichment.schema.json",
        "urn:newsstage:schema:enrichment:1",
    ),
    ("output.schema.json", "urn:newsstage:schema:output:1"),
];

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/asyncapi")
}

/// The text of a published schema as JSON.
pub fn schema(file: &str) -> Value {
    let path = folder().join("schemas").join(file);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A validator for one of the schemas, with all of them at hand.
pub fn validator(file: &str) -> Validator {
    let mut registry = Registry::new();
    for (name, id) in SCHEMAS {
        registry = registry.add(id, schema(name)).expect("a usable $id");
    }
    let registry = registry
        .prepare()
        .expect("schemas that refer to each other");
    jsonschema::options()
        .offline()
        .with_registry(&registry)
        .build(&schema(file))
        .unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Every fault of a value, one a line; empty when it is valid.
pub fn faults(validator: &Validator, value: &Value) -> String {
    validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}\n", error.instance_path()))
        .collect()
}
