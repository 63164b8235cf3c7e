// Stories that more than one article carries: clusters, as they grow.
import { VERDICTS, clock, foreign, h, headline, percent, sourceOf } from './dom.js';
import { sharedPassage } from './cards.js';

/** Most stories that are kept, and members of one that are listed. */
const STORIES = 40;
const MEMBERS = 12;

/** Clusters by id, in the order in which they grew. */
export class Stories {
  constructor(place, empty, count) {
    this.place = place;
    this.empty = empty;
    this.count = count;
    this.clusters = new Map();
  }

  /** Takes an article in, and draws its story where there is more than one article of it. */
  add(article) {
    const dedup = article.enrichment && article.enrichment.dedup;
    if (!dedup) return;
    let cluster = this.clusters.get(dedup.cluster);
    if (!cluster) {
      cluster = { id: dedup.cluster, members: [], ids: new Set(), more: 0, element: null };
    } else {
      this.clusters.delete(dedup.cluster);
    }
    this.clusters.set(dedup.cluster, cluster);
    const key = `${article.enrichment.input.topic}/${article.enrichment.input.partition}/${article.enrichment.input.offset}`;
    if (cluster.ids.has(key)) return;
    cluster.ids.add(key);
    cluster.members.push(article);
    if (cluster.members.length > 200) {
      cluster.members.splice(1, 1);
      cluster.more += 1;
    }
    this.forget();
    // Who quotes another story has one of its own.
    if (cluster.members.length > 1 || (dedup.of && dedup.status !== 'partial')) this.draw(cluster);
  }

  /** Single articles leave first, then the stories that have not grown for longest. */
  forget() {
    const single = [...this.clusters.values()].filter((cluster) => !cluster.element);
    for (const cluster of single.slice(0, Math.max(0, single.length - 400))) this.clusters.delete(cluster.id);
    const drawn = [...this.clusters.values()].filter((cluster) => cluster.element);
    for (const cluster of drawn.slice(0, Math.max(0, drawn.length - STORIES))) {
      cluster.element.remove();
      this.clusters.delete(cluster.id);
    }
  }

  draw(cluster) {
    const old = cluster.element;
    const closed = old?.querySelector('details')?.open === false;
    cluster.element = storyCard(cluster, !closed);
    if (old) old.remove();
    this.place.prepend(cluster.element);
    this.empty.hidden = true;
    const drawn = this.place.childElementCount;
    this.count.textContent = drawn ? String(drawn) : '';
  }
}

function member(article, first) {
  const dedup = article.enrichment.dedup;
  const language = article.enrichment.language;
  const verdict = VERDICTS[dedup.status] || { label: dedup.status };
  const share = dedup.coverage ? Math.max(dedup.coverage.this, dedup.coverage.of) : dedup.of ? dedup.similarity ?? 1 : null;
  const text = share === null || !dedup.coverage || dedup.status === 'update' ? verdict.label : `${verdict.label}, ${percent(share)}`;
  return h('li', { class: `member ${dedup.status}` },
    h('span', { class: 'node', 'aria-hidden': 'true' }),
    h('p', { class: 'who' }, foreign('span', sourceOf(article), null, { class: 'source' }), h('time', {}, clock(article.at))),
    first ? '' : foreign('p', headline(article), language && language.code, { class: 'headline' }),
    h('p', { class: `how ${dedup.status}` }, first && dedup.status === 'unique' ? 'First seen' : text));
}

function storyCard(cluster, open) {
  const [first] = cluster.members;
  const last = cluster.members[cluster.members.length - 1];
  const language = first.enrichment.language;
  const total = cluster.members.length + cluster.more;
  const passage = sharedPassage(last);
  const { of, status } = first.enrichment.dedup;
  const started = of && status !== 'partial' ? h('li', { class: 'member before' }, h('span', { class: 'node', 'aria-hidden': 'true' }),
    h('p', { class: 'who' }, 'First seen before this view: ', foreign('span', cluster.id, null, { class: 'source' }))) : '';
  const list = (articles, begin) => articles.map((article, index) => member(article, begin && index === 0));
  const shown = cluster.members.length > MEMBERS ? [cluster.members[0], ...cluster.members.slice(1 - MEMBERS)] : cluster.members;
  const hidden = total - shown.length;
  const code = language && language.code;
  return h('article', { class: 'story', 'data-cluster': cluster.id, 'data-members': total },
    h('header', {}, foreign('h3', headline(first), code), h('p', { class: 'size' }, h('b', {}, String(total)), total === 1 ? ' article' : ' articles')),
    passage ? h('details', { class: 'common', open }, h('summary', {}, last.enrichment.dedup.status === 'exact' ? 'The same text' : 'In common'), foreign('blockquote', passage, code)) : '',
    h('ol', { class: 'members' }, started, ...list(shown.slice(0, 1), true),
      hidden > 0 ? h('li', { class: 'member before' }, h('span', { class: 'node', 'aria-hidden': 'true' }), h('p', { class: 'who' }, `${hidden} more`)) : '',
      ...list(shown.slice(1), false)));
}
