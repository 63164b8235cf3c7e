//! The exporter: OTLP over HTTP in protobuf, by threads of its own. Names and attributes follow OpenTelemetry's conventions
//! for messaging.

use std::cell::Cell;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{
    Link, Span as _, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _,
    TraceFlags, TraceId, TraceState, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, IdGenerator, RandomIdGenerator, Sampler, SdkTracer,
    SdkTracerProvider,
};

use super::{ArticleSpan, BatchSpans};
use crate::config::Config;
use crate::kafka::trace::TraceContext;

/// Spans that may wait; more are dropped, and counted in the log.
const QUEUE: usize = 8192;
/// How often what waits is sent.
const DELAY: Duration = Duration::from_secs(1);
/// How long the collector may take, and how long the end of the process waits for it.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Sends spans.
pub(super) struct Exporter {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    topic: String,
    output: String,
    group: String,
}

impl Exporter {
    /// Starts the threads; the collector is not asked yet.
    pub(super) fn open(config: &Config) -> Result<Self, String> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(&config.tracing.endpoint)
            .with_timeout(TIMEOUT)
            .build()
            .map_err(|error| format!("tracing.endpoint: {error}"))?;
        let limits = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE)
            .with_scheduled_delay(DELAY)
            .build();
        let processor = BatchSpanProcessor::builder(exporter)
            .with_batch_config(limits)
            .build();
        let resource = Resource::builder()
            .with_service_name(config.tracing.service.clone())
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .with_attribute(KeyValue::new(
                "service.instance.id",
                config.kafka.instance_name().to_owned(),
            ))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(processor)
            .with_id_generator(Ids::default())
            // What is worth a span has been decided before.
            .with_sampler(Sampler::AlwaysOn)
            .with_resource(resource)
            .build();
        Ok(Self {
            tracer: provider.tracer("newsstage"),
            provider,
            topic: config.input.topic.clone(),
            output: config.output.topic.clone(),
            group: config.kafka.group.clone(),
        })
    }

    /// Hands the spans of a batch to the threads; never waits for the collector.
    pub(super) fn send(&self, spans: BatchSpans, committed: bool) {
        let end = SystemTime::now();
        let (begun, analysed) = spans.analysis;
        let parents = spans.articles.iter().filter_map(|article| article.parent);
        let links = parents.map(|parent| Link::with_context(remote(parent)));
        let messages = i64::try_from(spans.messages).unwrap_or(i64::MAX);
        let mut attributes = self.messaging("process", &self.topic);
        attributes.push(KeyValue::new("messaging.batch.message_count", messages));
        let builder = SpanBuilder::from_name(format!("process {}", self.topic))
            .with_kind(SpanKind::Consumer)
            .with_start_time(begun)
            .with_attributes(attributes)
            .with_links(links.collect());
        let mut batch = self.tracer.build_with_context(builder, &Context::new());
        let inside = Context::new().with_remote_span_context(batch.span_context().clone());
        let analysis = SpanBuilder::from_name("analyse").with_start_time(begun);
        self.tracer
            .build_with_context(analysis, &inside)
            .end_with_timestamp(analysed);
        let publishing = SpanBuilder::from_name(format!("send {}", self.output))
            .with_kind(SpanKind::Producer)
            .with_start_time(spans.publishing)
            .with_attributes(self.messaging("send", &self.output));
        self.tracer
            .build_with_context(publishing, &inside)
            .end_with_timestamp(end);
        for article in spans.articles {
            self.article(article, begun, end, &inside, batch.span_context());
        }
        if !committed {
            batch.set_status(Status::error("given up; its messages are read again"));
            batch.set_attribute(KeyValue::new("error.type", "aborted"));
        }
        batch.end_with_timestamp(end);
    }

    fn article(
        &self,
        article: ArticleSpan,
        begun: SystemTime,
        end: SystemTime,
        inside: &Context,
        batch: &SpanContext,
    ) {
        let mut attributes = self.messaging("process", &article.position.topic);
        let partition = article.position.partition.to_string();
        attributes.extend([
            KeyValue::new("messaging.destination.partition.id", partition),
            KeyValue::new("messaging.kafka.offset", article.position.offset),
            KeyValue::new("newsstage.outcome", article.outcome),
        ]);
        if let Some(dedup) = article.dedup {
            attributes.push(KeyValue::new("newsstage.dedup", dedup));
        }
        if let Some(language) = article.language {
            attributes.push(KeyValue::new("newsstage.language", language));
        }
        if article.refused {
            attributes.push(KeyValue::new("error.type", article.outcome));
        } else {
            let topics = i64::try_from(article.topics).unwrap_or(i64::MAX);
            attributes.push(KeyValue::new("newsstage.topics", topics));
        }
        let builder = SpanBuilder::from_name(format!("process {}", article.position.topic))
            .with_kind(SpanKind::Consumer)
            .with_start_time(begun)
            .with_attributes(attributes);
        let mut span = match article.parent {
            // The id that the output carries on, so that the spans of its readers have this one for a parent.
            Some(parent) => {
                let id = parent.child(&article.position).span_id;
                let above = Context::new().with_remote_span_context(remote(parent));
                let builder = builder.with_links(vec![Link::with_context(batch.clone())]);
                Ids::next(id);
                self.tracer.build_with_context(builder, &above)
            }
            None => self.tracer.build_with_context(builder, inside),
        };
        if article.refused {
            span.set_status(Status::error(article.outcome));
        }
        span.end_with_timestamp(end);
    }

    fn messaging(&self, operation: &'static str, topic: &str) -> Vec<KeyValue> {
        vec![
            KeyValue::new("messaging.system", "kafka"),
            KeyValue::new("messaging.operation.name", operation),
            KeyValue::new("messaging.operation.type", operation),
            KeyValue::new("messaging.destination.name", topic.to_owned()),
            KeyValue::new("messaging.consumer.group.name", self.group.clone()),
        ]
    }

    /// Sends what waits and ends the threads.
    pub(super) fn close(&self) {
        if let Err(error) = self.provider.shutdown_with_timeout(TIMEOUT) {
            tracing::warn!(%error, "the last spans were not sent");
        }
    }
}

fn remote(context: TraceContext) -> SpanContext {
    SpanContext::new(
        TraceId::from(context.trace_id),
        SpanId::from(context.span_id),
        TraceFlags::new(context.flags),
        true,
        TraceState::default(),
    )
}

thread_local! {
    /// The id of the next span that this thread begins; 0 for any.
    static NEXT: Cell<u64> = const { Cell::new(0) };
}

/// Random ids, but where one was given beforehand.
#[derive(Debug, Default)]
struct Ids(RandomIdGenerator);

impl Ids {
    /// The next span of this thread gets this id.
    fn next(id: u64) {
        NEXT.set(id);
    }
}

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        self.0.new_trace_id()
    }

    fn new_span_id(&self) -> SpanId {
        match NEXT.take() {
            0 => self.0.new_span_id(),
            id => SpanId::from(id),
        }
    }
}
