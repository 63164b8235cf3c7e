//! The usual settings of other methods, over the words of the whole page.

use std::collections::HashMap;

use newsstage::text::folded_words;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::score::Answer;
use crate::stream::Item;

/// Every method with its answers.
pub fn all(items: &[Item]) -> Vec<(&'static str, Vec<Answer>)> {
    let words: Vec<Vec<u64>> = items
        .iter()
        .map(|item| {
            folded_words(&item.page)
                .iter()
                .map(|word| xxh3_64(word.as_bytes()))
                .collect()
        })
        .collect();
    vec![
        ("exact hash", exact(&words)),
        (
            "MinHash, 5 words, 14×8, unverified",
            minhash(&words, 5, 14, 8, None),
        ),
        (
            "MinHash, 2 words, 256, 0.45",
            minhash(&words, 2, 64, 4, Some(0.45)),
        ),
        ("SimHash 64, distance 3", simhash(&words)),
    ]
}

fn exact(words: &[Vec<u64>]) -> Vec<Answer> {
    let mut seen = HashMap::new();
    words
        .iter()
        .enumerate()
        .map(|(at, words)| {
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            let cluster = *seen.entry(xxh3_128(&bytes)).or_insert(at);
            Answer {
                copy: cluster != at,
                cluster,
            }
        })
        .collect()
}

fn mixed(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// MinHash with bands; `verify` is the least estimated Jaccard similarity, or any collision counts.
fn minhash(
    words: &[Vec<u64>],
    size: usize,
    bands: usize,
    rows: usize,
    verify: Option<f64>,
) -> Vec<Answer> {
    let count = bands * rows;
    let mut tables: Vec<HashMap<u64, Vec<usize>>> = vec![HashMap::new(); bands];
    let mut signatures: Vec<Vec<u64>> = Vec::new();
    let mut answers: Vec<Answer> = Vec::new();
    for (at, words) in words.iter().enumerate() {
        let mut signature = vec![u64::MAX; count];
        for gram in words.windows(size.min(words.len().max(1))) {
            let hash = gram.iter().fold(0, |hash, word| mixed(hash ^ word));
            for (row, least) in signature.iter_mut().enumerate() {
                *least = (*least).min(mixed(
                    hash ^ (row as u64).wrapping_mul(0xa076_1d64_78bd_642f),
                ));
            }
        }
        let mut best: Option<(f64, usize)> = None;
        for (table, band) in tables.iter_mut().zip(signature.chunks(rows)) {
            let bucket = table
                .entry(band.iter().fold(0, |hash, value| mixed(hash ^ value)))
                .or_default();
            for other in bucket.iter().copied() {
                let same = signature
                    .iter()
                    .zip(&signatures[other])
                    .filter(|(a, b)| a == b)
                    .count();
                let alike = same as f64 / count as f64;
                if verify.is_none_or(|least| alike >= least)
                    && best.is_none_or(|(most, _)| alike > most)
                {
                    best = Some((alike, other));
                }
            }
            bucket.push(at);
        }
        signatures.push(signature);
        answers.push(best.map_or(
            Answer {
                copy: false,
                cluster: at,
            },
            |(_, other)| Answer {
                copy: true,
                cluster: answers[other].cluster,
            },
        ));
    }
    answers
}

fn simhash(words: &[Vec<u64>]) -> Vec<Answer> {
    let mut tables: Vec<HashMap<u64, Vec<usize>>> = vec![HashMap::new(); 4];
    let mut hashes: Vec<u64> = Vec::new();
    let mut answers: Vec<Answer> = Vec::new();
    for (at, words) in words.iter().enumerate() {
        let mut sums = [0_i32; 64];
        for word in words {
            for (bit, sum) in sums.iter_mut().enumerate() {
                *sum += if word >> bit & 1 == 1 { 1 } else { -1 };
            }
        }
        let hash = sums
            .iter()
            .enumerate()
            .fold(0_u64, |hash, (bit, sum)| hash | u64::from(*sum > 0) << bit);
        let mut found = None;
        // Of four quarters, one is the same where at most three bits differ.
        for (quarter, table) in tables.iter_mut().enumerate() {
            let bucket = table.entry(hash >> (quarter * 16) & 0xffff).or_default();
            let near = |other: &&usize| (hashes[**other] ^ hash).count_ones() <= 3;
            found = found.or_else(|| bucket.iter().find(near).copied());
            bucket.push(at);
        }
        hashes.push(hash);
        answers.push(found.map_or(
            Answer {
                copy: false,
                cluster: at,
            },
            |other| Answer {
                copy: true,
                cluster: answers[other].cluster,
            },
        ));
    }
    answers
}
