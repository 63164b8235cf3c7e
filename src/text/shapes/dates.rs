//! Date lines: what is left of a page's dates, times and reading times.

use crate::text::document::ZoneKind;
use crate::text::markers::{Marker, Markers, is_number};
use crate::text::page::{Line, Page, Word};

/// Longest date line, with one date and with two, and longest date with a byline, in words.
const DATE_WORDS: usize = 10;
const DATES_WORDS: usize = 24;
const DATED_WORDS: usize = 16;
/// Most words beside one date.
const BESIDE_DATE: usize = 6;
/// Longest date without a year, and longest time, in words.
const DAY_WORDS: usize = 5;
const TIME_WORDS: usize = 3;
/// Longest time zone or half of the day, in bytes.
const ZONE_BYTES: usize = 5;

/// A line that holds a date, two dates, a day of a month, or a reading time, and little else.
pub(super) fn is_date_line(page: &Page<'_>, line: &Line, markers: &Markers) -> bool {
    let (text, words) = (page.line_text(line), page.line_words(line));
    if line.weight > DATES_WORDS || ends_word(text) || !text.contains(char::is_numeric) {
        return false;
    }
    line.weight <= DATE_WORDS && is_date(page, words)
        || are_dates(page, words)
        || words.len() <= DAY_WORDS && is_day(page, words, markers)
        || is_reading_time(page, words)
}

/// A line that holds a time of day, as entries of a live blog begin with too.
pub(in crate::text) fn is_time_line(page: &Page<'_>, line: &Line) -> bool {
    line.weight <= TIME_WORDS && is_time(page, page.line_words(line))
}

/// Whether a full stop follows a word, not a number or an abbreviation (`a.m.`, `น.`), with which dates may end.
fn ends_word(text: &str) -> bool {
    let last = text
        .strip_suffix('.')
        .and_then(|text| text.split_whitespace().next_back());
    last.is_some_and(|last| {
        !last.ends_with(char::is_numeric) && !last.contains('.') && last.chars().nth(1).is_some()
    })
}

/// Years and small numbers among the words, or `None` where a number belongs to no date.
fn numbers(page: &Page<'_>, words: &[Word]) -> Option<(usize, usize)> {
    let (mut years, mut small) = (0, 0);
    for number in words
        .iter()
        .map(|word| page.form(word))
        .filter(|form| is_number(form) || is_clock(form))
    {
        match number.bytes().take_while(u8::is_ascii_digit).count() {
            1 | 2 => small += 1,
            4 => years += usize::from(number.parse().is_ok_and(is_year)),
            _ => return None,
        }
    }
    Some((years, small))
}

/// `18h20`, `06h`.
fn is_clock(form: &str) -> bool {
    form.starts_with(|c: char| c.is_ascii_digit())
        && form.split_once('h').is_some_and(|(hours, minutes)| {
            !hours.is_empty() && is_number(hours) && is_number(minutes)
        })
}

/// A day and a year, or a numeric date, and few other words.
fn is_date(page: &Page<'_>, words: &[Word]) -> bool {
    numbers(page, words).is_some_and(|(years, small)| {
        years >= 1 && small >= 1 && words.len() <= 1 + small + BESIDE_DATE
    })
}

/// `Published 3 May 2031 at 18:20, updated 4 May 2031 at 09:05`.
fn are_dates(page: &Page<'_>, words: &[Word]) -> bool {
    numbers(page, words).is_some_and(|(years, small)| {
        years == 2 && small >= 4 && words.len() <= years + small + BESIDE_DATE + 2
    })
}

/// `Tuesday, 21 November`.
fn is_day(page: &Page<'_>, words: &[Word], markers: &Markers) -> bool {
    let Some((0, 1 | 3)) = numbers(page, words) else {
        return false;
    };
    let (mut at, mut named) = (0, false);
    while let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) {
        let month = markers.months().opens(page, rest);
        let number = rest.first().is_some_and(|word| is_number(page.form(word)));
        if month.is_none() && !number {
            return false;
        }
        named |= month.is_some();
        at += month.unwrap_or(1);
    }
    named
}

