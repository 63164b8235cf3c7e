//! Web sites, each with furniture of its own around the stories it carries.

use crate::random::Random;
use crate::stories::{Story, Vocabulary};

/// Phrases by which sites of a language announce furniture: keywords, read also, most read, share, rights.
const PHRASES: [(&str, [&str; 5]); 14] = [
    (
        "ar",
        [
            "كلمات دلالية:",
            "إقرأ أيضاً:",
            "الأكثر قراءة",
            "شارك هذا الخبر",
            "جميع الحقوق محفوظة",
        ],
    ),
    (
        "en",
        [
            "Tags:",
            "Read also:",
            "Most read",
            "Share this article",
            "All rights reserved",
        ],
    ),
    (
        "fr",
        [
            "Mots-clés :",
            "Lire aussi :",
            "Les plus lus",
            "Partager cet article",
            "Tous droits réservés",
        ],
    ),
    (
        "es",
        [
            "Etiquetas:",
            "Lea también:",
            "Lo más leído",
            "Compartir",
            "Todos los derechos reservados",
        ],
    ),
    (
        "pt",
        [
            "Tags:",
            "Leia também:",
            "Mais lidas",
            "Compartilhe",
            "Todos os direitos reservados",
        ],
    ),
    (
        "de",
        [
            "Schlagwörter:",
            "Lesen Sie auch:",
            "Meistgelesen",
            "Artikel teilen",
            "Alle Rechte vorbehalten",
        ],
    ),
    (
        "it",
        [
            "Tag:",
            "Leggi anche:",
            "I più letti",
            "Condividi",
            "Tutti i diritti riservati",
        ],
    ),
    (
        "ru",
        [
            "Теги:",
            "Читайте также:",
            "Самое читаемое",
            "Поделиться",
            "Все права защищены",
        ],
    ),
    (
        "tr",
        [
            "Etiketler:",
            "Ayrıca okuyun:",
            "En çok okunanlar",
            "Paylaş",
            "Tüm hakları saklıdır",
        ],
    ),
    (
        "fa",
        [
            "برچسب‌ها:",
            "بیشتر بخوانید:",
            "پربازدیدترین‌ها",
            "اشتراک گذاری",
            "تمامی حقوق محفوظ است",
        ],
    ),
    (
        "hi",
        [
            "टैग:",
            "यह भी पढ़ें:",
            "सबसे ज्यादा पढ़ी गई",
            "शेयर करें",
            "सर्वाधिकार सुरक्षित",
        ],
    ),
    (
        "zh",
        ["标签：", "延伸阅读：", "热门新闻", "分享到", "版权所有"],
    ),
    (
        "ja",
        [
            "キーワード：",
            "関連記事：",
            "アクセスランキング",
            "シェアする",
            "無断転載禁止",
        ],
    ),
    (
        "id",
        [
            "Tag:",
            "Baca juga:",
            "Terpopuler",
            "Bagikan",
            "Hak cipta dilindungi",
        ],
    ),
];

/// A site.
#[derive(Debug)]
pub struct Site {
    pub host: String,
    phrases: Option<[&'static str; 5]>,
    /// The same cloud of keywords under every story.
    cloud: String,
    /// Lines under every story: what the site is, how to subscribe, its rights.
    tail: Vec<String>,
    /// Lines above every story.
    head: Vec<String>,
    /// Whether the page carries the beginning of another story, and its headline list.
    second_story: bool,
    headlines: usize,
}

impl Site {
    /// A site with invented furniture. One in four announces nothing.
    pub fn new(number: usize, lang: &str, vocabulary: &Vocabulary, random: &mut Random) -> Self {
        let known = PHRASES.iter().find(|(code, _)| *code == lang);
        let marked = !random.chance(0.25);
        let phrases = known.filter(|_| marked).map(|(_, phrases)| *phrases);
        let mut tail: Vec<String> = (0..random.between(1, 5))
            .map(|_| vocabulary.sentence(random.between(8, 28), random))
            .collect();
        if let Some(phrases) = phrases {
            tail.push(format!("{} © {}", phrases[4], vocabulary.words(2, random)));
        }
        let head = (0..random.below(3))
            .map(|_| vocabulary.words(random.between(2, 5), random))
            .collect();
        Self {
            host: format!("site{number}-{lang}.example"),
            phrases,
            cloud: vocabulary.words(random.between(20, 80), random),
            tail,
            head,
            second_story: random.chance(0.6),
            headlines: random.below(9),
        }
    }

    /// The page that carries `story`; `others` are stories that the site links to.
    pub fn page(
        &self,
        story: &Story,
        others: &[&Story],
        appended: Option<&Story>,
        random: &mut Random,
    ) -> String {
        let mut lines: Vec<String> = self.head.clone();
        lines.extend(story.paragraphs.iter().cloned());
        if let Some(phrases) = self.phrases {
            lines.push(format!("{} {}", phrases[0], self.cloud));
        }
        let second = appended.or_else(|| others.first().copied().filter(|_| self.second_story));
        if let Some(second) = second {
            if let Some(phrases) = self.phrases {
                lines.push(phrases[1].to_owned());
            }
            lines.push(second.title.clone());
            let count = if appended.is_some() {
                second.paragraphs.len()
            } else {
                random.between(1, 4)
            };
            lines.extend(second.paragraphs.iter().take(count).cloned());
        }
        if self.headlines > 0 {
            if let Some(phrases) = self.phrases {
                lines.push(phrases[2].to_owned());
            }
            lines.extend(
                others
                    .iter()
                    .skip(1)
                    .take(self.headlines)
                    .map(|other| format!("• {}", other.title)),
            );
        }
        if let Some(phrases) = self.phrases {
            lines.push(phrases[3].to_owned());
        }
        lines.extend(self.tail.iter().cloned());
        lines.join("\n\n")
    }
}
