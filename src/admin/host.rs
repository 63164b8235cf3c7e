//! Protection against DNS rebinding: a web page whose name is made to point at the loopback
//! address could read the admin address through the visitor's browser. The browser still sends
//! the page's own name as `Host`, so only names that mean this machine are answered.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{StatusCode, Version, header};

/// The host names that may be asked; none is checked when the listener is not on loopback, where
/// probes come by whatever address the machine has.
#[derive(Debug, Clone)]
pub(super) struct HostCheck {
    allowed: Option<Arc<[String]>>,
}

impl HostCheck {
    /// `address` is what the listener has, `listen` the setting it came from, `names` more that may be asked.
    pub(super) fn new(address: SocketAddr, listen: &str, names: &[String]) -> Self {
        if !is_loopback(address.ip()) {
            return Self { allowed: None };
        }
        let mut allowed: Vec<String> = ["localhost", "127.0.0.1", "[::1]"]
            .iter()
            .map(|&host| host.to_owned())
            .collect();
        allowed.push(host(listen).to_ascii_lowercase());
        allowed.extend(names.iter().cloned());
        Self {
            allowed: Some(allowed.into()),
        }
    }

    /// Why the request is not answered, if it is not.
    pub(super) fn refuse(&self, request: &Request) -> Option<(StatusCode, &'static str)> {
        let allowed = self.allowed.as_deref()?;
        let mut hosts = request.headers().get_all(header::HOST).iter();
        let named = match (hosts.next(), hosts.next()) {
            (Some(value), None) => value.to_str().ok(),
            // HTTP/1.0 has no such header, and no browser speaks it.
            (None, None) if request.version() == Version::HTTP_10 => Some("localhost"),
            _ => None,
        };
        let Some(named) = named else {
            return Some((
                StatusCode::BAD_REQUEST,
                "exactly one Host header is needed\n",
            ));
        };
        // A request line with a full address overrides the header.
        let asked = request
            .uri()
            .authority()
            .map_or(named, |authority| authority.as_str());
        let known = |name: &str| allowed.iter().any(|a| a.eq_ignore_ascii_case(host(name)));
        if known(asked) && known(named) {
            return None;
        }
        Some((
            StatusCode::FORBIDDEN,
            "this host name is not served here; ask by localhost or 127.0.0.1\n",
        ))
    }
}

/// Whether a request asks by `localhost`, by an address or by one of these names: none of them can be made to point here
/// by somebody else. For what must not be read by a web page even where the listener answers to any name.
pub(super) fn is_own_name(request: &Request, names: &[String]) -> bool {
    let mut asked = request.headers().get_all(header::HOST).iter();
    let (Some(named), None) = (asked.next(), asked.next()) else {
        return false;
    };
    let named = host(named.to_str().unwrap_or_default());
    let bare = named.strip_prefix('[').and_then(|v6| v6.strip_suffix(']'));
    named.eq_ignore_ascii_case("localhost")
        || named.parse::<Ipv4Addr>().is_ok()
        || bare.is_some_and(|v6| v6.parse::<Ipv6Addr>().is_ok())
        || names.iter().any(|name| name.eq_ignore_ascii_case(named))
}

/// Whether an address is reached from this machine only.
fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

/// The host of `HOST`, `HOST:PORT` or `[V6]:PORT`.
fn host(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !is_bare_v6(host) => host,
        _ => authority,
    }
}

