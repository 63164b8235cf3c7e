//! What the tests of this room share.

use proptest::test_runner::{Config, RngSeed};

/// Property tests that try the same 256 cases in every run and write no files.
pub(super) fn deterministic() -> Config {
    Config {
        cases: 256,
        rng_seed: RngSeed::Fixed(20_261_120),
        failure_persistence: None,
        ..Config::default()
    }
}
