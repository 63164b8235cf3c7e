// What all parts of the page share. The text of articles is foreign: it only ever becomes a text node.

/** Makes an element. Strings become text nodes; nothing is ever parsed as markup. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ''));
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
