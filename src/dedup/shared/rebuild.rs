//! Who builds the index again when a server lost it.

use super::answer::text;
use super::client::Call;
use super::scripts::Script;
use super::{Shared, layout};
use crate::dedup::IndexError;
use crate::dedup::backend::Claim;

impl Shared {
    /// Finds out whether the index is whole, and who builds it if not.
    pub(super) fn claim_building(&mut self, now_ms: i64) -> Result<Claim, IndexError> {
        if self.empty_will_do {
            return Ok(Claim::Whole);
        }
        let mut lost = String::new();
        // Once for the index as a whole, once more when a shard turns out to be lost.
        for _ in 0..2 {
            let arguments = [
                self.owner.clone(),
                (6 * self.lease).as_millis().to_string(),
                self.names.shards.to_string(),
                layout::FORMAT.to_string(),
                self.new_id(),
                lost.clone(),
                layout::number_at(now_ms).to_string(),
            ];
            let (word, rest) = self.control(Script::Claim, false, &arguments)?;
            match (word.as_str(), rest.as_slice()) {
                ("OTHERS", _) => return Ok(Claim::Others),
                ("OURS", [id]) => {
                    self.building = Some(text(id));
                    return Ok(Claim::Ours);
                }
                ("WHOLE", [id]) => {
                    self.building = None;
                    if self.is_whole(&text(id))? {
                        return Ok(Claim::Whole);
                    }
                    lost = text(id);
                }
                (word, rest) => return Err(self.refusal(word, rest)),
            }
        }
        Ok(Claim::Others)
    }

    /// Whether every shard belongs to this index.
    fn is_whole(&mut self, id: &str) -> Result<bool, IndexError> {
        let calls: Vec<Call> = (0..self.names.shards)
            .map(|shard| {
                let mut command = redis::cmd("HGET");
                command.arg(self.names.meta(shard)).arg("id");
                Call::new(shard, &command)
            })
            .collect();
        Ok(self.run(&calls)?.iter().all(|found| text(found) == id))
    }
}
