// What all parts of the page share. The text of articles is foreign: it only ever becomes a text node.

/** Characters that turn or nest the direction of what follows, shown instead of obeyed; every place of a text is its own
    direction anyway. */
const visible = (text) => text.replace(/[\u202a-\u202e\u2066-\u2069]/gu, (c) => (/[\u202d\u202e]/u.test(c) ? `\\u{${c.codePointAt(0).toString(16)}}` : ''));

/** Makes an element. Strings become text nodes; nothing is ever parsed as markup. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : name === 'title' || name.startsWith('aria-') ? visible(String(value)) : String(value));
  }
  const present = children.filter((child) => child !== null && child !== undefined && child !== '');
  element.append(...present.map((child) => (typeof child === 'string' ? visible(child) : child)));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Text of a publisher: its own direction, kept apart from what is around it. */
export function foreign(tag, text, language, attributes = {}) {
  return h(tag, { dir: 'auto', lang: languageTag(language), ...attributes }, text);
}

/** A BCP 47 code as an attribute; none for what is no code. */
export function languageTag(code) {
  return code && code !== 'und' && /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(code) ? code : undefined;
}

/** Whether most letters of a text run from right to left. */
export const isRightToLeft = (text) => (text.match(/[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/gu) || []).length * 2 > (text.match(/\p{L}/gu) || []).length;

/** Letters that are one letter to whoever looks for a word, as for stored queries. */
const SAME = new Map(Object.entries({ ı: 'i', ς: 'σ', ß: 'ss', ٱ: 'ا', ى: 'ي', ی: 'ي', ک: 'ك', ة: 'ه', ـ: '' }));
/** First characters of the rows of digits that count as 0 to 9. */
const DIGITS = [0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0];
/** Accents and vowel signs that say nothing about the word; signs of Indic scripts are part of it and stay. */
const DROPPED = /[\u0300-\u0305\u0307-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0711-\u074a\u0897-\u08ff\u180b-\u180f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]/gu;

/** A text as stored queries compare it: lower case, no accents and vowel signs, one form of each Arabic letter, words parted
    by single spaces. */
export function fold(text) {
  const letters = text.normalize('NFKD').toLowerCase().normalize('NFKD').replace(DROPPED, '').replace(/(?<!и)\u0306/gu, '');
  const same = letters.replace(/[ıςßٱىیکةـ]/gu, (c) => SAME.get(c)).replace(/\p{Nd}/gu, (c) => {
    const row = DIGITS.find((first) => c.codePointAt(0) >= first && c.codePointAt(0) < first + 10);
    return row === undefined ? c : String(c.codePointAt(0) - row);
  });
  const whole = same.normalize('NFC').replace(/[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]/gu, '');
  return whole.replace(/[^\p{L}\p{N}\p{M}]+/gu, ' ').trim();
}

const names = typeof Intl.DisplayNames === 'function' ? new Intl.DisplayNames(['en'], { type: 'language' }) : null;

/** The English name of a language. */
export function languageName(code) {
  if (!code) return 'No language';
  if (code === 'und') return 'Unknown language';
  if (code === 'other') return 'Other languages';
  try {
    return (names && languageTag(code) && names.of(code)) || code;
  } catch {
    return code;
  }
}

const whole = new Intl.NumberFormat('en');
export const number = (value) => whole.format(Math.round(value));
export const percent = (share) => `${Math.round(share * 100)} %`;

/** The time of day where the reader is. */
export function clock(ms) {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? '' : time.toLocaleTimeString('en-GB');
}

/** The name under which an article's source is known. */
export const sourceOf = (article) => article.source_name || article.source || article.id;

const CONTENT = new Set(['lead', 'main', 'title']);
export const isStory = (block) => CONTENT.has(block.kind);

/** The headline, or the first sentence of a text without one. */
export function headline(article) {
  if (article.title) return article.title.text;
  const text = (article.blocks.find(isStory) || article.blocks[0] || { text: '' }).text;
  const letters = Array.from(text);
  if (letters.length <= 120) return text || article.id;
  return `${letters.slice(0, 110).join('').replace(/\s+\S*$/u, '')}…`;
}

/** Part of a text by code points, as the stage counts them. */
export const slice = (text, start, end) => Array.from(text).slice(start, end).join('');

export const VERDICTS = {
  unique: { label: 'First', long: 'First of its story' },
  exact: { label: 'Same text', long: 'Same text' },
  near: { label: 'Near copy', long: 'Near copy' },
  partial: { label: 'Shares a passage', long: 'Shares a passage' },
  update: { label: 'New version', long: 'New version' },
};
