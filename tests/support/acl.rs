//! Access rules on the test broker, sent as requests of the Kafka protocol: the client library cannot make them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::broker::SASL_USER;
use super::eventually;

const PATIENCE: Duration = Duration::from_secs(30);
const CREATE_ACLS: i16 = 30;
const DESCRIBE_ACLS: i16 = 29;
const LITERAL: u8 = 3;
const ALLOW: u8 = 3;
const ANY: u8 = 1;

/// What a rule is about, by its name.
#[derive(Debug, Clone, Copy)]
pub enum Resource<'a> {
    Topic(&'a str),
    Group(&'a str),
    TransactionalId(&'a str),
}

impl<'a> Resource<'a> {
    /// The number of the protocol, and the name.
    fn parts(self) -> (u8, &'a str) {
        match self {
            Self::Topic(name) => (2, name),
            Self::Group(name) => (3, name),
            Self::TransactionalId(name) => (5, name),
        }
    }
}

/// What a rule allows, by the number of the protocol. To read or to write also allows to describe.
#[derive(Debug, Clone, Copy)]
pub enum Operation {
    Read = 3,
    Write = 4,
    Describe = 8,
}

/// From now on [`SASL_USER`] may do this with the resource and nothing else. Without a rule everybody may do everything.
///
/// # Panics
/// When the broker does not take the rule or does not follow it in time.
#[track_caller]
pub fn allow_only(bootstrap: &str, resource: Resource<'_>, operation: Operation) {
    let (kind, name) = resource.parts();
    let mut rule = 1_i32.to_be_bytes().to_vec();
    rule.push(kind);
    string(&mut rule, Some(name));
    rule.push(LITERAL);
    string(&mut rule, Some(&format!("User:{SASL_USER}")));
    string(&mut rule, Some("*"));
    rule.extend([operation as u8, ALLOW]);
    let answer = ask(bootstrap, CREATE_ACLS, &rule);
    // Throttle time (4 bytes), number of results (4), error code (2).
    assert_eq!(&answer[8..10], [0, 0], "{resource:?}: {answer:?}");

    let mut filter = vec![kind];
    string(&mut filter, Some(name));
    filter.push(LITERAL);
    string(&mut filter, None);
    string(&mut filter, None);
    filter.extend([ANY, ANY]);
    let known = eventually(PATIENCE, || {
        let answer = ask(bootstrap, DESCRIBE_ACLS, &filter);
        // Throttle time (4 bytes), error code (2), the length of a message (2; at most 0 where there is none), number of
        // resources (4).
        let (error, message, resources) = (&answer[4..6], &answer[6..8], &answer[8..12]);
        let bare = message == [0, 0] || message == [0xff, 0xff];
        (error == [0, 0] && bare && resources != [0; 4]).then_some(())
    });
    assert!(known.is_some(), "the broker does not follow {resource:?}");
}

/// A string of the protocol: its length in two bytes, -1 for none, and its bytes.
fn string(request: &mut Vec<u8>, text: Option<&str>) {
    let length = text.map_or(-1, |text| i16::try_from(text.len()).expect("a short name"));
    request.extend(length.to_be_bytes());
    request.extend(text.unwrap_or_default().as_bytes());
}

/// Sends a request in version 1 and returns the body of the answer.
#[track_caller]
fn ask(bootstrap: &str, api: i16, body: &[u8]) -> Vec<u8> {
    let mut request = Vec::new();
    for part in [api, 1] {
        request.extend(part.to_be_bytes());
    }
    request.extend(7_i32.to_be_bytes());
    string(&mut request, Some("newsstage-test"));
    request.extend(body);
    let mut broker = TcpStream::connect(bootstrap).expect("the broker listens");
    let length = u32::try_from(request.len()).expect("a short request");
    let sent = broker
        .write_all(&length.to_be_bytes())
        .and_then(|()| broker.write_all(&request));
    sent.expect("the broker reads");
    let mut size = [0; 4];
    broker.read_exact(&mut size).expect("the broker answers");
    let mut answer = vec![0; u32::from_be_bytes(size) as usize];
    broker.read_exact(&mut answer).expect("the whole answer");
    // The first four bytes are the number of the request.
    answer.split_off(4)
}
