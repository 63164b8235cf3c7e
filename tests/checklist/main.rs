//! The behaviours that make a Kafka stage trustworthy, each tested on a real broker or, where an error has to be put in,
//! on librdkafka's mock cluster. `docs/delivery.md` lists them all with the tests that hold them.

#[path = "../support/mod.rs"]
mod support;

mod admin;
mod breaker;
mod codecs;
mod dlq;
mod documented;
mod exits;
mod faults;
mod fidelity;
mod gone;
mod inside;
mod isolation;
mod library;
mod live;
mod memory;
mod offsets;
mod poison;
mod queries;
mod rebuild;
mod reload;
mod replicas;
mod scene;
mod shutdown;
