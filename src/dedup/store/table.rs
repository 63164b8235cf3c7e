//! A hash table from keys to 32-bit places, made for looking up many absent keys.

/// Most of the slots of a shard that may be taken, in eighths: with more, runs of taken slots get long.
const FULL: usize = 5;
/// The table is many small ones, so that growing one is short.
const SHARDS: usize = 1 << 8;
/// Slots of a new shard.
const SMALLEST: usize = 16;
/// What an empty slot holds. No place is that large.
const EMPTY: u64 = u64::MAX;

/// Open addressing with linear probing. A slot holds 32 bits of the key and a place; the owner knows the whole keys.
/// Looking up an absent key reads one cache line, mostly.
pub(super) struct Table {
    shards: Vec<Shard>,
}

struct Shard {
    /// As many as a power of two, or none.
    slots: Vec<u64>,
    taken: usize,
}

impl Table {
    pub(super) fn new() -> Self {
        let shard = || Shard {
            slots: Vec::new(),
            taken: 0,
        };
        Self {
            shards: (0..SHARDS).map(|_| shard()).collect(),
        }
    }

    /// Reads the slot where a key begins, so that it is in the cache when it is needed.
    pub(super) fn touch(&self, key: u64) -> u64 {
        let Some(shard) = self.shards.get(shard(key)) else {
            return EMPTY;
        };
        shard.slots.get(shard.start(key)).copied().unwrap_or(EMPTY)
    }

    /// The place of a key; `same` says whether a place has the whole key.
    pub(super) fn find(&self, key: u64, same: impl Fn(u32) -> bool) -> Option<u32> {
        let shard = self.shards.get(shard(key))?;
        let mut at = shard.start(key);
        loop {
            // There is always an empty slot.
            let slot = *shard.slots.get(at)?;
            if slot == EMPTY {
                return None;
            }
            if slot >> 32 == u64::from(check(key)) && same(slot as u32) {
                return Some(slot as u32);
            }
            at = (at + 1) & (shard.slots.len() - 1);
        }
    }

    /// Adds a key that is not there. The place is less than `u32::MAX`.
    pub(super) fn insert(&mut self, key: u64, place: u32) {
        let Some(shard) = self.shards.get_mut(shard(key)) else {
            return;
        };
        if (shard.taken + 1) * 8 > shard.slots.len() * FULL {
            shard.grow();
        }
        shard.put((u64::from(check(key)) << 32) | u64::from(place));
        shard.taken += 1;
    }

    /// Bytes reserved.
    pub(super) fn memory_bytes(&self) -> usize {
        let slots: usize = self.shards.iter().map(|shard| shard.slots.capacity()).sum();
        slots * size_of::<u64>() + SHARDS * size_of::<Shard>()
    }
}

impl Shard {
    fn start(&self, key: u64) -> usize {
        check(key) as usize & self.slots.len().wrapping_sub(1)
    }

    fn put(&mut self, slot: u64) {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = (slot >> 32) as usize & mask;
        while let Some(other) = self.slots.get_mut(at) {
            if *other == EMPTY {
                *other = slot;
                return;
            }
            at = (at + 1) & mask;
        }
    }

    /// What a slot holds of the key tells where it goes in a table of any size.
    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(SMALLEST);
        let slots = std::mem::replace(&mut self.slots, vec![EMPTY; size]);
        for slot in slots {
            if slot != EMPTY {
                self.put(slot);
            }
        }
    }
}

fn shard(key: u64) -> usize {
    (key >> 56) as usize % SHARDS
}

fn check(key: u64) -> u32 {
    key as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_and_no_others() {
        let mut table = Table::new();
        // Every third key differs from the one before in bits that a slot does not hold.
        let key = |number: u32| {
            let mixed = u64::from(number / 3).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            mixed ^ (u64::from(number % 3) << 40)
        };
        for number in 0..60_000 {
            let same = |place: u32| key(place) == key(number);
            assert_eq!(table.find(key(number), same), None, "{number}");
            table.insert(key(number), number);
        }
        for number in 0..60_000 {
            let same = |place: u32| key(place) == key(number);
            assert_eq!(table.find(key(number), same), Some(number));
            assert_ne!(table.touch(key(number)), EMPTY);
        }
        assert_eq!(table.find(key(60_001), |_| false), None);
    }
}
