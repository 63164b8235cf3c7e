// Figures of the whole process, from /metrics: rates, verdicts, languages, topics.
import { VERDICTS, byId, h, languageName, number, percent } from './dom.js';

const EVERY_MS = 2000;
/** Points of the curve: four minutes. */
const POINTS = 120;
const SVG = 'http://www.w3.org/2000/svg';

/** Series of an exposition in OpenMetrics text: name → [{labels, value}]. */
export function parse(text) {
  const all = new Map();
  for (const line of text.split('\n')) {
    const found = /^([a-z_]+)(?:\{(.*)\})? (\S+)/.exec(line);
    if (!found) continue;
    const labels = {};
    for (const [, name, value] of (found[2] || '').matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)) labels[name] = value.replace(/\\(.)/g, '$1');
    const value = Number(found[3]);
    if (!all.has(found[1])) all.set(found[1], []);
    if (Number.isFinite(value)) all.get(found[1]).push({ labels, value });
  }
  return all;
}

const sum = (metrics, name, label, value) => (metrics.get(name) || [])
  .filter((series) => !label || series.labels[label] === value)
  .reduce((total, series) => total + series.value, 0);

/** Values of a label with their counts, the most frequent first. */
const counts = (metrics, name, label) => (metrics.get(name) || [])
  .map((series) => [series.labels[label], series.value])
  .filter(([, count]) => count > 0)
  .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));

export class Charts {
  constructor() {
    this.labels = {};
    this.points = [];
    this.last = null;
  }

  async run() {
    for (;;) {
      if (!document.hidden) await this.look();
      await new Promise((resolve) => { setTimeout(resolve, EVERY_MS); });
    }
  }

  async look() {
    try {
      const answer = await fetch('metrics', { cache: 'no-store', credentials: 'omit' });
      if (answer.ok) this.draw(parse(await answer.text()), performance.now());
    } catch {
      // The feed says when the stage is away.
    }
  }

  draw(metrics, now) {
    const started = sum(metrics, 'newsstage_start_time_seconds');
    const written = sum(metrics, 'newsstage_messages_produced_total', 'kind', 'output');
    const articles = Math.max(written, sum(metrics, 'newsstage_articles_language_total'));
    if (this.last && this.last.started === started && now > this.last.now) {
      this.points.push(Math.max(0, (articles - this.last.articles) * 1000 / (now - this.last.now)));
      this.points.splice(0, this.points.length - POINTS);
    } else if (this.last) {
      this.points = [];
    }
    this.last = { started, articles, now };
    const repeats = counts(metrics, 'newsstage_duplicates_total', 'kind');
    const repeated = repeats.reduce((total, [, count]) => total + count, 0);
    // Later versions and quotations are no duplicates.
    const copies = repeats.filter(([kind]) => kind === 'exact' || kind === 'near').reduce((total, [, count]) => total + count, 0);
    this.figures(metrics, articles, copies);
    this.curve();
    this.verdicts(repeats, repeated, articles);
    bars(byId('chart-languages'), counts(metrics, 'newsstage_articles_language_total', 'language'), articles, 10, languageName);
    bars(byId('chart-topics'), counts(metrics, 'newsstage_articles_topic_total', 'topic'), articles, 12, (id) => this.labels[id] || id);
  }

  figures(metrics, articles, copies) {
    const recent = this.points.slice(-5);
    const rate = recent.reduce((total, point) => total + point, 0) / recent.length;
    byId('figure-rate').textContent = recent.length ? (rate < 10 ? rate.toFixed(1) : number(rate)) : '–';
    byId('figure-copies').textContent = articles ? percent(copies / articles) : '–';
    byId('figure-lag').textContent = metrics.has('newsstage_consumer_lag_messages') ? number(sum(metrics, 'newsstage_consumer_lag_messages')) : '–';
    const dead = byId('figure-dead');
    const count = sum(metrics, 'newsstage_dead_letters_total');
    dead.textContent = number(count);
    dead.classList.toggle('attention', count > 0);
  }

  curve() {
    const [width, height] = [240, 56];
    const place = byId('chart-rate');
    const most = Math.max(1, ...this.points);
    const at = (point, index) => {
      const x = width - (this.points.length - 1 - index) * (width / (POINTS - 1));
      return `${x.toFixed(1)},${(height - 2 - (point / most) * (height - 6)).toFixed(1)}`;
    };
    const make = (tag, attributes) => {
      const element = document.createElementNS(SVG, tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      return element;
    };
    const line = this.points.map(at).join(' ');
    const svg = make('svg', { viewBox: `0 0 ${width} ${height}`, class: 'curve', role: 'img', 'aria-label': `Articles a second over the last minutes; most ${most.toFixed(1)}` });
    svg.append(make('line', { x1: 0, x2: width, y1: height - 1, y2: height - 1, class: 'base' }));
    if (this.points.length > 1) {
      const [firstX] = line.split(',');
      svg.append(make('polygon', { points: `${firstX},${height - 1} ${line} ${width},${height - 1}`, class: 'area' }), make('polyline', { points: line, class: 'line' }));
    }
    place.replaceChildren(svg, h('p', { class: 'note' }, this.points.length > 1 ? `most: ${most < 10 ? most.toFixed(1) : number(most)}` : 'measuring …'));
  }

  verdicts(repeats, repeated, articles) {
    const place = byId('chart-verdicts');
    if (!articles) {
      place.replaceChildren(h('p', { class: 'note' }, 'none yet'));
      return;
    }
    const rows = [['unique', Math.max(0, articles - repeated)], ...repeats];
    const track = h('div', { class: 'stack', 'aria-hidden': 'true' });
    const legend = h('ul', { class: 'stack-legend' });
    for (const [status, count] of rows) {
      const part = h('span', { class: `part ${status}` });
      part.style.flexGrow = String(count);
      track.append(part);
      const name = (VERDICTS[status] || { long: status }).long;
      legend.append(h('li', {}, h('span', { class: `part ${status}`, 'aria-hidden': 'true' }), h('span', { class: 'name' }, name), h('span', { class: 'value' }, number(count)), h('span', { class: 'share' }, percent(count / articles))));
    }
    place.replaceChildren(track, legend);
  }
}

function bars(place, rows, all, most, name) {
  if (!rows.length) {
    place.replaceChildren(h('li', { class: 'note' }, 'none yet'));
    return;
  }
  const largest = rows[0][1];
  const items = rows.slice(0, most).map(([key, count]) => {
    const fill = h('span', { class: 'fill' });
    fill.style.inlineSize = `${Math.max(1, Math.round(count / largest * 100))}%`;
    return h('li', {}, h('span', { class: 'name' }, name(key)), h('span', { class: 'value' }, number(count), h('span', { class: 'share' }, percent(count / all))), h('span', { class: 'track', 'aria-hidden': 'true' }, fill));
  });
  if (rows.length > most) items.push(h('li', { class: 'note' }, `and ${rows.length - most} more`));
  place.replaceChildren(...items);
}