/// Whether the part before a colon is the middle of an IPv6 address without brackets.
fn is_bare_v6(host: &str) -> bool {
    host.contains(':') && !host.ends_with(']')
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use proptest::prelude::*;

    use super::*;

    fn check(listen: &str) -> HostCheck {
        HostCheck::new("127.0.0.1:80".parse().expect("address"), listen, &[])
    }

    fn request(uri: &str, hosts: &[&str]) -> Request {
        let builder = hosts.iter().fold(Request::builder().uri(uri), |b, host| {
            b.header(header::HOST, *host)
        });
        builder.body(Body::empty()).expect("request")
    }

    #[test]
    fn the_port_is_cut_off() {
        for (authority, expected) in [
            ("localhost", "localhost"),
            ("localhost:9464", "localhost"),
            ("localhost:", "localhost"),
            ("[::1]", "[::1]"),
            ("[::1]:80", "[::1]"),
            ("::1", "::1"),
            ("localhost:80x", "localhost:80x"),
            ("", ""),
        ] {
            assert_eq!(host(authority), expected, "{authority}");
        }
    }

    #[test]
    fn names_of_this_machine_are_answered() {
        for name in [
            "localhost",
            "LOCALHOST:1",
            "127.0.0.1:9464",
            "[::1]:9464",
            "news.internal:80",
        ] {
            assert_eq!(
                check("News.internal:9464").refuse(&request("/", &[name])),
                None,
                "{name}"
            );
        }
    }

    #[test]
    fn other_names_are_not() {
        for name in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "127.0.0.2",
            "",
            "::1",
        ] {
            let refused = check("127.0.0.1:9464").refuse(&request("/", &[name]));
            assert_eq!(refused.map(|r| r.0), Some(StatusCode::FORBIDDEN), "{name}");
        }
    }

    #[test]
    fn the_request_line_cannot_contradict_the_header() {
        let check = check("127.0.0.1:9464");
        assert!(
            check
                .refuse(&request("http://evil.example/metrics", &["localhost"]))
                .is_some()
        );
        assert!(
            check
                .refuse(&request("http://localhost/metrics", &["evil.example"]))
                .is_some()
        );
        assert!(
            check
                .refuse(&request("http://localhost/metrics", &["localhost"]))
                .is_none()
        );
    }

    #[test]
    fn none_or_two_names_are_a_bad_request() {
        let check = check("127.0.0.1:9464");
        for hosts in [&[][..], &["localhost", "localhost"]] {
            assert_eq!(
                check.refuse(&request("/", hosts)).map(|r| r.0),
                Some(StatusCode::BAD_REQUEST)
            );
        }
    }

    #[test]
    fn http_1_0_needs_no_name() {
        let mut old = request("/", &[]);
        *old.version_mut() = Version::HTTP_10;
        assert_eq!(check("127.0.0.1:9464").refuse(&old), None);
    }

    #[test]
    fn beyond_loopback_any_name_is_answered() {
        for address in ["0.0.0.0:80", "[::]:80", "10.0.0.1:80"] {
            let check = HostCheck::new(address.parse().expect("address"), address, &[]);
            assert_eq!(
                check.refuse(&request("/", &["pod-7.example"])),
                None,
                "{address}"
            );
        }
        let mapped = HostCheck::new(
            "[::ffff:127.0.0.1]:80".parse().expect("address"),
            "x:80",
            &[],
        );
        assert!(mapped.refuse(&request("/", &["pod-7.example"])).is_some());
    }

    #[test]
    fn only_names_that_nobody_else_can_point_here_are_own() {
        let names = ["Live.newsroom.example".to_owned()];
        for name in [
            "localhost",
            "LOCALHOST:80",
            "10.1.2.3:9464",
            "[fe80::1]:80",
            "[::1]",
            "live.newsroom.example:443",
        ] {
            assert!(is_own_name(&request("/", &[name]), &names), "{name}");
        }
        for name in [
            "evil.example",
            "10.1.2.3.evil.example",
            "",
            "[]",
            "0x7f.1",
            "fe80::1",
        ] {
            assert!(!is_own_name(&request("/", &[name]), &names), "{name}");
        }
        assert!(!is_own_name(&request("/", &[]), &names));
        assert!(!is_own_name(
            &request("/", &["localhost", "localhost"]),
            &names
        ));
    }

    #[test]
    fn more_names_may_be_allowed_on_loopback() {
        let address = "127.0.0.1:80".parse().expect("address");
        let check = HostCheck::new(address, "127.0.0.1:80", &["live.example".to_owned()]);
        assert_eq!(check.refuse(&request("/", &["live.example"])), None);
        assert!(check.refuse(&request("/", &["evil.example"])).is_some());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_authority_has_a_host(authority in "[\\[\\]:a-z0-9.é]{0,24}") {
            prop_assert!(authority.starts_with(host(&authority)));
        }
    }
}
