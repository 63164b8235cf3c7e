//! What runs on the server.

use std::sync::OnceLock;

/// A script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    Acquire,
    Announce,
    Claim,
    Commit,
    Enter,
    Restored,
    Write,
}

/// All scripts.
pub(super) const SCRIPTS: [Script; 7] = [
    Script::Acquire,
    Script::Announce,
    Script::Claim,
    Script::Commit,
    Script::Enter,
    Script::Restored,
    Script::Write,
];

/// The hashes by which servers call them: the SHA-1 of the source, as the first server said.
static HASHES: [OnceLock<String>; SCRIPTS.len()] = [const { OnceLock::new() }; SCRIPTS.len()];

impl Script {
    pub(super) fn source(self) -> &'static str {
        match self {
            Self::Acquire => include_str!("scripts/acquire.lua"),
            Self::Announce => include_str!("scripts/announce.lua"),
            Self::Claim => include_str!("scripts/claim.lua"),
            Self::Commit => include_str!("scripts/commit.lua"),
            Self::Enter => include_str!("scripts/enter.lua"),
            Self::Restored => include_str!("scripts/restored.lua"),
            Self::Write => include_str!("scripts/write.lua"),
        }
    }

    /// A server has it under this hash.
    pub(super) fn loaded(self, hash: String) {
        if let Some(place) = HASHES.get(self as usize) {
            place.get_or_init(|| hash);
        }
    }

    pub(super) fn hash(self) -> &'static str {
        HASHES
            .get(self as usize)
            .and_then(OnceLock::get)
            .map_or("", String::as_str)
    }
}
