// An article as a card: what it says, why it is a copy, why it has its topics.
import { VERDICTS, clock, fold, foreign, h, headline, isRightToLeft, isStory, languageName, languageTag, percent, slice, sourceOf } from './dom.js';

const KINDS = {
  keyword_cloud: 'Keyword cloud', read_also: 'Another article', headline_list: 'Headlines of others', share: 'Share line',
  embedded_post: 'Embedded post', byline: 'Byline', caption: 'Caption', legal: 'Legal line', repeated: 'Repeats on this source',
};
const METHODS = { id: 'by its id', url: 'by its address', content: 'word for word' };
/** Most terms that are shown for a topic. */
const TERMS = 6;

const topicsOf = (article) => (article.enrichment && article.enrichment.topics) || [];
const dedupOf = (article) => article.enrichment && article.enrichment.dedup;
const languageOf = (article) => article.enrichment && article.enrichment.language;

/** A text with its marks: evidence of topics, and passages in common with an earlier article. */
export function marked(block, topics) {
  const letters = Array.from(block.text);
  const evidence = block.evidence || [];
  const shared = block.shared || [];
  const cuts = new Set([0, letters.length]);
  for (const [start, end] of [...evidence, ...shared]) cuts.add(Math.min(start, letters.length)).add(Math.min(end, letters.length)); // the text may be cut
  const places = [...cuts].sort((a, b) => a - b);
  const nodes = [];
  for (let i = 0; i + 1 < places.length; i += 1) {
    const [start, end] = [places[i], places[i + 1]];
    const within = ([from, to]) => from <= start && end <= to;
    const text = letters.slice(start, end).join('');
    const of = [...new Set(evidence.filter(within).map((place) => place[2]))];
    const common = shared.some(within);
    if (of.length) {
      const labels = of.map((index) => topics[index] && topics[index].label).filter(Boolean).join(', ');
      nodes.push(h('mark', { class: common ? 'shared' : null, 'data-topics': of.join(' '), title: `evidence of ${labels}` }, text));
    } else if (common) {
      nodes.push(h('span', { class: 'shared' }, text));
    } else {
      nodes.push(text);
    }
  }
  return nodes;
}

/** A paragraph of the story; of a text that is the same as an earlier one, all of it is shared. */
function paragraph(article, block, language) {
  const dedup = dedupOf(article);
  const topics = topicsOf(article);
  if (dedup && dedup.status === 'exact') block = { ...block, shared: [[0, Infinity]] };
  const end = block.left_out ? [h('span', { class: 'cut' }, ' …')] : [];
  return h('p', { dir: 'auto', lang: languageTag(language) }, ...marked(block, topics), ...end);
}

/** What was set aside, in a line. */
function aside(block) {
  return h('p', { class: 'aside' }, h('span', { class: 'kind' }, KINDS[block.kind] || block.kind), foreign('span', block.text, null, { class: 'aside-text' }), block.left_out ? ' …' : '');
}

function bar(share) {
  const fill = h('span', { class: 'fill' });
  fill.style.inlineSize = `${Math.round(Math.min(1, Math.max(0, share)) * 100)}%`;
  return h('span', { class: 'cover', 'aria-hidden': 'true' }, fill);
}

/** How much of each story is in the other. */
export function coverage(dedup) {
  if (!dedup || !dedup.coverage) return null;
  const { this: here, of: there } = dedup.coverage;
  return h('span', { class: 'coverage' },
    h('span', {}, bar(here), `${percent(here)} of this story is in the earlier one`),
    h('span', {}, bar(there), `${percent(there)} of the earlier one is in this`));
}

