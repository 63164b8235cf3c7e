//! Spans of the program built with `--features otel`, as a collector gets them.

#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use support::broker::Broker;
use support::client::{Outgoing, produce, read_committed};
use support::process::{PATIENCE, Signal, StageConfig};
use support::{topics, wait_for};

/// One field of a protobuf message: its number, and its bytes or number.
enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message in protobuf's wire format.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (first, rest) = bytes.split_first().expect("a byte");
            *bytes = rest;
            value |= u64::from(first & 0x7f) << shift;
            if first & 0x80 == 0 {
                break;
            }
        }
        value
    }
    fn taken<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
        let (head, rest) = bytes.split_at(count);
        *bytes = rest;
        head
    }
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let field = match key & 7 {
            0 => Field::Number(varint(&mut bytes)),
            1 => Field::Number(u64::from_le_bytes(
                taken(&mut bytes, 8).try_into().expect("8"),
            )),
            2 => {
                let count = varint(&mut bytes) as usize;
                Field::Bytes(taken(&mut bytes, count))
            }
            5 => Field::Number(
                u32::from_le_bytes(taken(&mut bytes, 4).try_into().expect("4")).into(),
            ),
            other => panic!("wire type {other}"),
        };
        all.push((key >> 3, field));
    }
    all
}

fn inner(bytes: &[u8], number: u64) -> Vec<&[u8]> {
    let matching = fields(bytes).into_iter().filter(|(n, _)| *n == number);
    matching
        .filter_map(|(_, field)| match field {
            Field::Bytes(bytes) => Some(bytes),
            Field::Number(_) => None,
        })
        .collect()
}

fn number(bytes: &[u8], wanted: u64) -> Option<u64> {
    fields(bytes)
        .into_iter()
        .find_map(|(n, field)| match field {
            Field::Number(value) if n == wanted => Some(value),
            _ => None,
        })
}

fn text(bytes: &[u8], number: u64) -> String {
    let found = inner(bytes, number).first().copied().unwrap_or_default();
    String::from_utf8_lossy(found).into_owned()
}

fn hex(bytes: &[u8], number: u64) -> String {
    let found = inner(bytes, number).first().copied().unwrap_or_default();
    found.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A span as `opentelemetry/proto/trace/v1/trace.proto` has it.
#[derive(Debug, Clone)]
struct Span {
    service: String,
    trace: String,
    id: String,
    parent: String,
    name: String,
    kind: u64,
    start: u64,
    end: u64,
    attributes: BTreeMap<String, String>,
    /// Trace and span of each link.
    links: Vec<(String, String)>,
    failed: bool,
}

/// The attributes in field `at`: text as it is, whole numbers in digits.
fn attributes(bytes: &[u8], at: u64) -> BTreeMap<String, String> {
    let pairs = inner(bytes, at).into_iter().map(|pair| {
        let value = inner(pair, 2).first().copied().unwrap_or_default();
        let shown = match number(value, 3) {
            Some(number) => number.to_string(),
            None => text(value, 1),
        };
        (text(pair, 1), shown)
    });
    pairs.collect()
}

fn spans(request: &[u8]) -> Vec<Span> {
    let mut all = Vec::new();
    for of_resource in inner(request, 1) {
        let resource = inner(of_resource, 1).first().copied().unwrap_or_default();
        let service = attributes(resource, 1)["service.name"].clone();
        for span in inner(of_resource, 2)
            .into_iter()
            .flat_map(|scope| inner(scope, 2))
        {
            all.push(Span {
                service: service.clone(),
                trace: hex(span, 1),
                id: hex(span, 2),
                parent: hex(span, 4),
                name: text(span, 5),
                kind: number(span, 6).unwrap_or(0),
                start: number(span, 7).expect("a start"),
                end: number(span, 8).expect("an end"),
                attributes: attributes(span, 9),
                links: inner(span, 13)
                    .into_iter()
                    .map(|link| (hex(link, 1), hex(link, 2)))
                    .collect(),
                failed: inner(span, 15)
                    .first()
                    .is_some_and(|status| number(status, 3) == Some(2)),
            });
        }
    }
    all
}

/// Takes OTLP over HTTP on a free port of the loopback interface.
struct Collector {
    address: String,
    spans: Arc<Mutex<Vec<Span>>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let collected: Arc<Mutex<Vec<Span>>> = Arc::default();
        let shared = collected.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self {
            address,
            spans: collected,
        }
    }

    fn spans(&self) -> Vec<Span> {
        self.spans.lock().expect("no panic").clone()
    }
}

/// Requests of one connection, one after the other.
fn serve(stream: TcpStream, collected: &Mutex<Vec<Span>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut length, mut head) = (0, String::new());
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            if line.trim().is_empty() {
                break;
            }
            head += &lower;
        }
        assert!(head.starts_with("post /v1/traces http/1.1"), "{head}");
        assert!(
            head.contains("content-type: application/x-protobuf"),
            "{head}"
        );
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        collected.lock().expect("no panic").extend(spans(&body));
        let answer =
            b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
        reader.get_mut().write_all(answer).expect("an answer");
    }
}

/// The address of the broker, topics for input, output and dead letters, and a stage between them that sends spans.
fn scene() -> (String, [String; 3], StageConfig) {
    let bootstrap = Broker::shared().bootstrap();
    let topics = ["raw", "enriched", "dead"].map(|name| topics::create_unique(&bootstrap, name, 1));
    let [input, output, dead] = &topics;
    let group = topics::unique("group");
    let mut config = StageConfig::new(&bootstrap, &group, [input, output, dead]);
    config
        .set("dedup.fsync", false)
        .set("tracing.enabled", true);
    (bootstrap, topics, config)
}

