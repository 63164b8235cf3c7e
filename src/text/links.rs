//! Web addresses, mail addresses and account names: text that is no language and carries no topic.

use std::ops::Range;

use super::fold::is_single;

/// Longest scheme (`https`, `ftp` …) and host name looked at before `://` and `/`.
const SCHEME_BYTES: usize = 12;
const HOST_BYTES: usize = 64;

/// Byte ranges of `line` that hold URLs, mail addresses and `@handles`, in order and without overlap.
///
/// A URL starts with a scheme, with `www.`, or is a host name with a path (`t.co/x`). It ends at white space, at
/// quotation marks and angle brackets, or where a script without spaces goes on.
pub(crate) fn link_ranges(line: &str) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let bytes = line.as_bytes();
    if !bytes.iter().any(|&byte| byte == b'@' || byte == b'/') && !has_www(bytes) {
        return ranges;
    }
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let floor = ranges.last().map_or(0, |range| range.end);
        let found = match byte {
            b'@' => account(line, at, floor),
            b':' if starts(bytes, at, b"://") => {
                let start = back(bytes, at, floor, SCHEME_BYTES, |b| {
                    b.is_ascii_alphanumeric()
                });
                (start < at).then(|| start..url_end(line, at))
            }
            b'/' => host_before(bytes, at, floor).map(|start| start..url_end(line, at)),
            b'w' | b'W' if is_www(bytes, at) => Some(at..url_end(line, at)),
            _ => None,
        };
        match found {
            Some(range) => {
                at = range.end.max(at + 1);
                ranges.push(range);
            }
            None => at += 1,
        }
    }
    ranges
}

/// Whether a link leads to a post on a social network, as embedded posts have it.
pub(super) fn is_post_link(link: &str) -> bool {
    [
        "t.co/",
        "pic.twitter.com",
        "twitter.com/",
        "//x.com/",
        "instagram.com/p",
    ]
    .iter()
    .any(|host| link.contains(host))
        || is_telegram_post(link)
}

/// `t.me/channel/1842`; without a number it is the channel.
fn is_telegram_post(link: &str) -> bool {
    let path = link
        .split_once("t.me/")
        .filter(|(before, _)| before.is_empty() || before.ends_with('/'));
    path.and_then(|(_, path)| path.trim_start_matches("s/").split_once('/'))
        .is_some_and(|(_, post)| post.starts_with(|c: char| c.is_ascii_digit()))
}

fn starts(bytes: &[u8], at: usize, with: &[u8]) -> bool {
    bytes.get(at..).is_some_and(|rest| rest.starts_with(with))
}

fn has_www(bytes: &[u8]) -> bool {
    bytes
        .windows(4)
        .any(|four| four.eq_ignore_ascii_case(b"www."))
}

fn is_www(bytes: &[u8], at: usize) -> bool {
    let free = at
        .checked_sub(1)
        .and_then(|before| bytes.get(before))
        .is_none_or(|b| !b.is_ascii_alphanumeric());
    free && bytes
        .get(at..at + 4)
        .is_some_and(|four| four.eq_ignore_ascii_case(b"www."))
}

/// Walks back from `at` over bytes that fit, at most `limit` and not below `floor`.
fn back(bytes: &[u8], at: usize, floor: usize, limit: usize, fits: impl Fn(u8) -> bool) -> usize {
    let window = bytes.get(floor..at).unwrap_or_default();
    at - window
        .iter()
        .rev()
        .take(limit)
        .take_while(|&&byte| fits(byte))
        .count()
}

/// Walks on from `at` over bytes that fit.
fn forward(bytes: &[u8], at: usize, fits: impl Fn(u8) -> bool) -> usize {
    at + bytes
        .get(at..)
        .unwrap_or_default()
        .iter()
        .take_while(|&&byte| fits(byte))
        .count()
}

/// A host name that ends at `at`: labels with a dot, the last one of letters.
fn host_before(bytes: &[u8], at: usize, floor: usize) -> Option<usize> {
    let start = back(bytes, at, floor, HOST_BYTES, |b| {
        b.is_ascii_alphanumeric() || b == b'.' || b == b'-'
    });
    let host = bytes.get(start..at)?;
    let dot = host.iter().rposition(|&b| b == b'.')?;
    let last = host.get(dot + 1..)?;
    (dot > 0 && last.len() >= 2 && last.iter().all(u8::is_ascii_alphabetic)).then_some(start)
}

/// A mail address or an account name around the `@` at `at`.
fn account(line: &str, at: usize, floor: usize) -> Option<Range<usize>> {
    let bytes = line.as_bytes();
    let start = back(bytes, at, floor, HOST_BYTES, |b| {
        b.is_ascii_alphanumeric() || b"._%+-".contains(&b)
    });
    let end = forward(bytes, at + 1, |b| {
        b.is_ascii_alphanumeric() || b"._-".contains(&b)
    });
    let name = bytes.get(at + 1..end)?;
    let mail = start < at && name.contains(&b'.');
    (!name.is_empty() && (mail || start == at)).then_some(start..end)
}

fn url_end(line: &str, from: usize) -> usize {
    let rest = line.get(from..).unwrap_or_default();
    let outside = |c: char| match c {
        '<' | '>' | '"' => true,
        _ if c.is_ascii() => !c.is_ascii_graphic(),
        _ => !c.is_alphanumeric() || is_single(c),
    };
    from + rest.find(outside).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    fn links(line: &str) -> Vec<&str> {
        link_ranges(line)
            .into_iter()
            .map(|range| &line[range])
            .collect()
    }

    #[test]
    fn links_are_found() {
        assert_eq!(
            links("See https://example.org/a?b=c, or www.example.com now"),
            ["https://example.org/a?b=c,", "www.example.com"]
        );
        assert_eq!(
            links("mail desk@example.org or @news_desk"),
            ["desk@example.org", "@news_desk"]
        );
        assert_eq!(
            links("video pic.twitter.com/Ab1 https://t.co/x"),
            ["pic.twitter.com/Ab1", "https://t.co/x"]
        );
        assert_eq!(
            links("请访问https://example.cn/新闻。更多"),
            ["https://example.cn/"]
        );
        assert_eq!(
            links("انظر https://example.org/خبر الآن"),
            ["https://example.org/خبر"]
        );
    }

    #[test]
    fn prose_is_left_alone() {
        assert!(links("and/or 90 km/h, U.S./Canada: 5 @ 3, 24/7. awww. 1.5/2").is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

        #[test]
        fn ranges_are_ordered_and_on_boundaries(line in "[a-c@:/.w é漢\u{301}]{0,40}|.{0,40}") {
            let mut last = 0;
            for range in link_ranges(&line) {
                prop_assert!(range.start >= last && range.start < range.end);
                prop_assert!(line.get(range.clone()).is_some());
                last = range.end;
            }
        }
    }
}
