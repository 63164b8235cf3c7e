//! Writes the enrichment into the payload: one member before the last brace, and every other byte as it was.
//!
//! A round trip through a JSON tree would change the spelling of numbers, the order of keys and the escapes in strings.

use std::ops::Range;

use super::SplicePlan;

/// The payload with `"field":enrichment` as the last member of its top-level object, in place of any earlier one.
///
/// `plan` must come from [`super::ArticleReader`] for this payload and field. `enrichment` is one JSON value.
/// Splicing twice gives the same bytes as splicing once.
pub fn splice(payload: &str, plan: &SplicePlan, field: &str, enrichment: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(payload.len() + field.len() + enrichment.len() + 8);
    let mut kept = 0;
    for cut in &plan.cut {
        output.extend_from_slice(payload.get(kept..cut.start).unwrap_or_default().as_bytes());
        kept = cut.end;
    }
    output.extend_from_slice(payload.get(kept..plan.brace).unwrap_or_default().as_bytes());
    if plan.comma {
        output.push(b',');
    }
    push_json_string(&mut output, field);
    output.push(b':');
    output.extend_from_slice(enrichment);
    output.extend_from_slice(payload.get(plan.brace..).unwrap_or("}").as_bytes());
    output
}

fn push_json_string(output: &mut Vec<u8>, text: &str) {
    output.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => output.extend_from_slice(&[b'\\', byte]),
            0..=0x1f => output.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => output.push(byte),
        }
    }
    output.push(b'"');
}

/// The plan for an object that has no member of our name. `text` ends with the closing brace.
pub(super) fn plain_plan(text: &str, has_members: bool) -> SplicePlan {
    SplicePlan {
        brace: text.len().saturating_sub(1),
        cut: Vec::new(),
        comma: has_members,
    }
}

/// The plan for an object that has members of our name already. `text` is valid JSON, an object, without outer space.
pub(super) fn replacing_plan(text: &str, field: &str) -> SplicePlan {
    let members = top_level_members(text);
    let mut plan = plain_plan(text, false);
    for (index, member) in members.iter().enumerate() {
        if !is_named(text, &member.key, field) {
            plan.comma = true;
            continue;
        }
        // One comma goes with the member: the one before it, or where no member is left before it, the one after.
        let before = index
            .checked_sub(1)
            .and_then(|previous| members.get(previous)?.comma);
        let range = match (plan.comma, before, member.comma) {
            (true, Some(comma), _) => comma..member.end,
            (_, _, Some(comma)) => member.key.start..comma + 1,
            (_, _, None) => member.key.start..member.end,
        };
        plan.cut.push(range);
    }
    plan
}

/// Where a member of the top-level object stands.
struct Member {
    /// The key with its quotes.
    key: Range<usize>,
    /// End of the value.
    end: usize,
    /// The comma after it.
    comma: Option<usize>,
}

/// The members of an object in valid JSON. Linear, without recursion.
fn top_level_members(text: &str) -> Vec<Member> {
    let bytes = text.as_bytes();
    let mut members: Vec<Member> = Vec::new();
    let (mut at, mut depth, mut expects_key) = (0, 0_usize, false);
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        at += 1;
        match byte {
            b'"' => {
                at = string_end(bytes, at);
                if depth == 1 && expects_key {
                    members.push(Member {
                        key: start..at,
                        end: at,
                        comma: None,
                    });
                    expects_key = false;
                }
            }
            b'{' | b'[' => {
                depth += 1;
                expects_key = depth == 1;
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 1 => {
                expects_key = true;
                if let Some(member) = members.last_mut() {
                    member.comma = Some(start);
                }
                continue;
            }
            b' ' | b'\t' | b'\n' | b'\r' => continue,
            _ => {}
        }
        if depth > 0
            && let Some(member) = members.last_mut()
        {
            member.end = at;
        }
    }
    members
}

