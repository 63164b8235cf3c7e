//! Random histories against a model that looks at every article it knows, one after the other.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

const WINDOW_MS: i64 = 16_000;
const MAX_ARTICLES: usize = 48;

struct Known {
    position: Position,
    print: Fingerprint,
    stamp_ms: i64,
    verdict: DedupVerdict,
}

#[derive(Default)]
struct Model {
    articles: Vec<Known>,
    /// What was forgotten, in order: a crash may bring the newest of it back.
    forgotten: Vec<Known>,
    flushed: usize,
    clock_ms: i64,
}

impl Model {
    fn judge(&mut self, position: &Position, print: &Fingerprint, now_ms: i64) -> DedupVerdict {
        self.clock_ms = self.clock_ms.max(now_ms);
        let here = self
            .articles
            .iter()
            .rev()
            .find(|known| known.position == *position);
        if let Some(known) =
            here.filter(|known| known.print.identity.payload_key == print.identity.payload_key)
        {
            return known.verdict.clone();
        }
        let position_reused = here.is_some();
        let verdict = DedupVerdict {
            position_reused,
            ..self.compare(position, print)
        };
        let (position, print, stamp_ms) = (position.clone(), print.clone(), self.clock_ms);
        self.articles.push(Known {
            position,
            print,
            stamp_ms,
            verdict: verdict.clone(),
        });
        verdict
    }

    fn compare(&self, position: &Position, print: &Fingerprint) -> DedupVerdict {
        let latest = |same: &dyn Fn(&Fingerprint) -> bool| {
            self.articles.iter().rev().find(|known| same(&known.print))
        };
        let by_id = latest(&|other| {
            print.identity.id_key.is_some() && other.identity.id_key == print.identity.id_key
        });
        let by_url = latest(&|other| {
            print.identity.url_key.is_some() && other.identity.url_key == print.identity.url_key
        });
        let by_text = (self.articles.iter()).find(|known| {
            print.content_key.is_some() && known.print.content_key == print.content_key
        });
        let earlier = by_id
            .map(|known| (known, DedupMethod::Id))
            .or(by_url.map(|known| (known, DedupMethod::Url)));
        let (status, of, method) = match (earlier, by_text) {
            (Some((known, method)), _) if known.print.text_key == print.text_key => {
                (DedupStatus::Exact, known, method)
            }
            (Some((known, _)), Some(text)) if text.verdict.cluster == known.verdict.cluster => {
                (DedupStatus::Exact, text, DedupMethod::Content)
            }
            (Some((known, method)), _) => (DedupStatus::Update, known, method),
            (None, Some(text)) => (DedupStatus::Exact, text, DedupMethod::Content),
            (None, None) => {
                let taken = self
                    .articles
                    .iter()
                    .any(|known| known.verdict.cluster == print.identity.id);
                let cluster = if taken {
                    format!("{}@{position}", print.identity.id)
                } else {
                    print.identity.id.clone()
                };
                let (of, method, similarity) = (None, None, None);
                return DedupVerdict {
                    status: DedupStatus::Unique,
                    cluster,
                    of,
                    method,
                    similarity,
                    coverage: None,
                    position_reused: false,
                };
            }
        };
        DedupVerdict {
            status,
            cluster: of.verdict.cluster.clone(),
            of: Some(of.print.identity.id.clone()),
            method: Some(method),
            similarity: (status == DedupStatus::Exact).then_some(1.0),
            coverage: None,
            position_reused: false,
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    /// The next message of a partition.
    Message {
        partition: i32,
        id: u8,
        host: u8,
        url: u8,
        text: u8,
    },
    /// A message that was produced before.
    Replay(prop::sample::Index),
    /// Another message at a position that was used before.
    Reuse(prop::sample::Index),
    Flush,
    /// Gone without a flush, back at once.
    Crash,
    Expire,
    Tick(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..2, 0..9_u8, 0..2_u8, 0..9_u8, 0..12_u8)
            .prop_map(|(partition, id, host, url, text)| Step::Message { partition, id, host, url, text }),
        4 => any::<prop::sample::Index>().prop_map(Step::Replay),
        1 => any::<prop::sample::Index>().prop_map(Step::Reuse),
        3 => Just(Step::Flush),
        1 => Just(Step::Crash),
        2 => Just(Step::Expire),
        4 => prop_oneof![4 => 0..1_500_i64, 1 => -3_000..0_i64].prop_map(Step::Tick),
    ]
}

/// Few ids, hosts, URLs and texts, so that everything meets everything. Zero stands for none.
fn message(id: u8, host: u8, url: u8, text: u8, number: usize) -> Fingerprint {
    let part = |name: &str, value: u8| {
        if value == 0 {
            String::new()
        } else {
            format!("{name}{value}")
        }
    };
    let (id, key) = match id {
        0 => (format!("hash{number}"), String::new()),
        _ => (part("id", id), format!("{host}{}", part("id", id))),
    };
    let text = if text < 3 {
        format!("t{text}")
    } else {
        format!("story {text}")
    };
    let payload_key = xxh3_64(format!("{number}").as_bytes());
    let mut print = print(&key, &part("url", url), &text);
    print.identity.id = id;
    print.identity.payload_key = payload_key;
    print
}

struct Run {
    settings: DedupSettings,
    index: Option<DedupIndex>,
    model: Model,
    /// Everything ever produced.
    log: Vec<(Position, Fingerprint)>,
    next: [i64; 2],
    now_ms: i64,
    /// Verdicts that were flushed, and so perhaps published.
    published: HashMap<(i32, i64, u64), DedupVerdict>,
}

impl Run {
    fn index(&mut self) -> &mut DedupIndex {
        self.index.as_mut().unwrap()
    }

