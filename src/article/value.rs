//! A JSON value as loosely as publishers write it: a string, a list of strings or objects, or an object with a few known members.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Elements of one list that are kept; the others are skipped.
const MAX_ITEMS: usize = 256;

/// Members of objects that are kept. `rendered` is WordPress's name for `value`.
const MEMBERS: [&str; 16] = [
    "value",
    "rendered",
    "@value",
    "name",
    "title",
    "term",
    "label",
    "domain",
    "uri",
    "url",
    "href",
    "@id",
    "role",
    "type",
    "contentType",
    "contenttype",
];

/// The value of a key that is read. What is of no use (null, booleans, most numbers) is kept as [`Loose::Unusable`].
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Loose<'a> {
    Unusable,
    /// A number as it is spelled.
    Number(&'a str),
    Text(Cow<'a, str>),
    List(Vec<Item<'a>>),
    Object(Members<'a>),
}

/// An element of a list. Useless ones keep their place, because pointers count them.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item<'a> {
    Unusable,
    Text(Cow<'a, str>),
    Object(Members<'a>),
}

/// The known members of an object whose values are strings.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Members<'a>(Vec<(&'static str, Cow<'a, str>)>);

impl<'a> Members<'a> {
    /// The first usable of the members named, with its name.
    pub(super) fn first(&self, names: &[&'static str]) -> Option<(&'static str, &Cow<'a, str>)> {
        names.iter().find_map(|name| {
            let (name, text) = self.0.iter().find(|(known, _)| known == name)?;
            is_usable(text).then_some((*name, text))
        })
    }

    fn set(&mut self, name: &'static str, text: Option<Cow<'a, str>>) {
        self.0.retain(|(known, _)| *known != name);
        self.0.extend(text.map(|text| (name, text)));
    }
}

/// Whether a string says something: not blank and not the word `None`, which Python crawlers write for nothing.
pub(super) fn is_usable(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text != "None"
}

/// Reads a value from its JSON text, and keeps the spelling of a number.
pub(super) fn from_json<'a, E: Error>(json: &'a str) -> Result<Loose<'a>, E> {
    if json.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return Ok(Loose::Number(json));
    }
    Loose::seed()
        .deserialize(&mut serde_json::Deserializer::from_str(json))
        .map_err(E::custom)
}

impl<'a> Loose<'a> {
    /// Reads any JSON value as a loose one.
    pub(super) fn seed() -> impl DeserializeSeed<'a, Value = Self> {
        Seed(LooseVisitor)
    }
}

struct Seed<V>(V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Seed<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self.0)
    }
}

/// Visitor methods for values of no use, and for strings: every JSON value is accepted, so that no article is refused
/// because of a type. `$none` and `$text` make the result.
macro_rules! scalars {
    ($none:expr, $text:expr) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any JSON value")
        }
        fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok($none)
        }
        fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
            Ok($none)
        }
        fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
            Ok($none)
        }
        fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok($none)
        }
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok($none)
        }
        fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
            Ok($text(Cow::Borrowed(text)))
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok($text(Cow::Owned(text.to_owned())))
        }
    };
}
pub(super) use scalars;

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose<'de>;
    scalars!(Loose::Unusable, Loose::Text);

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while items.len() < MAX_ITEMS {
            match seq.next_element_seed(Seed(ItemVisitor))? {
                Some(item) => items.push(item),
                None => return Ok(Loose::List(items)),
            }
        }
        skip_elements(seq)?;
        Ok(Loose::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        members(map).map(Loose::Object)
    }
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = Item<'de>;
    scalars!(Item::Unusable, Item::Text);

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        skip_elements(seq).map(|()| Item::Unusable)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        members(map).map(Item::Object)
    }
}

/// A string, or nothing for any other value.
struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Option<Cow<'de, str>>;
    scalars!(None, Some);

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        skip_elements(seq).map(|()| None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        skip_members(map).map(|()| None)
    }
}

/// The key of an object member.
pub(super) fn name<'a>() -> impl DeserializeSeed<'a, Value = Option<Cow<'a, str>>> {
    Seed(TextVisitor)
}

/// The known members of an object; of a repeated one the last.
fn members<'de, A: MapAccess<'de>>(mut map: A) -> Result<Members<'de>, A::Error> {
    let mut members = Members::default();
    while let Some(key) = map.next_key_seed(name())? {
        match key.and_then(|key| MEMBERS.into_iter().find(|known| *known == key)) {
            Some(known) => members.set(known, map.next_value_seed(Seed(TextVisitor))?),
            None => drop(map.next_value::<IgnoredAny>()?),
        }
    }
    Ok(members)
}

/// Reads past the rest of a list.
pub(super) fn skip_elements<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// Reads past the rest of an object.
fn skip_members<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loose(json: &str) -> Loose<'_> {
        from_json::<serde_json::Error>(json).unwrap()
    }

    #[test]
    fn strings_are_borrowed_where_they_have_no_escapes() {
        assert!(matches!(
            loose(r#""plain""#),
            Loose::Text(Cow::Borrowed("plain"))
        ));
        assert!(
            matches!(loose(r#""two\nlines""#), Loose::Text(Cow::Owned(text)) if text == "two\nlines")
        );
    }

    #[test]
    fn numbers_keep_their_spelling_and_other_scalars_are_unusable() {
        assert_eq!(
            loose("12345678901234567890123"),
            Loose::Number("12345678901234567890123")
        );
        assert_eq!(loose("-1.50"), Loose::Number("-1.50"));
        for json in ["null", "true", "false"] {
            assert_eq!(loose(json), Loose::Unusable);
        }
    }

    #[test]
    fn lists_keep_the_place_of_useless_elements() {
        let Loose::List(items) = loose(r#"[1,["x"],"a",{"value":"b","deep":{"value":"c"}}]"#)
        else {
            panic!()
        };
        assert_eq!(items.len(), 4);
        assert_eq!(items[2], Item::Text("a".into()));
        let Item::Object(members) = &items[3] else {
            panic!()
        };
        assert_eq!(
            members.first(&["rendered", "value"]),
            Some(("value", &"b".into()))
        );
    }

    #[test]
    fn the_last_of_repeated_members_counts_and_useless_ones_do_not() {
        let Loose::Object(members) =
            loose(r#"{"name":"a","name":"b","title":" ","term":"None","url":7}"#)
        else {
            panic!()
        };
        assert_eq!(members.first(&["name"]).unwrap().1, "b");
        assert_eq!(members.first(&["title", "term", "url"]), None);
    }

    #[test]
    fn long_lists_are_bounded() {
        let json = format!("[{}1]", "\"\",".repeat(100_000));
        let Loose::List(items) = loose(&json) else {
            panic!()
        };
        assert_eq!(items.len(), MAX_ITEMS);
    }
}
