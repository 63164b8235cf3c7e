//! Stored queries against an evaluator that tries everything, and against an independent percolator.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod brute;
mod commands;
mod exact;
mod generate;
mod percolator;
mod reload;
mod tree;
