//! Scripts: which letters belong to which, and which of them name the language at once (`scripts.tsv`).

use super::LanguageError;

const DATA: &str = include_str!("scripts.tsv");

/// How the language of a script is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// One language: no model is asked.
    Alone,
    /// Several languages, which the base model and facts tell apart.
    Model,
}

/// One script.
#[derive(Debug)]
pub(super) struct Script {
    /// ISO 15924 code.
    pub code: &'static str,
    pub decision: Decision,
    /// The language where nothing else is known.
    pub language: &'static str,
}

/// Index of a script in [`Scripts`].
pub(super) type ScriptId = u8;

/// Latin is the first row of the data file: ASCII letters are answered without a look-up.
pub(super) const LATIN: ScriptId = 0;

/// All scripts, with a table from characters to scripts.
#[derive(Debug)]
pub(super) struct Scripts {
    scripts: Vec<Script>,
    /// Script of each code point of the first plane; `NONE` where it is no letter.
    letters: Vec<ScriptId>,
    /// Ranges above the first plane.
    high: Vec<(u32, u32, ScriptId)>,
}

const NONE: ScriptId = ScriptId::MAX;

impl Scripts {
    pub(super) fn shipped() -> Result<Self, LanguageError> {
        let mut scripts = Self {
            scripts: Vec::new(),
            letters: vec![NONE; 0x1_0000],
            high: Vec::new(),
        };
        for (index, row) in DATA
            .lines()
            .enumerate()
            .filter(|(_, row)| !row.starts_with('#'))
        {
            scripts.add(row).ok_or(LanguageError::Data {
                file: "scripts.tsv",
                line: index + 1,
            })?;
        }
        Ok(scripts)
    }

    fn add(&mut self, row: &'static str) -> Option<()> {
        let mut columns = row.split('\t');
        let code = columns.next()?;
        let decision = match columns.next()? {
            "alone" => Decision::Alone,
            "model" => Decision::Model,
            _ => return None,
        };
        let language = columns.next()?;
        let id = ScriptId::try_from(self.scripts.len())
            .ok()
            .filter(|&id| id != NONE)?;
        for range in columns.next()?.split(',') {
            let (first, last) = range.split_once('-')?;
            let (first, last) = (
                u32::from_str_radix(first, 16).ok()?,
                u32::from_str_radix(last, 16).ok()?,
            );
            if first >= 0x1_0000 {
                self.high.push((first, last, id));
            }
            for c in (first..=last)
                .filter_map(char::from_u32)
                .filter(|c| c.is_alphabetic())
            {
                if let Some(entry) = self.letters.get_mut(c as usize) {
                    *entry = id;
                }
            }
        }
        self.scripts.push(Script {
            code,
            decision,
            language,
        });
        Some(())
    }

    /// The script of a letter; `None` for everything else.
    #[inline]
    pub(super) fn of(&self, c: char) -> Option<ScriptId> {
        if c.is_ascii() {
            return c.is_ascii_alphabetic().then_some(LATIN);
        }
        let id = match self.letters.get(c as usize) {
            Some(&id) => id,
            None => self
                .high
                .iter()
                .find(|range| (range.0..=range.1).contains(&(c as u32)))
                .map_or(NONE, |range| range.2),
        };
        (id != NONE).then_some(id)
    }

    pub(super) fn get(&self, id: ScriptId) -> Option<&Script> {
        self.scripts.get(usize::from(id))
    }

    /// The script with an ISO 15924 code.
    pub(super) fn find(&self, code: &str) -> Option<ScriptId> {
        self.scripts
            .iter()
            .position(|script| script.code == code)
            .and_then(|index| ScriptId::try_from(index).ok())
    }

    pub(super) fn len(&self) -> usize {
        self.scripts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_have_scripts() {
        let scripts = Scripts::shipped().expect("shipped scripts");
        let code = |c| {
            scripts
                .of(c)
                .and_then(|id| scripts.get(id))
                .map(|script| script.code)
        };
        for (c, expected) in [
            ('a', "Latn"),
            ('é', "Latn"),
            ('ж', "Cyrl"),
            ('ع', "Arab"),
            ('漢', "Hani"),
            ('ひ', "Kana"),
            ('한', "Hang"),
            ('ا', "Arab"),
            ('\u{FB30}', "Hebr"),
            ('𠀀', "Hani"),
            ('ა', "Geor"),
            ('և', "Armn"),
            ('ǳ', "Latn"),
        ] {
            assert_eq!(code(c), Some(expected), "{c}");
        }
        for c in ['1', ' ', '،', '×', '😀', '٣', '·'] {
            assert_eq!(code(c), None, "{c}");
        }
        assert_eq!(scripts.find("Latn"), Some(LATIN));
    }
}
