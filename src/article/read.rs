//! Reads a message as an article, whatever names the crawler gave its fields.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::fields::{FieldTable, alias_problems};
use super::resolve::{Captures, resolve};
use super::value::{Loose, from_json, name, scalars, skip_elements};
use super::{RawArticle, ReaderError, ReaderSettings, RejectCode, Rejection, SplicePlan, Warning};
use super::{checks, lossy, splice};

/// Longest path to the article inside its envelope.
const MAX_PATH: usize = 32;

/// Reads raw articles. Built once from the settings; shared by all threads.
#[derive(Debug, Clone)]
pub struct ArticleReader {
    settings: ReaderSettings,
    /// Name of the member this stage adds.
    enrichment_field: String,
    /// Decoded reference tokens of `settings.pointer`.
    path: Vec<String>,
    table: FieldTable,
}

impl ArticleReader {
    /// Builds a reader for messages that get a member called `enrichment_field`.
    ///
    /// # Errors
    /// A setting that cannot work: an unknown canonical field in `input.aliases`, a malformed `input.pointer`, a limit of
    /// zero, or an `enrichment_field` (setting `output.field`) that is empty or would replace a field of the article.
    pub fn new(settings: &ReaderSettings, enrichment_field: &str) -> Result<Self, ReaderError> {
        if let Some(first) = settings.problems().into_iter().next() {
            return Err(first);
        }
        let path = path(&settings.pointer)?;
        let table = FieldTable::new(&settings.aliases)?;
        let replaces_path = path.first().is_some_and(|first| first == enrichment_field);
        if enrichment_field.is_empty() {
            return Err(ReaderError::new("output.field", "must not be empty"));
        } else if replaces_path || (path.is_empty() && table.get(enrichment_field).is_some()) {
            let reason = format!(
                "the enrichment would replace `{enrichment_field}`, which is part of the article"
            );
            return Err(ReaderError::new("output.field", reason));
        }
        Ok(Self {
            settings: settings.clone(),
            enrichment_field: enrichment_field.to_owned(),
            path,
            table,
        })
    }

    /// Reads a message value, and its key where `input.id_from_key` is set.
    ///
    /// # Errors
    /// A [`Rejection`] with one of the codes `empty`, `too_large`, `invalid_utf8`, `not_json`, `not_object`, `too_deep`,
    /// `no_article`, `no_text`.
    pub fn read<'a>(
        &self,
        payload: &'a [u8],
        key: Option<&[u8]>,
    ) -> Result<RawArticle<'a>, Rejection> {
        let text = checks::checked(payload, &self.settings.limits)?;
        let key = key.filter(|_| self.settings.id_from_key);
        if let Ok(parsed) = self.parse(text, true) {
            let splice = self.plan(text, &parsed);
            return resolve(text, splice, parsed.captures()?, &self.settings, key);
        }
        let mended = mended(text)?;
        let parsed = self
            .parse(&mended.text, true)
            .map_err(|error| checks::not_json(&error))?;
        let splice = self.plan(text, &parsed);
        let mut article = resolve(
            &mended.text,
            splice,
            parsed.captures()?,
            &self.settings,
            key,
        )?
        .over(text);
        if mended.lossy {
            article.warnings.insert(0, Warning::LossyText);
        }
        Ok(article)
    }

    /// Checks a message value and finds the place of the enrichment, without reading the article.
    ///
    /// # Errors
    /// As [`Self::read`], but for `no_article` and `no_text`.
    pub fn passthrough<'a>(&self, payload: &'a [u8]) -> Result<(&'a str, SplicePlan), Rejection> {
        let text = checks::checked(payload, &self.settings.limits)?;
        if let Ok(parsed) = self.parse(text, false) {
            return Ok((text, self.plan(text, &parsed)));
        }
        let mended = mended(text)?;
        let parsed = self
            .parse(&mended.text, false)
            .map_err(|error| checks::not_json(&error))?;
        Ok((text, self.plan(text, &parsed)))
    }

    fn parse<'a>(
        &self,
        text: &'a str,
        read_article: bool,
    ) -> Result<Parsed<'a>, serde_json::Error> {
        let mut parsed = Parsed {
            read_article,
            ..Parsed::default()
        };
        let mut deserializer = serde_json::Deserializer::from_str(text);
        Level {
            reader: self,
            parsed: &mut parsed,
            depth: 0,
        }
        .deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(parsed)
    }

    fn plan(&self, text: &str, parsed: &Parsed<'_>) -> SplicePlan {
        match parsed.enriched {
            true => splice::replacing_plan(text, &self.enrichment_field),
            false => splice::plain_plan(text, parsed.has_members),
        }
    }
}

/// A decodable copy of a text that could not be decoded as it stands, if it is JSON at all.
fn mended(text: &str) -> Result<lossy::Decodable, Rejection> {
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| checks::not_json(&error))?;
    Ok(lossy::decodable(text))
}

