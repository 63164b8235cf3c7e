//! Why a comparison means what it means, for people: the line that was drawn, and what decided against a copy.

use super::NearSettings;
use super::near::{Match, Relation};
use super::settings::is_less;

/// Which of the thresholds a comparison had to reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// [`NearSettings::threshold`]: two sources.
    TwoSources,
    /// [`NearSettings::quotation`]: two sources, but the common text is in a few passages, none of them the beginning,
    /// and the headlines do not agree.
    Quotation,
    /// [`NearSettings::rewritten`]: two sources, and all but the wording speaks for one story.
    Rewritten,
    /// [`NearSettings::same_source_threshold`]: one source.
    SameSource,
}

impl Line {
    /// The stable spelling for programs: the setting's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TwoSources => "threshold",
            Self::Quotation => "quotation",
            Self::Rewritten => "rewritten",
            Self::SameSource => "same_source_threshold",
        }
    }

    /// Why it is this one, in words.
    pub fn because(self) -> &'static str {
        match self {
            Self::TwoSources => "two sources",
            Self::Quotation => {
                "perhaps a quotation: few passages, not the beginning, other headlines"
            }
            Self::Rewritten => "figures and headlines speak for one story",
            Self::SameSource => "same source",
        }
    }
}

/// Something that decided against a copy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Against {
    /// Fewer shared shingles than [`NearSettings::min_shingles`].
    FewShingles {
        /// Shared ones.
        shared: u32,
        /// The fewest.
        least: u32,
    },
    /// Less alike than the line asks for.
    Similarity,
    /// The common text stands only in the second half of one of them.
    NotLeading,
    /// One page carries the other story under its headline.
    Embedded,
    /// Each headline names something that the other story does not tell of.
    OtherSubject,
    /// One source, with other headlines and leads, and less than 0.8 alike.
    SameSourceTail,
    /// Too few of the figures are the same.
    Figures,
    /// Too few of the names are the same.
    Names,
    /// The common text is too small a part of the longer one, and the headlines disagree.
    Balance,
}

impl Against {
    /// The stable spelling for programs.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::FewShingles { .. } => "few_shingles",
            Self::Similarity => "similarity",
            Self::NotLeading => "not_leading",
            Self::Embedded => "embedded",
            Self::OtherSubject => "other_subject",
            Self::SameSourceTail => "same_source_tail",
            Self::Figures => "figures",
            Self::Names => "names",
            Self::Balance => "balance",
        }
    }

    /// In words.
    pub fn because(&self) -> String {
        let text = match self {
            Self::FewShingles { shared, least } => {
                return format!("too few shingles in common, {shared} of {least} needed");
            }
            Self::Similarity => "less alike than needed",
            Self::NotLeading => "text in common only in the second half of one of them",
            Self::Embedded => "one page carries the other story under its headline",
            Self::OtherSubject => "each headline names something else",
            Self::SameSourceTail => {
                "of one source with other headlines and leads, and less than 0.8 alike"
            }
            Self::Figures => "too few of the figures are the same",
            Self::Names => "too few of the names are the same",
            Self::Balance => "too small a part of the longer one, and the headlines disagree",
        };
        text.to_owned()
    }
}

/// Passages that may be quotations.
const QUOTED: u32 = 3;
/// Share of the figures, and of the words of the headlines, with which desks rewrite a story.
const SAME_FIGURES: f32 = 0.8;
const RELATED: f32 = 0.3;

/// Whether all but the wording speaks for one story.
fn is_rewritten(found: &Match) -> bool {
    found.figures.is_some_and(|share| share >= SAME_FIGURES)
        && found.title.is_some_and(|share| share >= RELATED)
        && found.foreign.iter().any(|side| side.absent == 0)
}

impl NearSettings {
    /// The line that two articles must reach to be copies.
    pub fn line_for(&self, found: &Match) -> Line {
        let quoted = found.passages <= QUOTED;
        if found.same_source {
            Line::SameSource
        } else if quoted && !found.opening && !found.headlines_agree() {
            Line::Quotation
        } else if !quoted && is_rewritten(found) {
            Line::Rewritten
        } else {
            Line::TwoSources
        }
    }

    /// Everything that decided against a copy; nothing where it is one.
    pub fn against(&self, found: &Match) -> Vec<Against> {
        if found.relation == Relation::Near {
            return Vec::new();
        }
        let alike = found.similarity() >= self.threshold_for(found);
        let shingles = Against::FewShingles {
            shared: found.shingles,
            least: self.min_shingles,
        };
        let all = [
            (found.shingles < self.min_shingles, shingles),
            (!alike, Against::Similarity),
            (!found.leading, Against::NotLeading),
            (found.embedded, Against::Embedded),
            (found.other_subject(), Against::OtherSubject),
            (found.is_tail(), Against::SameSourceTail),
            (
                is_less(found.figures, self.least_figures(found)),
                Against::Figures,
            ),
            (is_less(found.names, self.names), Against::Names),
            (self.is_unbalanced(found), Against::Balance),
        ];
        let holds = all.into_iter().filter(|(holds, _)| *holds);
        holds.map(|(_, against)| against).collect()
    }