    fn judge(&mut self, position: &Position, print: &Fingerprint) {
        let now_ms = self.now_ms;
        let expected = self.model.judge(position, print, now_ms);
        assert_eq!(
            judge(self.index(), position, print, now_ms),
            expected,
            "at {position}"
        );
        let key = (
            position.partition,
            position.offset,
            print.identity.payload_key,
        );
        // Another message at the position takes its place.
        self.published
            .retain(|other, _| (other.0, other.1) != (key.0, key.1) || *other == key);
        if let Some(before) = self.published.get(&key) {
            assert_eq!(
                *before, expected,
                "a published verdict changed at {position}"
            );
        }
    }

    fn flush(&mut self) {
        self.index().flush().unwrap();
        for known in &self.model.articles[self.model.flushed..] {
            let key = (
                known.position.partition,
                known.position.offset,
                known.print.identity.payload_key,
            );
            self.published
                .retain(|other, _| (other.0, other.1) != (key.0, key.1));
            self.published.insert(key, known.verdict.clone());
        }
        self.model.flushed = self.model.articles.len();
    }

    fn crash(&mut self) {
        drop(self.index.take());
        let (index, report) = DedupIndex::open(&self.settings, self.now_ms).unwrap();
        // What was forgotten may be back, perhaps merged with what was not, and is forgotten again with it.
        let found = index.len() + report.expired;
        self.index = Some(index);
        self.model.articles.truncate(self.model.flushed);
        let back = found.saturating_sub(self.model.articles.len());
        let kept = self.model.forgotten.len() - back;
        let back = self.model.forgotten.split_off(kept);
        self.model.flushed += back.len();
        self.model.articles.splice(0..0, back);
        self.model.clock_ms = self
            .model
            .articles
            .last()
            .map_or(i64::MIN, |known| known.stamp_ms);
        self.forget();
    }

    /// Lets the model forget what the index forgot, after checking that it was right to.
    fn forget(&mut self) {
        let left = self.index().len();
        let gone = self.model.articles.len() - left;
        assert!(
            gone <= self.model.flushed,
            "forgot what was not flushed: {gone} of {}, of which {} were flushed",
            self.model.articles.len(),
            self.model.flushed
        );
        // Segments go as a whole, until no more are remembered than may be.
        let crowded = left + gone > MAX_ARTICLES;
        // Within the index time never runs backwards.
        let now_ms = self.now_ms.max(self.model.clock_ms);
        for known in self.model.articles.drain(..gone).collect::<Vec<_>>() {
            assert!(
                known.stamp_ms + WINDOW_MS <= now_ms || crowded,
                "forgot too early: {} + {WINDOW_MS} > {now_ms}, {left} left, {gone} gone",
                known.stamp_ms
            );
            self.published.remove(&(
                known.position.partition,
                known.position.offset,
                known.print.identity.payload_key,
            ));
            self.model.forgotten.push(known);
        }
        self.model.flushed -= gone;
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Message {
                partition,
                id,
                host,
                url,
                text,
            } => {
                let print = message(id, host, url, text, self.log.len());
                let position = at(partition, self.next[partition as usize]);
                self.next[partition as usize] += 1;
                self.judge(&position, &print);
                self.log.push((position, print));
            }
            Step::Replay(which) if !self.log.is_empty() => {
                let (position, print) = which.get(&self.log).clone();
                self.judge(&position, &print);
            }
            Step::Reuse(which) if !self.log.is_empty() => {
                let position = which.get(&self.log).0.clone();
                let print = message(1, 1, 1, 5, self.log.len());
                self.judge(&position, &print);
                self.log.push((position, print));
            }
            Step::Replay(_) | Step::Reuse(_) => {}
            Step::Flush => self.flush(),
            Step::Crash => self.crash(),
            Step::Expire => {
                let now_ms = self.now_ms;
                self.index().expire(now_ms).unwrap();
                self.forget();
            }
            Step::Tick(millis) => self.now_ms += millis,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_history_agrees_with_the_model(steps in prop::collection::vec(step(), 1..300)) {
        let folder = tempfile::tempdir().unwrap();
        let settings = DedupSettings {
            window: "16s".parse().unwrap(),
            max_articles: MAX_ARTICLES.try_into().unwrap(),
            head_articles: 4.try_into().unwrap(),
            ..settings(folder.path())
        };
        let index = Some(open(&settings));
        let model = Model { clock_ms: i64::MIN, ..Model::default() };
        let mut run = Run {
            settings, index, model, log: Vec::new(), next: [0; 2], now_ms: 1_000_000, published: HashMap::new(),
        };
        for step in steps {
            run.step(step);
        }
        for known in &run.model.articles {
            let latest = run.model.articles.iter().rev().find(|other| other.position == known.position).unwrap();
            let again = judge(run.index.as_mut().unwrap(), &latest.position, &latest.print, run.now_ms);
            prop_assert_eq!(&again, &latest.verdict);
        }
    }
}
