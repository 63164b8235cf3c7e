//! One spelling for all URLs of a page.
//!
//! Where the line runs: two URLs are one page when they differ only in scheme (http, https), the host prefixes `www.`, `m.`
//! and `amp.`, user information, a default port, the fragment, parameters that track readers (`tracking_parameters.txt`), the order of
//! the other parameters, a trailing slash, a trailing `/amp`, a trailing `index.html`, or percent-encoding. Everything else
//! makes another page: other parameters and their values, letter case in path and query, doubled slashes, other subdomains, other ports.
//! Pages that are told apart by the fragment alone (`#!/story/7`) become one; none of the large news sites does that today.

use std::borrow::Cow;
use std::sync::LazyLock;

use url::{Host, Url};

const TRACKING: &str = include_str!("tracking_parameters.txt");

/// Longest URL that is looked at, in bytes.
const MAX_URL_BYTES: usize = 8192;

/// Host prefixes that lead to the same page.
const HOST_PREFIXES: [&str; 3] = ["www.", "m.", "amp."];

/// A URL in the form in which equal pages are equal strings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalUrl {
    /// Host, port, path and query, without scheme: `example.com/2026/11/20/rates`.
    pub url: String,
    /// The host alone, lower case, in punycode, without `www.`: `example.com`.
    pub host: String,
}

/// Brings an http or https URL into canonical form; `None` for anything else and for URLs over 8192 bytes.
///
/// Canonical form is stable: with `https://` put before it, it is its own canonical form.
pub fn canonical_url(text: &str) -> Option<CanonicalUrl> {
    let text = text.trim();
    if text.len() > MAX_URL_BYTES {
        return None;
    }
    let parsed = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let host = match parsed.host()? {
        Host::Domain(domain) => site(domain.trim_end_matches('.')).to_owned(),
        address => address.to_string(),
    };
    if host.is_empty() {
        return None;
    }
    let mut url = host.clone();
    if let Some(port) = parsed.port().filter(|port| !matches!(port, 80 | 443)) {
        url.push_str(&format!(":{port}"));
    }
    url.push_str(page(&normalised(parsed.path())));
    let mut separator = '?';
    for pair in parameters(parsed.query().unwrap_or_default()) {
        url.push(separator);
        url.push_str(&pair);
        separator = '&';
    }
    Some(CanonicalUrl { url, host })
}

/// The host that a text names: a bare domain or a URL.
pub(super) fn host_of(text: &str) -> Option<String> {
    let text = text.trim();
    let plain = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-')
    };
    if text.bytes().all(plain) && text.len() <= 253 {
        let host = site(text.trim_end_matches('.'));
        let is_domain = host.contains('.') && host.split('.').all(|label| !label.is_empty());
        return is_domain.then(|| host.to_owned());
    }
    let host = match text.contains("://") {
        true => canonical_url(text)?.host,
        false if text.contains(char::is_whitespace) || text.len() > MAX_URL_BYTES => return None,
        false => canonical_url(&format!("https://{text}"))?.host,
    };
    host.contains('.').then_some(host)
}

/// A domain without the prefixes that lead to the same site. A prefix stays where nothing but a bare name would remain.
fn site(mut domain: &str) -> &str {
    while let Some(rest) = HOST_PREFIXES
        .iter()
        .find_map(|prefix| domain.strip_prefix(prefix))
    {
        if !rest.contains('.') {
            break;
        }
        domain = rest;
    }
    domain
}

/// A path without the endings that lead to the same page.
fn page(mut path: &str) -> &str {
    loop {
        let shorter = path.trim_end_matches('/');
        let shorter = shorter.strip_suffix("/amp").unwrap_or(shorter);
        let shorter = shorter.strip_suffix("/index.html").unwrap_or(shorter);
        if shorter.len() == path.len() {
            return path;
        }
        path = shorter;
    }
}

/// The parameters that are part of the page's name, sorted by name; equal names keep their order.
fn parameters(query: &str) -> Vec<Cow<'_, str>> {
    let name = |pair: &str| pair.split('=').next().unwrap_or_default().to_owned();
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(normalised)
        .filter(|pair| !is_tracking(&name(pair)))
        .collect();
    pairs.sort_by_cached_key(|pair| name(pair));
    pairs
}

/// Names of tracking parameters: whole ones, sorted, and beginnings.
static TRACKING_NAMES: LazyLock<(Vec<&str>, Vec<&str>)> = LazyLock::new(|| {
    let lines = TRACKING
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (prefixes, mut names): (Vec<_>, Vec<_>) = lines.partition(|line| line.ends_with('*'));
    names.sort_unstable();
    (
        names,
        prefixes
            .into_iter()
            .map(|prefix| prefix.trim_end_matches('*'))
            .collect(),
    )
});

fn is_tracking(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let (names, prefixes) = &*TRACKING_NAMES;
    names.binary_search(&name.as_str()).is_ok()
        || prefixes.iter().any(|prefix| name.starts_with(prefix))
}

