// The stage that the page looks at: `newsstage demo --live` with articles from a file.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a hostile publisher would try. */
export const SCRIPT = '<script>document.title="owned";window.owned=1</script><img src=x onerror="window.owned=1">&amp; "quoted"';

/** The articles: hostile ones, an Arabic page of an aggregator, then those of the demo. */
export function articles() {
  const page = readFileSync('tests/fixtures/pages/aggregator_ar.txt', 'utf8');
  const paragraphs = [
    'The ferry between the harbour and the outer islands will stop running at the end of the month, the port authority said on Thursday, after inspectors found cracks in the hull of its only ship.',
    'About nine hundred people live on the islands all year round. They depend on the ship for food, mail and the doctor, who comes twice a week, and the mayor of the largest village called the decision a catastrophe.',
    'A replacement has been promised by the ministry of transport, but the shipyard that is to build it went bankrupt in spring and no other yard has taken the order.',
    'Until then the navy will bring supplies with a landing craft when the weather allows it. Fishermen have offered to carry passengers, which the law forbids.',
  ];
  const story = paragraphs.join('\n\n');
  const near = ['Islanders are packing their bags.', paragraphs[0].replace('said on Thursday', 'announced late on Thursday'), paragraphs[1].replace('a catastrophe', 'a disaster for everybody'), paragraphs[2], 'Our reporter met a family that has lived there for six generations and does not want to leave.'].join('\n\n');
  const copies = [
    { id: 'ferry-1', title: 'Islands lose their only ferry', text: story, sitename: 'Harbour Herald', url: 'https://herald.example/ferry' },
    { id: 'ferry-2', title: 'Cracked hull strands nine hundred islanders', text: near, sitename: 'Coast Today', url: 'https://coast.example/a/77' },
    { id: 'ferry-3', title: 'Islands lose their only ferry', text: story, sitename: 'Morning Wire', url: 'https://wire.example/2/ferry' },
  ];
  const bundled = readFileSync('src/cli/demo/articles.ndjson', 'utf8').split('\n').filter((line) => line.trim());
  const own = [
    { id: 'hostile-title', title: SCRIPT, text: `${SCRIPT} The army and its troops fired rockets at the border, the ministry of defence said.`, sitename: SCRIPT, url: 'https://hostile.example/%3Cscript%3E' },
    { id: 'hostile-address', title: 'Minister resigns after vote', text: 'The minister resigned on Tuesday after parliament voted against the budget of the government.', url: 'javascript:alert(1)' },
    { id: 'hostile-direction', title: 'abc \u202e gnihton \u2066 x', text: 'Parliament met. '.repeat(5) },
    { id: 'aggregator-ar', text: page, url: 'https://aggregator.example/ar/1' },
  ];
  return [...own.map((article) => JSON.stringify(article)), ...bundled, ...copies.map((article) => JSON.stringify(article))];
}

/** Starts it, and waits until it says where the page is. */
export async function start({ lines, pace, port = 0 }) {
  const folder = mkdtempSync(join(tmpdir(), 'newsstage-live-'));
  const file = join(folder, 'articles.ndjson');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const child = spawn(process.env.STAGE, ['demo', '--live', `127.0.0.1:${port}`, '--articles', file, '--pace', pace], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const url = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the stage does not start: ${said}`)), 60_000);
    const read = (bytes) => {
      said += bytes;
      const found = /http:\/\/127\.0\.0\.1:\d+\/live/.exec(said);
      if (found) {
        clearTimeout(timer);
        resolve(found[0]);
      }
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', (code) => reject(new Error(`the stage ended with ${code}: ${said}`)));
  });
  const ended = new Promise((resolve) => { child.on('exit', resolve); });
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  process.on('exit', () => child.kill('SIGKILL'));
  return { url, port: Number(new URL(url).port), stop, said: () => said };
}
