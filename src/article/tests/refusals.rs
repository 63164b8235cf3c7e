//! What is refused, and input that is hostile.

use super::{FIELD, read, reader, reader_with, refused, title};
use crate::article::{RejectCode, splice};

#[test]
fn no_text_is_refused() {
    for json in [
        "{}",
        r#"{"url":"https://e.com/a"}"#,
        r#"{"title":"—","text":"!?"}"#,
        r#"{"text":"<p>&nbsp;</p>"}"#,
        r#"{"title":null,"body":7}"#,
    ] {
        assert_eq!(refused(json), RejectCode::NoText, "{json}");
    }
    for json in [
        r#"{"summary":"a"}"#,
        r#"{"title":"央行"}"#,
        r#"{"text":"٣"}"#,
    ] {
        read(json);
    }
}

#[test]
fn what_is_not_one_json_object_is_refused() {
    let cases = [
        ("", RejectCode::Empty),
        (r#"{"title":"a"} x"#, RejectCode::NotJson),
        (r#"{"title":"a"}{"title":"b"}"#, RejectCode::NotJson),
        (r#"{"title":"a","x":NaN}"#, RejectCode::NotJson),
        (r#"{"title":"a","x":1e}"#, RejectCode::NotJson),
        (r#"{"title":"a\ud800","x":1e}"#, RejectCode::NotJson),
        (r#"{"title":"a\ud800","x":-}"#, RejectCode::NotJson),
        (r#"{"title":"a","x":Infinity}"#, RejectCode::NotJson),
        (r#"{"title":"a",}"#, RejectCode::NotJson),
        (r#"{'title':'a'}"#, RejectCode::NotJson),
        (r#"{"title":"a"#, RejectCode::NotJson),
        ("{\"title\":\"a\nb\"}", RejectCode::NotJson),
        (r#"{"title":"\x41"}"#, RejectCode::NotJson),
        (r#"[{"title":"a"}]"#, RejectCode::NotObject),
    ];
    for (json, code) in cases {
        assert_eq!(refused(json), code, "{json}");
        assert_eq!(
            reader().passthrough(json.as_bytes()).unwrap_err().code,
            code,
            "{json}"
        );
    }
    let secret = reader()
        .read(br#"{"title":"geheim","x":geheim}"#, None)
        .unwrap_err();
    assert!(
        !secret.detail.contains("geheim") && secret.detail.contains("column"),
        "{secret}"
    );
}

#[test]
fn deep_nesting_is_refused_and_never_overflows() {
    for limit in [128, 1_000_000] {
        let reader = reader_with(|settings| settings.limits.depth = limit);
        for open in ["[", "{\"a\":", "{\"title\":", "[{\"value\":"] {
            let json = format!("{{\"title\":{}", open.repeat(200_000));
            let code = reader.read(json.as_bytes(), None).unwrap_err().code;
            assert!([RejectCode::TooDeep, RejectCode::NotJson].contains(&code));
        }
        let json = format!(
            "{{\"title\":\"a\",\"x\":{}{}}}",
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        assert_eq!(
            reader.read(json.as_bytes(), None).is_ok(),
            limit == 1_000_000
        );
    }
}

#[test]
fn lists_and_keys_without_end_are_bounded() {
    let tags = format!(
        r#"{{"title":"a","tags":[{}"x"]}}"#,
        r#""t","#.repeat(10_000)
    );
    assert_eq!(read(&tags).tags.len(), 100);
    let keys: String = (0..50_000)
        .map(|index| format!(r#""body_{index}":"b","#))
        .collect();
    read(&format!(r#"{{{keys}"title":"a"}}"#));
    let many = format!(r#"{{{}"title":"z"}}"#, r#""title":"a","#.repeat(50_000));
    assert_eq!(title(&read(&many)), "z");
}

#[test]
fn a_byte_order_mark_and_outer_space_are_left_out() {
    let article = read("\u{feff}\n{\"title\":\"a\"}\r\n ");
    assert_eq!(
        splice(article.payload, &article.splice, FIELD, b"1"),
        br#"{"title":"a","enrichment":1}"#
    );
}