impl ReaderSettings {
    /// Every setting that no reader can work with, whatever the others are.
    pub fn problems(&self) -> Vec<ReaderError> {
        let limits = [
            ("message_bytes", self.limits.message_bytes),
            ("depth", self.limits.depth),
            ("text_chars", self.limits.text_chars),
        ];
        let zero = limits
            .iter()
            .filter(|(_, value)| *value == 0)
            .map(|(key, _)| ReaderError::new(format!("input.limits.{key}"), "must be at least 1"));
        zero.chain(path(&self.pointer).err())
            .chain(alias_problems(&self.aliases))
            .collect()
    }
}

/// The reference tokens of a JSON Pointer.
fn path(pointer: &str) -> Result<Vec<String>, ReaderError> {
    let invalid = |reason: &str| ReaderError::new("input.pointer", reason);
    if pointer.is_empty() {
        return Ok(Vec::new());
    }
    let Some(tokens) = pointer.strip_prefix('/') else {
        return Err(invalid(
            "a JSON Pointer is empty or begins with `/`, for example `/data`",
        ));
    };
    let tokens: Vec<_> = tokens.split('/').collect();
    if tokens.len() > MAX_PATH {
        return Err(invalid("more than 32 steps"));
    }
    let escapes_well = |token: &str| {
        token
            .split('~')
            .skip(1)
            .all(|rest| rest.starts_with(['0', '1']))
    };
    if !tokens.iter().all(|token| escapes_well(token)) {
        return Err(invalid(
            "`~` must be written `~0`, and `/` inside a name `~1`",
        ));
    }
    Ok(tokens
        .iter()
        .map(|token| token.replace("~1", "/").replace("~0", "~"))
        .collect())
}

/// What one pass over the message found.
#[derive(Default)]
struct Parsed<'a> {
    /// Whether the article is wanted at all.
    read_article: bool,
    /// Whether the top-level object has any member.
    has_members: bool,
    /// Whether it has a member of the enrichment's name.
    enriched: bool,
    /// The article, once found.
    article: Option<Captures<'a>>,
    /// Whether a step of the path to the article occurs twice.
    repeated_step: bool,
}

impl<'a> Parsed<'a> {
    fn captures(self) -> Result<Captures<'a>, Rejection> {
        let Some(mut captures) = self.article else {
            return Err(Rejection::new(
                RejectCode::NoArticle,
                "input.pointer leads to no object in this message",
            ));
        };
        captures.duplicates |= self.repeated_step;
        Ok(captures)
    }
}

/// One step of the path from the top of the message to the article, and the article at its end.
struct Level<'r, 'p, 'a> {
    reader: &'r ArticleReader,
    parsed: &'p mut Parsed<'a>,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Level<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// A scalar on the path is no article.
fn nothing(_: Cow<'_, str>) {}

impl<'de> Visitor<'de> for Level<'_, '_, 'de> {
    type Value = ();
    scalars!((), nothing);

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let step = self.reader.path.get(self.depth);
        if step.is_none() && self.parsed.read_article {
            self.parsed.article = Some(Captures::default());
        }
        let mut taken = false;
        while let Some(key) = map.next_key_seed(name())? {
            let key = key.unwrap_or_default();
            if self.depth == 0 {
                self.parsed.has_members = true;
                if key == self.reader.enrichment_field {
                    self.parsed.enriched = true;
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            }
            match step {
                None => self.member(key, &mut map)?,
                Some(step) if *step == key && self.parsed.read_article => {
                    self.parsed.repeated_step |= taken;
                    taken = true;
                    self.parsed.article = None;
                    map.next_value_seed(self.next())?;
                }
                Some(_) => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        let step = self
            .reader
            .path
            .get(self.depth)
            .map(String::as_str)
            .unwrap_or_default();
        let canonical = step == "0" || !step.starts_with(['0', '+']);
        if let (true, Ok(index)) = (canonical, step.parse::<usize>()) {
            for _ in 0..index {
                if seq.next_element::<IgnoredAny>()?.is_none() {
                    return Ok(());
                }
            }
            seq.next_element_seed(self.next())?;
        }
        skip_elements(seq)
    }
}

impl<'de> Level<'_, '_, 'de> {
    fn next(&mut self) -> Level<'_, '_, 'de> {
        Level {
            reader: self.reader,
            parsed: self.parsed,
            depth: self.depth + 1,
        }
    }

    /// Takes a member of the article object if its key is one that is read, and skips it otherwise.
    fn member<A: MapAccess<'de>>(
        &mut self,
        name: Cow<'de, str>,
        map: &mut A,
    ) -> Result<(), A::Error> {
        let wanted = self
            .parsed
            .article
            .as_mut()
            .and_then(|article| Some((self.reader.table.get(&name)?, article)));
        let Some((key, article)) = wanted else {
            map.next_value::<IgnoredAny>()?;
            return Ok(());
        };
        let value = if key.takes_numbers {
            from_json::<A::Error>(map.next_value::<&'de RawValue>()?.get())?
        } else {
            map.next_value_seed(Loose::seed())?
        };
        article.put(key, name, value);
        Ok(())
    }
}