/** Why the article is a copy, in words; nothing for the first of its story. */
function copyReason(article) {
  const dedup = dedupOf(article);
  if (!dedup || !dedup.of) return null;
  const verbs = { exact: 'Same text as', near: 'Near copy of', partial: 'Shares a passage with', update: 'New version of' };
  const { earlier } = article;
  const of = foreign('cite', earlier ? earlier.headline : dedup.of, earlier && earlier.language);
  const because = METHODS[dedup.method];
  return h('div', { class: `reason copy ${dedup.status}` },
    h('p', {}, h('b', {}, verbs[dedup.status] || dedup.status), ' ', of, earlier ? h('span', { class: 'from' }, foreign('span', earlier.source)) : '',
      because ? h('span', { class: 'because' }, because) : ''),
    coverage(dedup));
}

/** The words a topic rests on, as they stand in the text; those behind the excerpt, as the word list has them. */
function words(article, topic, index) {
  const found = new Map();
  const add = (word) => { if (word && !found.has(word.toLocaleLowerCase())) found.set(word.toLocaleLowerCase(), word); };
  for (const block of [article.title, ...article.blocks]) {
    for (const [start, end, of] of (block && block.evidence) || []) if (of === index) add(slice(block.text, start, end));
  }
  if (!found.size) for (const place of topic.evidence || []) add(topic.kind === 'query' ? place.term : place.term.replace(/^[=*]+|[*]+$/g, ''));
  return [...found.values()];
}

/** Why it has its topics: each with the words it rests on. */
function topicReasons(article, language) {
  const topics = topicsOf(article);
  if (!topics.length) return null;
  const rows = topics.map((topic, index) => {
    const terms = words(article, topic, index);
    const items = terms.slice(0, TERMS).map((term) => h('li', {}, foreign('bdi', term, language)));
    if (terms.length > TERMS) items.push(h('li', { class: 'more-terms' }, `+${terms.length - TERMS}`));
    const name = h('button', { type: 'button', class: 'topic', 'data-topic': index, 'aria-pressed': 'false', title: 'Show only the evidence of this topic' }, topic.label);
    if (topic.kind === 'query') name.append(h('span', { class: 'query' }, 'query'));
    return h('div', { class: 'topic-row' }, name, items.length ? h('ul', { class: 'terms', dir: isRightToLeft(terms.join(' ')) ? 'rtl' : 'ltr', 'aria-label': `words for ${topic.label}` }, ...items) : '');
  });
  return h('div', { class: 'reason topics' }, ...rows);
}

function fact(name, ...value) {
  return [h('dt', {}, name), h('dd', {}, ...value)];
}

function facts(article) {
  const { enrichment } = article;
  const rows = [...fact('id', foreign('span', article.id))];
  if (article.url && /^https?:\/\//i.test(article.url)) {
    rows.push(...fact('address', h('a', { href: article.url, target: '_blank', rel: 'noopener noreferrer nofollow' }, foreign('bdi', article.url))));
  }
  if (article.published) rows.push(...fact('published', foreign('span', article.published)));
  if (enrichment && enrichment.language) {
    const { shares, confidence, declared, agrees } = enrichment.language;
    const list = (shares || []).map(({ code, share }) => `${languageName(code)} ${percent(share)}`).join(', ');
    rows.push(...fact('language', `${list}; confidence ${percent(confidence)}${declared ? `; declared as ${declared}${agrees === false ? ', which differs' : ''}` : ''}`));
  }
  if (enrichment && enrichment.input) rows.push(...fact('message', `${enrichment.input.topic}/${enrichment.input.partition} at ${enrichment.input.offset}`));
  for (const warning of (enrichment && enrichment.warnings) || []) rows.push(...fact('warning', warning));
  return h('dl', { class: 'facts' }, ...rows);
}

/** The whole of what is known, made when somebody opens it. */
function whole(article, code) {
  const left = article.left_out ? [h('p', { class: 'aside' }, `${article.left_out} more characters are not shown`)] : [];
  const blocks = article.blocks.map((block) => (isStory(block) ? paragraph(article, block, code) : aside(block)));
  return [h('div', { class: 'text' }, ...blocks, ...left), facts(article)];
}

