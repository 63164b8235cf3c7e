// The checks. `--shots FOLDER` also keeps pictures of the page.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { SCRIPT, articles, start } from './stage.mjs';

const require = createRequire(join(process.env.TOOLS, 'node_modules', '/'));
const { chromium } = require('playwright-core');
const axe = require.resolve('axe-core/axe.min.js');

const shots = process.argv[2] === '--shots' ? process.argv[3] : null;
const WAIT = { timeout: 60_000 };
let [passed, failed] = [0, 0];

async function check(name, test) {
  try {
    await test();
    passed += 1;
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}: ${String(error.message || error).split('\n').slice(0, 6).join(' | ')}`);
  }
}

const lines = articles();
let stage = await start({ lines, pace: '60ms' });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'light', reducedMotion: 'reduce' });
const page = await context.newPage();
const trouble = [];
const asked = [];
page.on('console', (message) => { if (message.type() === 'error') trouble.push(message.text()); });
page.on('pageerror', (error) => trouble.push(String(error)));
page.on('request', (request) => asked.push(request.url()));
await page.addInitScript(() => {
  window.violations = [];
  document.addEventListener('securitypolicyviolation', (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
  // How each cluster grew.
  window.grown = {};
  new MutationObserver(() => {
    for (const story of document.querySelectorAll('.story')) {
      const sizes = window.grown[story.dataset.cluster] ||= [];
      if (sizes.at(-1) !== story.dataset.members) sizes.push(story.dataset.members);
    }
  }).observe(document, { childList: true, subtree: true });
});

const card = (id) => page.locator(`.card[data-id="${id}"]`);
const styles = (locator, name) => locator.evaluate((element, property) => getComputedStyle(element)[property], name);
const shot = async (name, options = {}) => { if (shots) await page.screenshot({ path: join(shots, `${name}.png`), ...options }); };

/** Contrast of a text with what is behind it, by WCAG 2. */
const contrast = (locator) => locator.evaluate((element) => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const behind = [];
  for (let at = element; at; at = at.parentElement) behind.unshift(rgba(getComputedStyle(at).backgroundColor));
  const over = (base, [r, g, b, a]) => [r, g, b].map((value, i) => value * (a / 255) + base[i] * (1 - a / 255));
  const back = behind.reduce(over, [255, 255, 255]);
  const front = over(back, rgba(getComputedStyle(element).color));
  const light = (color) => color.map((value) => value / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
  return (a + 0.05) / (b + 0.05);
});

async function isReadable() {
  for (const selector of ['.card h3', '.excerpt p', '.meta', 'mark', '.tag.language', '.tag.near, .tag.exact', '.coverage', '.topic', '.terms', '.story h3', '.common blockquote', '.how.near, .how.exact', '.figures dt', '.legend', '.bars .value', '.note', '.more summary']) {
    const place = page.locator(selector).first();
    if (await place.count() === 0) assert.fail(`no ${selector}`);
    const ratio = await contrast(place);
    assert.ok(ratio >= 4.5, `${selector} has a contrast of ${ratio.toFixed(2)}`);
  }
}

const overflow = () => page.evaluate(() => {
  const wide = [...document.querySelectorAll('body *')].filter((e) => e.checkVisibility() && !e.classList.contains('skip') && !e.closest('.quiet')
    && (e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1));
  return { scroll: document.documentElement.scrollWidth, inner: innerWidth, wide: wide.slice(0, 3).map((e) => `${e.tagName}.${e.className}`) };
});

await page.goto(stage.url);

await check('articles appear as they pass', async () => {
  await page.locator('.card').first().waitFor(WAIT);
  await page.locator('.link[data-state="on"]').waitFor(WAIT);
  const before = await page.locator('.card').count();
  await page.waitForFunction((count) => document.querySelectorAll('.card').length > count + 5, before, WAIT);
});

await check('a cluster grows, with its members in order', async () => {
  await page.waitForFunction(() => Object.values(window.grown).some((sizes) => sizes.length >= 2), null, WAIT);
  const story = page.locator('.story').filter({ has: page.locator('.member:nth-child(3)') }).first();
  await story.waitFor(WAIT);
  assert.ok(await story.locator('.member').count() >= 3);
  assert.match(await story.locator('.member').first().textContent(), /First seen/);
});

await check('all articles pass and the figures agree', async () => {
  // Those that stay out are dead letters: five lines that are broken on purpose.
  await page.waitForFunction((count) => Number(document.querySelector('#figure-dead').textContent) >= 5
    && document.querySelectorAll('.card').length >= Math.min(100, count), lines.length - 5, WAIT);
  const chart = page.locator('#chart-languages li').first();
  assert.match(await chart.textContent(), /\p{L}+.*\d/u);
  assert.ok(await page.locator('#chart-topics li').count() > 5);
  assert.ok(!(await page.locator('#chart-topics').textContent()).includes('medtop:'), 'topics by name');
  assert.match(await page.locator('#figure-copies').textContent(), /^\d+ %$/);
  assert.ok(await page.locator('.stack .part').count() >= 3);
});
await shot('wide-light');

await check('markup in an article is inert text', async () => {
  const hostile = card('hostile-title');
  assert.equal(await hostile.locator('h3').textContent(), SCRIPT);
  assert.equal(await page.evaluate(() => window.owned), undefined);
  assert.equal(await page.title(), 'newsstage live');
  assert.equal(await page.locator('main script, main img, main iframe').count(), 0);
});

await check('an address of another kind is no link', async () => {
  await card('hostile-address').locator('summary').click();
  assert.equal(await card('hostile-address').locator('a').count(), 0);
  await card('hostile-title').locator('summary').click();
  for (const link of await page.locator('main a').all()) {
    assert.match(await link.getAttribute('href'), /^https?:/);
    assert.match(await link.getAttribute('rel'), /noopener noreferrer/);
  }
  await card('hostile-address').locator('summary').click();
  await card('hostile-title').locator('summary').click();
});

await check('scripts cannot make markup of text', async () => {
  const thrown = await page.evaluate(() => { try { document.createElement('p').innerHTML = '<b>x</b>'; return 'nothing'; } catch (error) { return error.name; } });
  assert.equal(thrown, 'TypeError');
  await page.evaluate(() => { window.violations = window.violations.filter((text) => !text.startsWith('require-trusted-types-for')); });
  trouble.splice(0, trouble.length, ...trouble.filter((text) => !text.includes('TrustedHTML')));
});

await check('an Arabic page runs from right to left, an English one from left to right', async () => {
  const arabic = card('aggregator-ar');
  for (const part of ['h3', '.excerpt p']) {
    const place = arabic.locator(part).first();
    assert.equal(await styles(place, 'direction'), 'rtl', part);
    assert.equal(await place.getAttribute('lang'), 'ar', part);
  }
  const english = page.locator('.card h3[lang="en"]').first();
  assert.equal(await styles(english, 'direction'), 'ltr');
  // Its text begins at the right edge.
  const gap = await arabic.locator('h3').evaluate((title) => {
    const range = document.createRange();
    range.selectNodeContents(title);
    return title.getBoundingClientRect().right - Math.max(...[...range.getClientRects()].map((rect) => rect.right));
  });
  assert.ok(gap < 4, `${gap} px at the right`);
});

await check('direction marks in a title stay inside it', async () => {
  const meta = card('hostile-direction').locator('.tag.verdict');
  assert.equal(await styles(meta, 'direction'), 'ltr');
  assert.equal(await styles(card('hostile-direction').locator('h3'), 'unicodeBidi'), 'plaintext');
});

await check('characters that turn the direction are shown, not obeyed', async () => {
  const title = await card('hostile-direction').locator('h3').textContent();
  assert.ok(title.includes('\\u{202e}'), title);
  assert.doesNotMatch(title, /[\u202a-\u202e\u2066-\u2069]/u);
});

await check('a new version names the one before it', async () => {
  const version = page.locator('.card.update[data-id="demo-id-002"]').first();
  assert.match(await version.locator('.reason.copy').textContent(), /New version of Harga cabai naik dua kali lipat/);
});

await check('choices can be read, and a list of words begins with a word', async () => {
  for (const width of [320, 390, 900, 1024, 1300, 1440, 1900]) {
    await page.setViewportSize({ width, height: 900 });
    const cut = await page.evaluate(() => [...document.querySelectorAll('.filter select')].filter((select) => {
      const text = document.createElement('span');
      text.style.cssText = `position:absolute;white-space:nowrap;font:${getComputedStyle(select).font}`;
      text.textContent = select.options[0].textContent;
      document.body.append(text);
      const needed = text.getBoundingClientRect().width;
      text.remove();
      const style = getComputedStyle(select);
      // The arrow takes about its height.
      return needed > select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - 16;
    }).map((select) => select.id));
    assert.deepEqual(cut, [], `${width} px`);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
  const terms = card('aggregator-ar').locator('.terms').first();
  assert.equal(await styles(terms, 'direction'), 'rtl');
  const before = await terms.locator('li').evaluateAll((items) => items.map((item) => getComputedStyle(item, '::before').content));
  assert.ok(before.every((content) => content === 'none'), before.join());
});

await check('topics show their evidence, in the text and in words', async () => {
  const arabic = card('aggregator-ar');
  const topics = await arabic.locator('.topic').allTextContents();
  assert.ok(topics.some((topic) => topic.includes('conflict')), topics.join());
  assert.ok(!topics.some((topic) => /sport|culture/.test(topic)), topics.join());
  const mark = arabic.locator('h3 mark, .excerpt mark').first();
  assert.match(await styles(mark, 'backgroundImage'), /gradient/);
  assert.match(await mark.getAttribute('title'), /evidence of/);
  const terms = await arabic.locator('.terms bdi').allTextContents();
  assert.ok(terms.length >= 2 && terms.every((term) => /^[\p{Script=Arabic}\s]+$/u.test(term)), terms.join());
});

await check('one topic can be looked at alone', async () => {
  // The army of its first paragraph is war and no politics.
  const many = card('aggregator-ar');
  const topic = many.locator('.topic', { hasText: 'politics' });
  await topic.click();
  assert.equal(await topic.getAttribute('aria-pressed'), 'true');
  assert.ok(await many.locator('mark.faded').count() > 0);
  await topic.click();
  assert.equal(await many.locator('mark.faded').count(), 0);
  await topic.blur();
});

await check('what was set aside is told from the story', async () => {
  const arabic = card('aggregator-ar');
  await arabic.locator('summary').click();
  await arabic.locator('.aside .kind').first().waitFor();
  const kinds = await arabic.locator('.aside .kind').allTextContents();
  for (const kind of ['Keyword cloud', 'Another article', 'Embedded post', 'Headlines of others']) assert.ok(kinds.includes(kind), kinds.join());
  assert.equal(await arabic.locator('.aside mark').count(), 0);
  assert.match(await arabic.locator('.facts').textContent(), /Arabic \d+ %/);
  await arabic.scrollIntoViewIfNeeded();
  await shot('arabic-open');
  await arabic.locator('summary').click();
});

await check('a near copy says of what, how much, and shows the passages', async () => {
  const near = page.locator('.card.near').first();
  assert.match(await near.locator('.reason.copy').textContent(), /Near copy of.*\d+ % of this story is in the earlier one.*\d+ % of the earlier one is in this/);
  assert.ok(await near.locator('.shared').count() > 0);
  await near.scrollIntoViewIfNeeded();
  await shot('near-copy');
  const exact = page.locator('.card.exact').first();
  assert.match(await exact.locator('.reason.copy').textContent(), /Same text as/);
});

await check('a story shows the passage its copies share', async () => {
  const quote = page.locator('.story blockquote').first();
  assert.ok((await quote.textContent()).length > 40);
  const arabic = page.locator('.story blockquote[lang="ar"]').first();
  assert.equal(await styles(arabic, 'direction'), 'rtl');
});

await check('who quotes a story is no copy of it', async () => {
  await card('demo-en-016').locator('.tag.partial').waitFor(WAIT);
  assert.equal(await page.locator('.story[data-cluster="demo-en-016"]').count(), 0);
});

await check('filters choose by language, topic, verdict and words', async () => {
  const count = () => page.locator('.card').count();
  const all = await count();
  await page.selectOption('#filter-language', 'ar');
  const arabic = await count();
  assert.ok(arabic > 0 && arabic < all);
  assert.equal(await page.locator('.card h3:not([lang="ar"])').count(), 0);
  await page.selectOption('#filter-verdict', 'exact');
  assert.ok(await count() < arabic);
  await page.click('#filter-clear');
  assert.equal(await count(), all);
  await page.fill('#filter-text', 'minister resigns');
  assert.equal(await count(), 1);
  // As stored queries fold: case, accents, vowel signs, variants of Arabic letters.
  for (const [text, id] of [['Mínister RESIGNS', 'hostile-address'], ['اتفاقاً أوّليا علي وقف إطلاق', 'demo-ar-001']]) {
    await page.fill('#filter-text', text);
    assert.ok(await card(id).count() > 0, text);
  }
  await page.fill('#filter-text', 'no such words anywhere');
  assert.match(await page.locator('#empty').textContent(), /No article passes/);
  await page.click('#filter-clear');
  assert.equal(await count(), all);
});

await check('it works from the keyboard', async () => {
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  assert.equal(await page.evaluate(() => [...document.querySelectorAll('.card')].indexOf(document.activeElement)), 1);
  await page.keyboard.press('o');
  assert.equal(await page.locator('.card').nth(1).locator('details.more').getAttribute('open'), '');
  await page.keyboard.press('o');
  await page.keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'filter-text');
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('p');
  assert.equal(await page.getAttribute('#pause', 'aria-pressed'), 'true');
  await page.keyboard.press('p');
  assert.equal(await page.getAttribute('#pause', 'aria-pressed'), 'false');
});

await check('texts are readable in light', isReadable);
await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
await check('dark mode is dark, and readable', async () => {
  const background = await styles(page.locator('html'), 'backgroundColor');
  assert.ok(background.match(/\d+/g).every((value) => Number(value) < 60), background);
  await isReadable();
});
await page.evaluate(() => window.scrollTo(0, 0));
await shot('wide-dark');

for (const width of [320, 390, 768, 1024, 1440, 2200]) {
  await check(`nothing sticks out at ${width} px`, async () => {
    await page.setViewportSize({ width, height: 844 });
    const views = width < 832 ? ['articles', 'stories', 'charts'] : ['articles'];
    for (const view of views) {
      if (width < 832) await page.click(`.views [data-view="${view}"]`);
      const found = await overflow();
      assert.ok(found.scroll <= found.inner && found.wide.length === 0, `${view}: ${JSON.stringify(found)}`);
      if (width === 390) await shot(`narrow-dark-${view}`);
    }
    if (width < 832) await page.click('.views [data-view="articles"]');
  });
}
await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
await page.setViewportSize({ width: 390, height: 844 });
for (const view of ['stories', 'charts', 'articles']) {
  await page.click(`.views [data-view="${view}"]`);
  await shot(`narrow-light-${view}`);
}
await page.setViewportSize({ width: 1024, height: 800 });
await shot('middle-light');
await page.setViewportSize({ width: 1440, height: 900 });

await check('people and their screen readers find their way (axe)', async () => {
  const open = await browser.newContext({ bypassCSP: true, viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  const other = await open.newPage();
  await other.goto(stage.url);
  await other.locator('.story').first().waitFor(WAIT);
  await other.addScriptTag({ path: axe });
  const { violations } = await other.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }));
  await open.close();
  assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes[0].target} ${v.nodes.length}`), []);
});