    /// Why text in common with a story that is no copy is not even a quotation; `None` where it is one.
    pub fn no_passage(&self, found: &Match) -> Option<String> {
        if found.relation != Relation::None {
            return None;
        }
        if found.same_source {
            return Some("a source may quote itself".to_owned());
        }
        if found.shingles < self.min_shingles {
            return Some("too few shingles in common".to_owned());
        }
        if self.is_alike(found) {
            let least = self.partial_words;
            return Some(format!("no long passages, of {least} words"));
        }
        if found.words < self.partial_words as f32 {
            let least = self.partial_words;
            return Some(format!(
                "too few words in common, {:.0} of {least} needed",
                found.words
            ));
        }
        let half = self.threshold / 2.0;
        (found.similarity() < half).then(|| format!("less than {half:.2} alike"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::headline::Foreign;
    use super::super::verdict::Coverage;
    use super::*;

    fn found() -> Match {
        Match {
            article: 1,
            relation: Relation::None,
            this: 0.3,
            of: 0.3,
            plain: Coverage { this: 0.3, of: 0.3 },
            beside: 0.0,
            shingles: 12,
            words: 30.0,
            title: Some(0.2),
            figures: None,
            names: None,
            same_source: false,
            foreign: [Foreign::default(), Foreign::default()],
            same_opening: false,
            embedded: false,
            leading: true,
            passages: 9,
            opening: true,
        }
    }

    #[test]
    fn the_line_and_what_is_missing_have_names() {
        let near = NearSettings::default();
        let quotation = Match {
            passages: 2,
            opening: false,
            ..found()
        };
        assert_eq!(near.line_for(&found()), Line::TwoSources);
        assert_eq!(near.line_for(&quotation), Line::Quotation);
        assert_eq!(near.against(&quotation), [Against::Similarity]);
        assert_eq!(
            near.no_passage(&quotation).unwrap(),
            "too few words in common, 30 of 40 needed"
        );
        let tail = Match {
            same_source: true,
            this: 0.7,
            ..found()
        };
        assert_eq!(near.line_for(&tail), Line::SameSource);
        assert_eq!(near.against(&tail), [Against::SameSourceTail]);
        let round_up = Match {
            this: 0.05,
            of: 0.9,
            relation: Relation::Partial,
            ..found()
        };
        assert_eq!(near.against(&round_up), [Against::Balance]);
        assert_eq!(near.no_passage(&round_up), None);
    }

    /// One long statement in two reports is linked; a formula with other figures is not.
    #[test]
    fn a_long_statement_is_a_passage_and_a_formula_is_not() {
        let near = NearSettings::default();
        let (statement, formula) = (2, 6);
        let relation = |passages, same_source| {
            let found = Match {
                this: 0.6,
                of: 0.6,
                words: 90.0,
                figures: Some(0.2),
                passages,
                same_source,
                ..found()
            };
            near.relation(&found)
        };
        assert_eq!(relation(statement, false), Relation::Partial);
        assert_eq!(relation(statement, true), Relation::None);
        assert_eq!(relation(formula, false), Relation::None);
    }

    /// Another desk counts thirteen dead where the agency had twelve; the next convoy has other figures altogether.
    #[test]
    fn a_copy_may_bring_some_figures_up_to_date() {
        let near = NearSettings::default();
        let relation = |this, figures, names, same_source| {
            let found = Match {
                this,
                figures: Some(figures),
                names,
                same_source,
                ..found()
            };
            near.relation(&found)
        };
        assert_eq!(relation(0.75, 0.4, Some(1.0), false), Relation::Near);
        assert_eq!(relation(0.75, 0.4, None, false), Relation::Near);
        assert_eq!(relation(0.75, 0.2, Some(1.0), false), Relation::None);
        assert_eq!(relation(0.75, 0.4, Some(0.6), false), Relation::None);
        assert_eq!(relation(0.6, 0.4, Some(1.0), false), Relation::None);
        assert_eq!(relation(0.75, 0.4, Some(1.0), true), Relation::None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

        /// What is no copy has a reason that is told.
        #[test]
        fn whatever_is_no_copy_has_a_reason(
            (this, of, words) in (0.0_f32..1.0, 0.0_f32..1.0, 0.0_f32..200.0),
            (shingles, passages) in (0_u32..56, 0_u32..12),
            (title, figures, names) in (proptest::option::of(0.0_f32..1.0), proptest::option::of(0.0_f32..1.0), proptest::option::of(0.0_f32..1.0)),
            (same_source, same_opening, embedded, leading, opening) in any::<(bool, bool, bool, bool, bool)>(),
        ) {
            let near = NearSettings::default();
            let mut found = Match {
                this, of, words, shingles, passages, title, figures, names, same_source, same_opening, embedded, leading, opening,
                ..found()
            };
            found.relation = near.relation(&found);
            let against = near.against(&found);
            prop_assert_eq!(against.is_empty(), found.relation == Relation::Near, "{:?}: {:?}", found, against);
            prop_assert_eq!(near.no_passage(&found).is_some(), found.relation == Relation::None, "{:?}", found);
        }
    }
}