fn article(id: &str) -> Outgoing {
    let value = format!(
        r#"{{"id":"{id}","title":"The harbour of {id} gets a new ferry","body":"The council decided that the old ferry is replaced."}}"#
    );
    Outgoing::keyed(id, value)
}

#[test]
fn batches_and_articles_are_spans_of_the_traces_that_they_came_with() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let collector = Collector::start();
    let (bootstrap, [input, output, dead], mut config) = scene();
    config
        .set(
            "tracing.endpoint",
            format!("http://{}/v1/traces", collector.address),
        )
        .set("tracing.service", "desk")
        .set("tracing.sample", 0.0);
    let traced = |record: Outgoing, flags: &str| {
        let parent = format!("00-{TRACE}-00f067aa0ba902b7-{flags}");
        record.header("traceparent", Some(parent.as_bytes()))
    };
    let records = [
        traced(article("sampled"), "01"),
        traced(article("unsampled"), "00"),
        article("alone"),
        traced(Outgoing::new("[]"), "01"),
    ];
    produce(&bootstrap, &input, &records);
    let mut stage = config.start();
    let out = read_committed(&bootstrap, &output, PATIENCE, |records| records.len() >= 3);
    let deads = read_committed(&bootstrap, &dead, PATIENCE, |records| !records.is_empty());
    wait_for("the spans of the articles", PATIENCE, || {
        let of_trace = collector
            .spans()
            .into_iter()
            .filter(|span| span.trace == TRACE);
        of_trace.count() >= 2
    });
    let all = collector.spans();
    assert!(
        all.iter()
            .all(|span| span.service == "desk" && span.start <= span.end)
    );
    let of_trace: Vec<&Span> = all.iter().filter(|span| span.trace == TRACE).collect();
    assert_eq!(of_trace.len(), 2, "{of_trace:?}");
    for (span, record, outcome) in [
        (of_trace[0], &out[0], "enriched"),
        (of_trace[1], &deads[0], "not_object"),
    ] {
        let carried = record.header("traceparent").expect("a trace");
        assert_eq!(
            carried,
            format!("00-{TRACE}-{}-01", span.id),
            "the id that goes on"
        );
        assert_eq!(span.parent, "00f067aa0ba902b7");
        assert_eq!(
            (span.name.as_str(), span.kind),
            (format!("process {input}").as_str(), 5)
        );
        assert_eq!(span.attributes["newsstage.outcome"], outcome);
        assert_eq!(span.attributes["messaging.destination.name"], input);
        assert_eq!(span.failed, outcome != "enriched");
        let (batch_trace, batch_id) = &span.links[0];
        let batch = all
            .iter()
            .find(|span| span.id == *batch_id)
            .expect("the batch");
        assert_eq!((&batch.trace, batch.parent.as_str()), (batch_trace, ""));
        assert!(
            batch
                .links
                .contains(&(TRACE.to_owned(), "00f067aa0ba902b7".to_owned()))
        );
        let inside = all.iter().filter(|span| span.parent == *batch_id);
        let names: Vec<&str> = inside.map(|span| span.name.as_str()).collect();
        assert_eq!(names, ["analyse", &format!("send {output}")]);
    }
    assert_eq!(of_trace[0].attributes["newsstage.dedup"], "unique");
    assert_eq!(of_trace[0].attributes["newsstage.language"], "en");
    assert_eq!(of_trace[1].attributes["messaging.kafka.offset"], "3");
    stage.signal(Signal::Terminate);
    assert_eq!(stage.wait_exit(PATIENCE).code(), Some(0));
}

#[test]
fn a_share_of_articles_without_a_trace_is_inside_their_batch_and_an_absent_collector_stops_nothing()
{
    let collector = Collector::start();
    let (bootstrap, [input, output, _], mut config) = scene();
    config
        .set("tracing.endpoint", "http://127.0.0.1:1/v1/traces")
        .set("tracing.sample", 1.0);
    produce(&bootstrap, &input, &[article("first")]);
    let mut stage = config.start();
    read_committed(&bootstrap, &output, PATIENCE, |records| !records.is_empty());
    stage.signal(Signal::Terminate);
    assert_eq!(
        stage.wait_exit(PATIENCE).code(),
        Some(0),
        "nobody collects, and all goes on"
    );

    config.set(
        "tracing.endpoint",
        format!("http://{}/v1/traces", collector.address),
    );
    produce(&bootstrap, &input, &[article("second")]);
    let mut stage = config.start();
    let out = read_committed(&bootstrap, &output, PATIENCE, |records| records.len() >= 2);
    assert!(out[1].header("traceparent").is_none(), "none is made up");
    stage.signal(Signal::Terminate);
    assert_eq!(stage.wait_exit(PATIENCE).code(), Some(0));
    // The end of the process sends what waits.
    wait_for("the spans", Duration::from_secs(5), || {
        collector.spans().len() >= 4
    });
    let all = collector.spans();
    let article = all
        .iter()
        .find(|span| span.attributes.contains_key("newsstage.outcome"))
        .expect("an article");
    let batch = all
        .iter()
        .find(|span| span.id == article.parent)
        .expect("its batch");
    assert_eq!(batch.attributes["messaging.batch.message_count"], "1");
    assert_eq!(article.trace, batch.trace);
}