await check('only this address was asked, and nothing was refused', async () => {
  const foreign = asked.filter((url) => !url.startsWith(`http://127.0.0.1:${stage.port}/`));
  assert.deepEqual(foreign, []);
  assert.deepEqual(await page.evaluate(() => window.violations), []);
  assert.deepEqual(trouble, []);
});

await check('a pause holds the list, and the page survives a restart of the stage', async () => {
  const { port } = stage;
  await page.click('#pause');
  const before = await page.locator('.card').count();
  await stage.stop();
  await page.locator('.link[data-state="off"]').waitFor(WAIT);
  const more = Array.from({ length: 4 }, (_, n) => JSON.stringify({ id: `new-${n}`, title: `Harbour number ${n} opens`, text: `The ferry to island ${n} sails again after the storm of the week, the council of the harbour said.` }));
  stage = await start({ lines: more, pace: '10ms', port });
  await page.locator('.link[data-state="on"]').waitFor(WAIT);
  await page.locator('#waiting', { hasText: '4 new articles' }).waitFor(WAIT);
  assert.equal(await page.locator('.card').count(), before);
  assert.equal(await card('new-3').count(), 0);
  await page.click('#pause');
  await card('new-3').waitFor(WAIT);
  assert.equal(await page.locator('#waiting').isVisible(), false);
});

await browser.close();
await stage.stop();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