/// `10:42`, `9.58 AM`, `10:05 GMT`.
fn is_time(page: &Page<'_>, words: &[Word]) -> bool {
    let [hour, minute, zone @ ..] = words else {
        return false;
    };
    let (hours, minutes) = (page.form(hour), page.form(minute));
    let number = |form: &str| form.parse::<u8>().ok();
    number(hours).is_some_and(|hours| hours < 24)
        && minutes.len() == 2
        && number(minutes).is_some_and(|minutes| minutes < 60)
        && matches!(page.between(hour.bytes.end..minute.bytes.start), ":" | ".")
        && zone.iter().all(|word| {
            let form = page.form(word);
            form.len() <= ZONE_BYTES && !is_number(form)
        })
}

/// `3 min`, as pages give the time that a text takes.
fn is_reading_time(page: &Page<'_>, words: &[Word]) -> bool {
    let [number, unit] = words else { return false };
    is_number(page.form(number)) && matches!(page.form(unit), "min" | "mins")
}

/// `2031-03-14 09:30 Source: Arden News`.
pub(super) fn is_dated_byline(page: &Page<'_>, words: &[Word], markers: &Markers) -> bool {
    let number = words.first().is_some_and(|word| is_number(page.form(word)));
    number
        && page.weigh_words(words) <= DATED_WORDS
        && (2..words.len().min(DATED_WORDS)).any(|start| {
            let (date, rest) = words.split_at(start);
            let byline = |marker: &Marker| marker.kind == ZoneKind::Byline;
            markers.opening(page, rest).any(byline) && is_date(page, date)
        })
}

/// Years as calendars of the news count them: Gregorian and Nepali, Persian and Islamic, Buddhist.
fn is_year(year: u16) -> bool {
    matches!(year, 1950..=2099 | 1370..=1460 | 2500..=2599)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_date_text(text: &str) -> bool {
        let page = Page::read(text);
        let markers = Markers::shipped().expect("shipped phrases");
        is_date_line(&page, &page.lines[0], &markers)
    }

    #[test]
    fn dates_times_and_reading_times_are_found() {
        for text in [
            "14 March 2031, 09:40",
            "Publié le 3 mai 2031 à 18h20, modifié le 4 mai 2031 à 09h05",
            "Publié le 3 mai 2031 à 18:20, modifié le 4 mai 2031 à 09:05",
            "입력 2031.06.02. 오전 9:14 수정 2031.06.02. 오전 11:40",
            "نشرت في: 12/06/2031 - 14:20 آخر تحديث: 12/06/2031 - 16:05",
            "21 November",
            "Tue, Mar 4 10:20",
            "3 min",
        ] {
            assert!(is_date_text(text), "{text}");
        }
    }

    #[test]
    fn times_of_day_are_found() {
        let time = |text: &str| {
            let page = Page::read(text);
            is_time_line(&page, &page.lines[0])
        };
        assert!(["10:42", "10:05 GMT", "9.58 AM"].into_iter().all(time));
        assert!(
            !["1:0", "25:61", "3:10 Brell won", "10:42 11:05"]
                .into_iter()
                .any(time)
        );
    }

    #[test]
    fn results_prices_and_sentences_are_no_dates() {
        for text in [
            "Brell 3:1 Ostrel",
            "1:0",
            "25:61",
            "21 November guests",
            "21 boats",
            "13-21 August",
            "May Calder",
            "3 minutes that changed a village",
            "In 2030 and 2031 the council of Brell bought 4 boats, 12 buses and 3 new trams from 2 firms",
            "On 4 March 2031 the ferry sank.",
        ] {
            assert!(!is_date_text(text), "{text}");
        }
    }
}
