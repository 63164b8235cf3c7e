//! Embedded posts of social networks: signatures, heads and links.

use crate::text::links::is_post_link;
use crate::text::markers::is_sentence_end;

/// Longest name before an account in the head of a post, in words.
const NAME_WORDS: usize = 6;

/// `— Name (@account) date`, as networks sign embedded posts, and `Name (@account) date` or `Name @account · time`, which
/// are heads of posts or signatures that lost their dash.
pub(in crate::text) fn is_signature(text: &str) -> bool {
    if let Some((_, rest)) = text.split_once("(@") {
        return is_dashed(text)
            || rest
                .split_once(')')
                .is_some_and(|(_, date)| date.contains(char::is_numeric) && !date.ends_with('.'));
    }
    is_head(text)
}

/// Whether a signature has the dash that says that the text of the post stands above it.
pub(in crate::text) fn is_dashed(text: &str) -> bool {
    text.starts_with(['—', '–', '-', '―'])
}

/// `Name @account · 9:58 AM`.
fn is_head(text: &str) -> bool {
    let Some((name, rest)) = text.split_once(" @") else {
        return false;
    };
    let account = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let time = rest.trim_start_matches(account).trim_start();
    rest.starts_with(account)
        && time.starts_with(['·', '•', '∙'])
        && time.contains(char::is_numeric)
        && !name.contains(is_sentence_end)
        && name.split_whitespace().count() <= NAME_WORDS
}

/// Whether a text has the links, accounts or hashtags of a post.
pub(in crate::text) fn is_like_post(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        let word = word.trim_start_matches(['(', '"', '“', '«']);
        let mut rest = word.chars();
        matches!(rest.next(), Some('#' | '@')) && rest.next().is_some_and(char::is_alphanumeric)
            || word.contains("://")
            || is_post_link(word)
    })
}

/// Whether the last word links to a post, as the text of a post ends.
pub(super) fn ends_with_post_link(text: &str) -> bool {
    text.split_whitespace().next_back().is_some_and(|last| {
        let last = last.trim_start_matches("https://");
        ["t.co/", "pic.twitter.com/", "pic.x.com/", "t.me/"]
            .iter()
            .any(|host| last.starts_with(host))
            && is_post_link(last)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_and_signatures_are_told_from_mentions() {
        for text in [
            "— Brell Police (@brellpolice) March 4, 2031",
            "Brell Police (@brellpolice) March 4, 2031",
            "Brell Weather @brellweather · 9:58 AM",
            "Tom Vale @tomvale • 4 Mar",
        ] {
            assert!(is_signature(text), "{text}");
        }
        for text in [
            "The fire service wrote to @brell_fire · and waited",
            "She answered as Ines Calder (@calder) on Tuesday.",
            "Ask us at desk@example.org · 9 to 5",
            "The mayor said no. Nobody asked @brell · 9:58",
        ] {
            assert!(!is_signature(text), "{text}");
        }
        assert!(is_dashed("— Brell Police (@brellpolice) March 4, 2031"));
        assert!(!is_dashed("Brell Police (@brellpolice) March 4, 2031"));
    }

    #[test]
    fn posts_on_telegram_are_posts_and_channels_are_not() {
        assert!(ends_with_post_link(
            "The tram stands still t.me/brell_now/1842"
        ));
        assert!(ends_with_post_link(
            "Трамвай стоит https://t.me/brell_now/1842"
        ));
        assert!(!ends_with_post_link(
            "The council has a channel: t.me/brell_now"
        ));
        assert!(is_like_post("Traffic is back #brell"));
        assert!(!is_like_post("Bus no. # 4 is back at 5 @ 3"));
    }
}
