//! Articles for an index, without a pipeline around it.

use std::sync::Arc;
use std::time::Duration;

use newsstage::article::{ArticleReader, Position, ReaderSettings};
use newsstage::config::{Secret, TimeSpan};
use newsstage::dedup::{
    Backend, Claim, DedupIndex, DedupSettings, DedupVerdict, Fingerprint, Identity, IndexError,
    Paragraphs, Recall,
};
use newsstage::text::{Document, DocumentBuilder, TextSettings};
use serde_json::json;

use crate::support::valkey::{ACL_PASSWORD, ACL_USER, Mode, Valkey};

/// The time at which tests begin, in milliseconds since 1970.
pub const NOW: i64 = 1_790_000_000_000;

/// A message before the index sees it.
pub struct Sheet {
    pub position: Position,
    identity: Identity,
    paragraphs: Paragraphs,
    document: Document,
}

/// Reads articles and has them judged.
pub struct Desk {
    reader: ArticleReader,
    text: DocumentBuilder,
    pub settings: DedupSettings,
}

impl Desk {
    pub fn new(settings: DedupSettings) -> Self {
        Self {
            reader: ArticleReader::new(&ReaderSettings::default(), "enrichment").expect("settings"),
            text: DocumentBuilder::new(&TextSettings::default()).expect("settings"),
            settings,
        }
    }

    /// A message at this partition and offset.
    pub fn sheet(&self, partition: i32, offset: i64, value: &str) -> Sheet {
        let article = self
            .reader
            .read(value.as_bytes(), None)
            .expect("an article");
        let document = self.text.build(&article, 100_000);
        let identity = Identity::of(&article);
        Sheet {
            position: Position {
                topic: Arc::from("raw"),
                partition,
                offset,
            },
            paragraphs: Paragraphs::of(&document, identity.source),
            identity,
            document,
        }
    }

    /// Begins a batch and has its messages judged, but does not finish it.
    pub fn judge_only(
        &self,
        index: &mut DedupIndex,
        sheets: &[Sheet],
        now_ms: i64,
    ) -> Result<Vec<DedupVerdict>, IndexError> {
        let messages = sheets
            .iter()
            .map(|sheet| (&sheet.position, &sheet.identity, &sheet.paragraphs));
        index.begin(messages, now_ms)?;
        let recalls: Vec<Recall> = sheets
            .iter()
            .map(|sheet| index.recall(&sheet.position, &sheet.identity, &sheet.paragraphs))
            .collect();
        let prints: Vec<Fingerprint> = sheets
            .iter()
            .zip(&recalls)
            .map(|(sheet, recall)| {
                let mut document = sheet.document.clone();
                recall.repeated.apply(&mut document);
                Fingerprint::of(sheet.identity.clone(), &document, recall, &self.settings)
            })
            .collect();
        let ahead: Vec<_> = prints.iter().map(|print| index.look_ahead(print)).collect();
        index.prepare(prints.iter())?;
        let all = sheets.iter().zip(&prints).zip(&recalls).zip(ahead);
        Ok(all
            .map(|(((sheet, print), recall), ahead)| {
                let judgement = index.judge(&sheet.position, print, recall, ahead, now_ms);
                judgement.verdict
            })
            .collect())
    }

    /// A whole batch.
    pub fn judge(
        &self,
        index: &mut DedupIndex,
        sheets: &[Sheet],
        now_ms: i64,
    ) -> Result<Vec<DedupVerdict>, IndexError> {
        let verdicts = self.judge_only(index, sheets, now_ms)?;
        index.finish()?;
        index.flush()?;
        Ok(verdicts)
    }

    /// The same, again and again while the index is away, as the stage does.
    pub fn judge_at_last(
        &self,
        index: &mut DedupIndex,
        sheets: &[Sheet],
        now_ms: i64,
    ) -> Vec<DedupVerdict> {
        loop {
            match self.judge(index, sheets, now_ms) {
                Ok(verdicts) => return verdicts,
                Err(error) => {
                    assert!(error.may_pass(), "{error}");
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
        }
    }
}

/// Settings for this server.
pub fn settings(server: &Valkey, mode: Mode) -> DedupSettings {
    let mut settings = DedupSettings {
        backend: Backend::Valkey,
        ..DedupSettings::default()
    };
    let shared = &mut settings.shared;
    shared.urls = server.urls();
    shared.lease = TimeSpan::from_secs(10);
    if mode == Mode::Tls {
        shared.user = Some(ACL_USER.to_owned());
        shared.password = Some(Secret::new(ACL_PASSWORD));
        shared.tls.ca_file = Some(server.ca_file());
    }
    settings
}

/// An index of a process of its own, and whole.
pub fn open(settings: &DedupSettings) -> DedupIndex {
    let (mut index, _) = DedupIndex::open(settings, NOW).expect("the index opens");
    loop {
        match index.claim(NOW).expect("the server answers") {
            Claim::Whole => return index,
            Claim::Ours => index.restored().expect("the server answers"),
            Claim::Others => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

const SYLLABLES: [&str; 40] = [
    "ba", "be", "bi", "bo", "da", "de", "do", "fa", "fi", "ga", "go", "ha", "he", "ka", "ke", "ki",
    "la", "le", "li", "lo", "ma", "me", "mi", "mo", "na", "ne", "ni", "no", "pa", "pe", "po", "ra",
    "re", "ri", "sa", "se", "ta", "te", "va", "vo",
];

/// Words that follow from a number, as many as are asked for.
pub fn prose(seed: u64, words: usize) -> String {
    let mut state = seed;
    let mut text = String::new();
    for place in 0..words {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state ^ seed.rotate_left(32);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let part = |shift: u32| SYLLABLES[(mixed >> shift) as usize % SYLLABLES.len()];
        text.push_str(if place == 0 { "" } else { " " });
        [8, 24, 40]
            .into_iter()
            .for_each(|shift| text.push_str(part(shift)));
        if place % 11 == 10 {
            text.push('.');
        }
    }
    text
}

/// An article with this body, on a site.
pub fn article(id: &str, site: usize, body: &str) -> String {
    let title = format!("News of {id}");
    let url = format!("https://site{site}.example/{id}");
    json!({"id": id, "url": url, "title": title, "text": body}).to_string()
}
