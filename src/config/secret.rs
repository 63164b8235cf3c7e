//! Values that must never be printed: passwords, tokens, and librdkafka properties that hold them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What is shown in the place of a secret.
pub const REDACTED: &str = "***";

/// A password or token. `Debug`, `Display` and `Serialize` show `***`; only [`Secret::expose`] gives the value.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Hides `value`.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself. Do not print it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

impl JsonSchema for Secret {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "password", "writeOnly": true })
    }
}

/// Serde's own messages quote the value that did not fit, so every other type is refused here without it.
struct SecretVisitor;

impl SecretVisitor {
    fn refuse<E: Error>() -> Result<Secret, E> {
        Err(E::custom("expected text in quotes"))
    }
}

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text in quotes")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Secret, E> {
        Ok(Secret::new(value))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Secret, E> {
        Ok(Secret(value))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_bytes<E: Error>(self, _: &[u8]) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Secret, A::Error> {
        Self::refuse()
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Secret, A::Error> {
        Self::refuse()
    }
}

/// May this librdkafka property hold a secret? By its name: passwords, secrets, tokens, keys and inline PEM.
pub fn is_secret_property(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "password",
        "passphrase",
        "secret",
        "token",
        "pem",
        "sasl.oauthbearer",
        "sasl.jaas",
    ]
    .iter()
    .any(|part| name.contains(part))
}

/// librdkafka properties that are handed through as they are. `Debug` and `Serialize` hide those that hold secrets.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Properties(BTreeMap<String, String>);

impl Properties {
    /// The properties in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of one property.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Sets a property, over any earlier value.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// Takes out every property whose name `unwanted` accepts.
    pub fn remove_where(&mut self, unwanted: impl Fn(&str) -> bool) {
        self.0.retain(|name, _| !unwanted(name));
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn redacted(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().map(|(name, value)| {
            (
                name,
                if is_secret_property(name) {
                    REDACTED
                } else {
                    value
                },
            )
        })
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Properties {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.redacted()).finish()
    }
}

impl Serialize for Properties {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.redacted())
    }
}

/// One property value: text, a whole number, a number or a truth value, all of which librdkafka takes as text.
struct PropertyValue(String);

impl<'de> Deserialize<'de> for PropertyValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PropertyVisitor)
    }
}

struct PropertyVisitor;

impl<'de> Visitor<'de> for PropertyVisitor {
    type Value = PropertyValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number, true or false")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<PropertyValue, E> {
        Ok(PropertyValue(value.to_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<PropertyValue, E> {
        Ok(PropertyValue(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<PropertyValue, E> {
        Ok(PropertyValue(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<PropertyValue, E> {
        Ok(PropertyValue(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<PropertyValue, E> {
        Ok(PropertyValue(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<PropertyValue, A::Error> {
        Err(A::Error::custom("expected text, a number, true or false"))
    }
}

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = BTreeMap::<String, PropertyValue>::deserialize(deserializer)?;
        Ok(pairs
            .into_iter()
            .map(|(name, value)| (name, value.0))
            .collect())
    }
}

impl JsonSchema for Properties {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Properties".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "format": "librdkafka-properties",
            "additionalProperties": { "type": ["string", "number", "boolean"], "writeOnly": true }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_nothing() {
        let secret = Secret::new("canary-5f1");
        let shown = format!(
            "{secret:?} {secret} {}",
            serde_json::to_string(&secret).expect("serialises")
        );
        assert_eq!(shown, "*** *** \"***\"");
        assert_eq!(secret.expose(), "canary-5f1");
    }

    #[test]
    fn a_secret_of_the_wrong_type_is_not_quoted() {
        for json in [
            "12345",
            "-12345",
            "12345.5",
            "true",
            "[\"12345\"]",
            "{\"12345\":1}",
        ] {
            let error = serde_json::from_str::<Secret>(json)
                .expect_err(json)
                .to_string();
            assert!(
                error.contains("expected text in quotes") && !error.contains("12345"),
                "{error}"
            );
        }
    }

    #[test]
    fn secret_properties_are_hidden() {
        let mut properties = Properties::default();
        for name in [
            "sasl.password",
            "ssl.key.pem",
            "ssl.key.password",
            "ssl.keystore.password",
            "sasl.oauthbearer.client.secret",
            "sasl.oauthbearer.config",
        ] {
            properties.set(name, "canary-5f1");
        }
        properties.set("linger.ms", "7");
        let shown = format!(
            "{properties:?}{}",
            serde_json::to_string(&properties).expect("serialises")
        );
        assert!(
            !shown.contains("canary") && shown.contains("\"linger.ms\": \"7\""),
            "{shown}"
        );
        assert_eq!(properties.get("sasl.password"), Some("canary-5f1"));
    }

    #[test]
    fn properties_take_numbers_and_truth_values() {
        let properties: Properties =
            serde_json::from_str(r#"{"a":5,"b":true,"c":"x","d":0.5}"#).expect("reads");
        assert_eq!(
            properties
                .iter()
                .map(|(_, value)| value)
                .collect::<Vec<_>>(),
            ["5", "true", "x", "0.5"]
        );
        assert!(serde_json::from_str::<Properties>(r#"{"a":[1]}"#).is_err());
    }
}
