// The page: takes the feed in, keeps what people look at still, filters, and draws.
import { byId, fold, h, headline, languageName, number, sourceOf } from './dom.js';
import { articleCard, passes } from './cards.js';
import { Stories } from './stories.js';
import { Charts } from './charts.js';

/** Articles that are kept, and cards that are shown. */
const KEPT = 400;
const SHOWN = 100;

const feed = byId('feed');
const waiting = byId('waiting');
const stories = new Stories(byId('clusters'), byId('stories-empty'), byId('stories-count'));
const charts = new Charts();

const state = {
  articles: [], // newest last
  byArticle: new Map(), // id → article
  pending: [], // came while the list was held
  paused: false,
  filter: { text: '', words: '', language: '', topic: '', verdict: '' },
  seen: { languages: new Map(), topics: new Map() },
};

/** People read what they have opened, or have scrolled to: the list must not move under them. */
function isHeld() {
  return state.paused || feed.querySelector('details[open], .card:focus-within') !== null
    || (document.body.dataset.view === 'articles' && feed.getBoundingClientRect().top < -40);
}

function say(text) {
  byId('said').textContent = text;
}

function link(value, text) {
  byId('link').dataset.state = value;
  byId('link-text').textContent = text;
}

/** What a card says of the earlier article: as it was when this one came, which may have the same id. */
function earlier(article) {
  const of = article.enrichment?.dedup?.of;
  const known = of && state.byArticle.get(of);
  return known && { headline: headline(known), source: sourceOf(known), language: known.enrichment?.language?.code };
}

function take(article) {
  article.earlier = earlier(article);
  state.articles.push(article);
  state.byArticle.set(article.id, article);
  for (const old of state.articles.splice(0, Math.max(0, state.articles.length - KEPT))) {
    if (state.byArticle.get(old.id) === old) state.byArticle.delete(old.id);
  }
  options(article);
  stories.add(article);
  byId('sample').textContent = article.one_in > 1 ? `a sample: one story in ${number(article.one_in)}` : '';
  if (isHeld()) {
    state.pending.push(article);
    state.pending.splice(0, state.pending.length - SHOWN);
    announce();
  } else {
    show([article]);
  }
}

/** Puts cards at the top, and takes old ones off the end. */
function show(articles) {
  const cards = articles.filter((article) => passes(article, state.filter)).map(articleCard);
  feed.prepend(...cards.reverse());
  while (feed.childElementCount > SHOWN) feed.lastElementChild.remove();
  empty();
}

function empty() {
  const none = feed.childElementCount === 0;
  byId('empty').hidden = !none;
  byId('empty').textContent = state.articles.length ? 'No article passes the filter.' : 'Articles appear here as the stage publishes them.';
}

function announce() {
  const count = state.pending.filter((article) => passes(article, state.filter)).length;
  waiting.hidden = count === 0;
  waiting.textContent = `${number(count)} new ${count === 1 ? 'article' : 'articles'}`;
}

function release() {
  const articles = state.pending;
  state.pending = [];
  show(articles);
  announce();
}

function pause(on) {
  state.paused = on;
  const button = byId('pause');
  button.setAttribute('aria-pressed', String(on));
  byId('pause-text').textContent = on ? 'Go on' : 'Pause';
  say(on ? 'Paused' : 'Going on');
  if (!on && !isHeld()) release();
}

/** Draws the list anew, from what is kept. */
function redraw() {
  state.pending = [];
  announce();
  feed.replaceChildren();
  show(state.articles.filter((article) => passes(article, state.filter)).slice(-SHOWN));
  const { filter } = state;
  byId('filter-clear').hidden = !(filter.text || filter.language || filter.topic || filter.verdict);
  if (!byId('filter-clear').hidden) say(`${feed.childElementCount} articles pass the filter`);
}

/** Languages and topics that can be chosen: those that were seen. */
function options(article) {
  const { enrichment } = article;
  if (!enrichment) return;
  if (enrichment.language) option('language', state.seen.languages, enrichment.language.code, languageName(enrichment.language.code));
  for (const topic of enrichment.topics || []) option('topic', state.seen.topics, topic.id, topic.label);
}

function option(name, seen, value, label) {
  if (seen.has(value) || seen.size >= 300) return;
  seen.set(value, label);
  const select = byId(`filter-${name}`);
  const entry = h('option', { value }, label);
  const after = [...select.options].slice(1).find((other) => other.textContent.localeCompare(label, 'en') > 0);
  select.insertBefore(entry, after || null);
}

function view(name) {
  document.body.dataset.view = name;
  for (const button of document.querySelectorAll('.views button')) button.setAttribute('aria-pressed', String(button.dataset.view === name));
  window.scrollTo(0, 0);
}

/** j and k go from article to article, as in a list of mail. */
function step(by) {
  const cards = [...feed.querySelectorAll('.card')];
  const current = cards.findIndex((card) => card.contains(document.activeElement));
  const next = cards[Math.min(cards.length - 1, Math.max(0, current + by))];
  if (next) next.focus();
}

function key(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select, textarea')) return;
  if (event.key === 'p') pause(!state.paused);
  else if (event.key === 'j') step(1);
  else if (event.key === 'k') step(-1);
  else if (event.key === 'o') {
    const details = document.activeElement?.closest?.('.card')?.querySelector('details.more');
    if (details) details.open = !details.open;
  } else if (event.key === '/') byId('filter-text').focus();
  else return;
  event.preventDefault();
}

function listen() {
  const source = new EventSource('live/events');
  source.addEventListener('open', () => link('on', 'connected'));
  source.addEventListener('error', () => link('off', source.readyState === EventSource.CLOSED ? 'turned away; reload to try again' : 'away, waiting for it'));
  source.addEventListener('hello', (event) => {
    const hello = JSON.parse(event.data);
    charts.labels = hello.topics;
  });
  source.addEventListener('article', (event) => {
    const article = JSON.parse(event.data);
    article.number = event.lastEventId;
    take(article);
  });
  source.addEventListener('missed', (event) => say(`${JSON.parse(event.data).articles} articles were missed`));
}

function start() {
  byId('pause').addEventListener('click', () => pause(!state.paused));
  waiting.addEventListener('click', () => {
    for (const details of feed.querySelectorAll('details[open]')) details.open = false;
    window.scrollTo({ top: 0 });
    release();
  });
  byId('filter').addEventListener('submit', (event) => event.preventDefault());
  for (const name of ['text', 'language', 'topic', 'verdict']) {
    byId(`filter-${name}`).addEventListener('input', (event) => {
      state.filter[name] = event.target.value.trim();
      state.filter.words = fold(state.filter.text);
      redraw();
    });
  }
  byId('filter').addEventListener('reset', () => {
    state.filter = { text: '', words: '', language: '', topic: '', verdict: '' };
    redraw();
  });
  for (const button of document.querySelectorAll('.views button')) button.addEventListener('click', () => view(button.dataset.view));
  document.addEventListener('keydown', key);
  // What waited goes in as soon as nobody is reading any more.
  setInterval(() => { if (state.pending.length && !isHeld()) release(); }, 500);
  listen();
  charts.run();
}

start();