/** Topics can be looked at one by one: the marks of the others fade. */
function focusTopic(card, index) {
  const same = card.dataset.focus === index;
  if (same) delete card.dataset.focus;
  else card.dataset.focus = index;
  for (const button of card.querySelectorAll('button.topic')) button.setAttribute('aria-pressed', String(!same && button.dataset.topic === index));
  for (const mark of card.querySelectorAll('mark')) mark.classList.toggle('faded', !same && !(mark.dataset.topics || '').split(' ').includes(index));
}

/** The card. */
export function articleCard(article) {
  const dedup = dedupOf(article);
  const language = languageOf(article);
  const code = language && language.code;
  const topics = topicsOf(article);
  const verdict = VERDICTS[(dedup && dedup.status) || ''];
  const title = article.title ? marked(article.title, topics) : [headline(article)];
  const story = article.blocks.filter(isStory);
  // Of a copy, the first paragraph that it shares; where the text has no headline, its beginning is one.
  const excerpt = story.find((block) => block.shared && block.shared.length) || (article.title ? story[0] : story[1] || story[0]);
  const details = h('details', { class: 'more' }, h('summary', {}, 'Text and details'));
  const lead = excerpt ? h('div', { class: 'excerpt' }, paragraph(article, excerpt, code)) : '';
  const titleId = `title-${article.number}`;
  const card = h('article', { class: `card ${(dedup && dedup.status) || ''}`, tabindex: '-1', 'aria-labelledby': titleId, 'data-id': article.id, 'data-number': article.number },
    h('header', {},
      h('p', { class: 'meta' }, foreign('span', sourceOf(article), null, { class: 'source' }), h('time', {}, clock(article.at))),
      h('p', { class: 'tags' },
        code ? h('span', { class: 'tag language', title: language.reliable ? `${languageName(code)} (${code})` : 'not certain' }, languageName(code), language.reliable || code === 'und' ? '' : '?') : '',
        verdict ? h('span', { class: `tag verdict ${dedup.status}` }, verdict.label) : '')),
    h('h3', { id: titleId, dir: 'auto', lang: languageTag(code) }, ...title),
    lead, copyReason(article), topicReasons(article, code), details);
  details.addEventListener('toggle', () => {
    card.classList.toggle('open', details.open);
    if (details.open && details.childElementCount === 1) details.append(...whole(article, code));
    if (card.dataset.focus !== undefined) {
      const { focus } = card.dataset;
      delete card.dataset.focus;
      focusTopic(card, focus);
    }
  });
  card.addEventListener('click', (event) => {
    const button = event.target.closest('button.topic');
    if (button) focusTopic(card, button.dataset.topic);
  });
  return card;
}

/** The longest passage in common with an earlier article; of a text that is the same, its beginning. */
export function sharedPassage(article) {
  let best = '';
  for (const block of article.blocks) {
    for (const [start, end] of block.shared || []) {
      const passage = slice(block.text, start, end);
      if (passage.length > best.length) best = passage;
    }
  }
  const dedup = dedupOf(article);
  if (!best && dedup && dedup.status === 'exact') best = (article.blocks.find(isStory) || { text: headline(article) }).text;
  const letters = Array.from(best);
  return letters.length > 220 ? `${letters.slice(0, 210).join('').replace(/\s+\S*$/u, '')}…` : best;
}

/** Whether a filter lets an article through. */
export function passes(article, filter) {
  const dedup = dedupOf(article);
  const language = languageOf(article);
  if (filter.language && (!language || language.code !== filter.language)) return false;
  if (filter.verdict && (!dedup || dedup.status !== filter.verdict)) return false;
  if (filter.topic && !topicsOf(article).some((topic) => topic.id === filter.topic)) return false;
  if (!filter.text) return true;
  const wanted = filter.text.toLowerCase();
  const names = [article.id, article.source, article.source_name];
  if (names.some((name) => name && name.toLowerCase().includes(wanted))) return true;
  const texts = [headline(article), ...article.blocks.filter(isStory).map((block) => block.text)];
  return texts.some((text) => (filter.words ? fold(text).includes(filter.words) : text.toLowerCase().includes(wanted)));
}