/// The position after the closing quote of a string whose content begins at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Whether a key, quotes and escapes included, spells `field`.
fn is_named(text: &str, key: &Range<usize>, field: &str) -> bool {
    let literal = text.get(key.clone()).unwrap_or_default();
    match literal.contains('\\') {
        false => literal.get(1..literal.len().saturating_sub(1)) == Some(field),
        true => serde_json::from_str::<String>(literal).is_ok_and(|name| name == field),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn spliced(text: &str) -> String {
        String::from_utf8(splice(text, &replacing_plan(text, "e"), "e", b"{\"v\":1}")).unwrap()
    }

    #[test]
    fn the_member_goes_before_the_last_brace() {
        assert_eq!(spliced("{}"), r#"{"e":{"v":1}}"#);
        assert_eq!(spliced("{ }"), r#"{ "e":{"v":1}}"#);
        assert_eq!(spliced(r#"{"a":1.10 }"#), r#"{"a":1.10 ,"e":{"v":1}}"#);
        assert_eq!(
            spliced("{\n  \"a\": {\"e\": 1}\n}"),
            "{\n  \"a\": {\"e\": 1}\n,\"e\":{\"v\":1}}"
        );
    }

    #[test]
    fn an_earlier_member_is_cut_with_one_comma() {
        let cases = [
            (r#"{"e":1}"#, r#"{"e":{"v":1}}"#),
            (r#"{"e":1,"a":2}"#, r#"{"a":2,"e":{"v":1}}"#),
            (r#"{"a":2,"e":1}"#, r#"{"a":2,"e":{"v":1}}"#),
            (
                r#"{"a":2 , "e" : {"x":[1,{"e":","}]} , "b":3}"#,
                r#"{"a":2  , "b":3,"e":{"v":1}}"#,
            ),
            (r#"{"e":1,"e":2}"#, r#"{"e":{"v":1}}"#),
            (
                r#"{"e":1,"e":2,"a":3,"e":4,"e":5}"#,
                r#"{"a":3,"e":{"v":1}}"#,
            ),
            (r#"{"\u0065":1,"a":"}"}"#, r#"{"a":"}","e":{"v":1}}"#),
            (
                r#"{"a":"e","b":"\"e\":1"}"#,
                r#"{"a":"e","b":"\"e\":1","e":{"v":1}}"#,
            ),
            (
                r#"{"a":{},"e":[],"b":[]}"#,
                r#"{"a":{},"b":[],"e":{"v":1}}"#,
            ),
            (r#"{"e":"\\","a\ud800":2}"#, r#"{"a\ud800":2,"e":{"v":1}}"#),
        ];
        for (input, output) in cases {
            assert_eq!(spliced(input), output, "{input}");
            assert_eq!(spliced(output), output, "twice: {input}");
        }
    }

    #[test]
    fn the_field_name_is_escaped() {
        let output = splice("{}", &plain_plan("{}", false), "a\"\\\n", b"1");
        let value: Value = serde_json::from_slice(&output).unwrap();
        assert_eq!(value["a\"\\\n"], 1);
    }

    #[test]
    #[allow(clippy::reversed_empty_ranges)]
    fn a_plan_for_another_payload_does_not_panic() {
        let plan = SplicePlan {
            brace: 99,
            cut: vec![70..80, 5..2],
            comma: true,
        };
        assert!(!splice("{\"é\":1}", &plan, "e", b"1").is_empty());
    }

    /// Objects with random members, random white space, and members named `e` in two spellings.
    fn object() -> impl Strategy<Value = String> {
        let key = prop::sample::select(vec!["a", "b", "é", "e", "e", "\\u0065", "\\\"", "x"]);
        let value = prop::sample::select(vec![
            "1",
            "1.10",
            "1e999",
            "null",
            "\"e\"",
            "\"}\"",
            "\"\\\"{\"",
            "[]",
            "[1,{\"e\":2}]",
            "{}",
            "{\"e\":[\"]\"]}",
        ]);
        let space = prop::sample::select(vec!["", "", " ", "\n\t"]);
        let member = (
            space.clone(),
            key,
            space.clone(),
            space.clone(),
            value,
            space.clone(),
        )
            .prop_map(|(a, key, b, c, value, d)| format!("{a}\"{key}\"{b}:{c}{value}{d}"));
        (space, prop::collection::vec(member, 0..7)).prop_map(|(space, members)| {
            match members.is_empty() {
                true => format!("{{{space}}}"),
                false => format!("{{{}}}", members.join(",")),
            }
        })
    }

    /// Keys of the top-level object with the spelling of their values, decoded by the JSON parser alone.
    fn pairs(json: &str) -> Vec<(String, String)> {
        struct Pairs;
        impl<'de> serde::de::Visitor<'de> for Pairs {
            type Value = Vec<(String, String)>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some((key, value)) =
                    map.next_entry::<String, &serde_json::value::RawValue>()?
                {
                    pairs.push((key, value.get().to_owned()));
                }
                Ok(pairs)
            }
        }
        serde::Deserializer::deserialize_map(&mut serde_json::Deserializer::from_str(json), Pairs)
            .unwrap()
    }

    proptest! {
        #![proptest_config(crate::article::tests::deterministic())]

        #[test]
        fn all_other_members_keep_order_and_spelling(json in object()) {
            let output = spliced(&json);
            let mut expected = pairs(&json);
            expected.retain(|(key, _)| key != "e");
            expected.push(("e".to_owned(), "{\"v\":1}".to_owned()));
            prop_assert_eq!(pairs(&output), expected);
            prop_assert_eq!(spliced(&output), output);
        }

        #[test]
        fn any_text_and_plan_are_harmless(json in any::<String>(), brace in 0_usize..40, cut in (0_usize..40, 0_usize..40)) {
            let plan = SplicePlan { brace, cut: vec![cut.0..cut.1, cut.1..cut.0], comma: true };
            splice(&json, &plan, "e", b"1");
            splice(&json, &replacing_plan(&json, "e"), "e", b"1");
        }
    }
}