/// Percent-encoding in one form: unreserved characters bare, all others with upper-case digits, a stray `%` as `%25`.
fn normalised(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut output = String::with_capacity(text.len());
    let mut parts = text.split('%');
    output.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let byte = part
            .get(..2)
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let byte = byte.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                output.push(char::from(byte))
            }
            Some(byte) => output.push_str(&format!("%{byte:02X}")),
            None => output.push_str("%25"),
        }
        output.push_str(if byte.is_some() {
            part.get(2..).unwrap_or_default()
        } else {
            part
        });
    }
    Cow::Owned(output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn canonical(url: &str) -> String {
        canonical_url(url).unwrap_or_else(|| panic!("{url}")).url
    }

    #[test]
    fn spellings_of_one_page_are_equal() {
        for url in [
            "https://www.example.com/2026/11/20/rates",
            "http://example.com/2026/11/20/rates/",
            "HTTPS://WWW.Example.COM:443/2026/11/20/rates#comments",
            "http://example.com:443/2026/11/20/rates",
            "https://m.example.com/2026/11/20/rates?utm_source=x&UTM_Medium=y&fbclid=z",
            "https://amp.example.com/2026/11/20/rates/amp/",
            "https://user:secret@example.com./2026/11/20/rates/index.html?",
            "https://example.com/2026/11/20/r%61tes/amp?amp=1",
            " https://example.com/2026/./11/20/x/../rates ",
        ] {
            assert_eq!(canonical(url), "example.com/2026/11/20/rates", "{url}");
        }
        assert_eq!(canonical("https://www.example.com"), "example.com");
        assert_eq!(
            canonical("https://example.com/?b=2&a=1&b=1&ref=home"),
            "example.com?a=1&b=2&b=1"
        );
        assert_eq!(
            canonical("https://example.com/%e2%82%ac?q=%c3%a9"),
            canonical("https://example.com/€?q=é")
        );
    }

    #[test]
    fn other_pages_stay_apart() {
        let urls = [
            "https://example.com/a",
            "https://example.com/A",
            "https://example.com/a//b",
            "https://example.com/a/b",
            "https://example.com/a?id=1",
            "https://example.com/a?id=2",
            "https://example.com/a?p=1",
            "https://news.example.com/a",
            "https://example.com:8080/a",
            "https://example.com/amp-a",
            "https://example.com/swamp",
            "https://example.org/a",
            "https://example.com/a%2Fb",
        ];
        let distinct: std::collections::BTreeSet<_> =
            urls.iter().map(|url| canonical(url)).collect();
        assert_eq!(distinct.len(), urls.len());
    }

    #[test]
    fn hosts_are_lower_case_punycode_without_prefixes() {
        let host = |url| canonical_url(url).unwrap().host;
        assert_eq!(host("https://WWW.Example.com:8080/a"), "example.com");
        assert_eq!(host("https://www.müller.example/"), "xn--mller-kva.example");
        assert_eq!(host("https://www.m.example.com/"), "example.com");
        assert_eq!(host("https://m.co/"), "m.co", "a bare name is no host");
        assert_eq!(host("http://127.0.0.1/a"), "127.0.0.1");
        assert_eq!(host("http://[::1]/a"), "[::1]");
    }

    #[test]
    fn what_is_no_web_page_has_no_canonical_form() {
        for text in [
            "",
            "example.com/a",
            "/a",
            "ftp://example.com/a",
            "mailto:a@example.com",
            "urn:x:1",
            "https://",
            "https:///",
        ] {
            assert_eq!(canonical_url(text), None, "{text}");
        }
        assert_eq!(
            canonical_url(&format!(
                "https://example.com/{}",
                "a".repeat(MAX_URL_BYTES)
            )),
            None
        );
    }

    #[test]
    fn the_host_of_a_domain_or_url() {
        assert_eq!(host_of("www.example.com").as_deref(), Some("example.com"));
        assert_eq!(host_of("Example.com").as_deref(), Some("example.com"));
        assert_eq!(
            host_of("https://example.com/feed").as_deref(),
            Some("example.com")
        );
        for text in ["", "bbc-news", "Example News", "a..b", "..", "None"] {
            assert_eq!(host_of(text), None, "{text}");
        }
    }

    #[test]
    fn tracking_names_are_lower_case_so_that_they_can_match() {
        let (names, prefixes) = &*TRACKING_NAMES;
        assert!(names.len() > 40 && prefixes.len() > 5);
        for name in names.iter().chain(prefixes) {
            assert_eq!(*name, name.to_ascii_lowercase());
        }
    }

    proptest! {
        #![proptest_config(crate::article::tests::deterministic())]

        #[test]
        fn canonical_form_is_its_own_canonical_form(
            host in "(www\\.|m\\.|amp\\.){0,3}[a-z]{1,5}(\\.[a-z]{1,3}){0,2}\\.?",
            path in "(/|/amp|/index.html|%2[0-9A-Fa-g]|%[46]1|%|[a-zA-Z.é|\\\\;]){0,12}",
            query in "([a-z]{1,2}|=|&|%3D|%26|%|utm_x|ref|ü|\\+){0,12}",
        ) {
            let Some(once) = canonical_url(&format!("https://{host}/{path}?{query}")) else { return Ok(()) };
            let twice = canonical_url(&format!("https://{}", once.url));
            prop_assert_eq!(twice, Some(once));
        }

        #[test]
        fn any_text_is_harmless(text in any::<String>(), tail in any::<String>()) {
            canonical_url(&text);
            host_of(&text);
            if let Some(once) = canonical_url(&format!("http://{text}.com/{tail}")) {
                prop_assert_eq!(canonical_url(&format!("https://{}", once.url)), Some(once));
            }
        }
    }
}
