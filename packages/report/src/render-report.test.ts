import { createHash } from 'node:crypto';
import type { ReportData, Section } from '@selfsup/pretrain';
import { describe, expect, it } from 'vitest';
import { renderReport } from './render-report.ts';
import { script } from './script.ts';

const EVIL = `</script><img src=x onerror=alert(1)>"'&`;
const IMAGE = 'data:image/png;base64,iVBORw0KGgo=';
const guesses = [{ token: 'house', probability: 0.4 }, { token: 'garden', probability: 0.2 }]; // prettier-ignore

/** One section of each kind, every text the same. */
const everything = (text: string): readonly Section[] => [
  { kind: 'notice', level: 'warning', title: text, lines: [text] },
  { kind: 'numbers', title: text, numbers: [{ label: text, value: text, main: true }] },
  { kind: 'charts', title: text, text, charts: [{ title: text, xName: text, unit: text, series: [{ name: text, points: [[0, 1], [1, 2]] }, { name: text, points: [[0, 1]], style: 'level' }] }] },
  { kind: 'gallery', title: text, text, rows: [[{ image: IMAGE, caption: text }, { text, caption: text, mark: 'same' }, { image: text, caption: text, mark: 'other' }]] },
  { kind: 'map', title: text, text, points: [{ x: 0, y: 0, label: 0 }, { x: 1, y: 1 }], classNames: [text], items: [{ image: IMAGE, caption: text }, { text, image: text }] },
  { kind: 'matrix', title: text, text, rowName: text, columnName: text, names: [text, text], values: [[1, 2], [0, 3]] },
  { kind: 'gallery', title: text, text, grid: true, rows: [[{ image: IMAGE, caption: text }, { text, caption: text }]] },
  { kind: 'texts', title: text, text, texts: [[text, { truth: text, probability: 0.5, guesses: [{ token: text, probability: 0.5 }], swapped: { token: text, probability: 0.5 } }]] },
  { kind: 'table', title: text, text, columns: [text, text, text], rows: [[text, text, text]] },
]; // prettier-ignore

const page = (sections: readonly Section[], more: Partial<ReportData> = {}) =>
  renderReport({ title: 'A run', summary: 'Ten epochs.', sections, ...more });
/** The elements of the page between title and script. */
const body = async (...sections: Section[]) =>
  /<p class="soft">Ten epochs\.<\/p>\n([\s\S]*)<\/main>/.exec(await page(sections))![1]!.trim();
/** What a reader reads. */
const words = (html: string) => html.replace(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>/g, ' ').replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').trim(); // prettier-ignore

describe('the page', () => {
  it('asks nothing of the network, and forbids it', async () => {
    const html = await page(everything('text'));
    expect(/(src|href)="(?!data:)|@import|url\((?!#)|https?:\/\/(?!www\.w3\.org)/.exec(html)).toBeNull();
    const hash = createHash('sha256').update(script).digest('base64');
    expect(html).toContain(`content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}';`);
    expect(html).toContain(`<script>${script}</script>`);
    expect(html.startsWith('<!doctype html>\n<html lang="en">')).toBe(true);
    expect(html).toContain('name="viewport" content="width=device-width, initial-scale=1"');
    expect(html).toContain('prefers-color-scheme: dark');
  });

  it('shows every text as text, wherever it stands', async () => {
    const html = await page(everything(EVIL), { title: EVIL, summary: EVIL });
    const elements = (text: string) => [...text.matchAll(/<\/?([a-z]+\d?)/gi)].map(([tag]) => tag);
    const x = 'x'.repeat(EVIL.length);
    const harmless = await page(everything(x), { title: x, summary: x });
    expect(elements(html)).toEqual(elements(harmless));
    expect(html).not.toContain('<img src=x');
  });

  it('is the same twice', async () => {
    expect(await page(everything('text'))).toBe(await page(everything('text')));
  });

  it('shades the cells of a matrix by their share of their row', async () => {
    const html = await body({ kind: 'matrix', title: 'Mixed up', rowName: 'true class', columnName: 'given class', names: ['cat', 'dog'], values: [[6, 2], [0, 5]] }); // prettier-ignore
    const cells = [...html.matchAll(/<td class="(\w+)" style="--share:([\d.]+)" title="([^"]*)">(\d+)</g)].map((match) => match.slice(1));
    expect(cells).toEqual([
      ['right', '0.750', 'true class cat, given class cat: 6', '6'],
      ['wrong', '0.250', 'true class cat, given class dog: 2', '2'],
      ['none', '0.000', 'true class dog, given class cat: 0', '0'],
      ['right', '1.000', 'true class dog, given class dog: 5', '5'],
    ]);
    const odd = { kind: 'matrix', title: 'x', rowName: 'a', columnName: 'b', names: ['cat', 'dog'], values: [[1]] } as const;
    await expect(page([odd])).rejects.toThrow('`values` must be 2 rows of 2 numbers, one for each of `names`');
    expect(await body({ ...odd, values: [[0, 0], [0, 0]] })).toBe(''); // prettier-ignore
  });

  it('compares nothing in a gallery that is a grid', async () => {
    const html = await body({ kind: 'gallery', title: 'x', grid: true, rows: [[{ image: IMAGE }, { image: IMAGE }]] });
    expect(html).toContain('<div class="rows grid">');
    expect(html).not.toContain('query');
  });

  it('leaves out sections with nothing in them', async () => {
    const empty: Section[] = [
      { kind: 'numbers', numbers: [] },
      { kind: 'notice', level: 'info', lines: [] },
      { kind: 'charts', title: 'a', charts: [{ title: 'b', series: [] }, { title: 'c', series: [{ name: 'd', points: [] }] }] },
      { kind: 'gallery', title: 'a', rows: [[]] },
      { kind: 'map', title: 'a', points: [{ x: NaN, y: 0 }] },
      { kind: 'texts', title: 'a', texts: [[]] },
      { kind: 'table', title: 'a', columns: ['b'], rows: [] },
    ]; // prettier-ignore
    expect(await body(...empty)).toBe('');
    expect(words(await page([], { summary: '' }))).toBe('A run · selfsup A run');
  });

  it('names a section that cannot be drawn', async () => {
    const bad = (section: unknown) => page([{ kind: 'numbers', numbers: [] }, section as Section]);
    await expect(bad({ kind: 'grpah', title: 'Sizes' })).rejects.toMatchObject({
      code: 'SELFSUP_OPTION',
      message:
        'renderReport: section 2 ("Sizes"): `kind` must be one of numbers, notice, charts, gallery, map, matrix, texts, table, got "grpah"',
    });
    await expect(bad({ kind: 'table', title: 'Sizes' })).rejects.toThrow(
      'renderReport: section 2 ("Sizes") of kind table cannot be drawn: ',
    );
  });
});

describe('numbers and notices', () => {
  it('lists numbers with their names', async () => {
    const numbers = [{ label: 'kNN accuracy', value: '63.7 %', main: true }, { label: 'loss', value: '4.2' }]; // prettier-ignore
    expect(await body({ kind: 'numbers', title: 'Reached', numbers })).toBe(
      '<section><h2>Reached</h2><dl class="cards"><div class="card main"><dt>kNN accuracy</dt><dd>63.7 %</dd></div><div class="card"><dt>loss</dt><dd>4.2</dd></div></dl></section>',
    );
  });

  it.each([
    ['good', 'Good: Learned It beats raw pixels.'],
    ['info', 'Note: Learned It beats raw pixels.'],
    ['warning', 'Warning: Learned It beats raw pixels.'],
  ] as const)('says the level %s in a word, too', async (level, text) => {
    const html = await body({ kind: 'notice', level, title: 'Learned', lines: ['It beats raw pixels.'] });
    expect(html).toContain(`<section class="notice ${level}">`);
    expect(words(html.replace(/<span class="sign"[^>]*>.<\/span>/, ''))).toBe(text);
  });
});

describe('charts', () => {
  it('has a legend where there are several lines, dashes included', async () => {
    const series = [
      { name: 'each update', points: [[0, 1], [1, 2]], style: 'faint' },
      { name: 'running mean', points: [[0, 1], [1, 2]] },
      { name: 'a level', points: [[0, 1]], style: 'level' },
    ] as const; // prettier-ignore
    const html = await body({
      kind: 'charts',
      title: 'Training',
      charts: [
        { title: 'Loss', series },
        { title: 'Rate', series: series.slice(1, 2) },
      ],
    });
    expect(html.match(/<ul class="legend">.*?<\/ul>/g)).toEqual([
      '<ul class="legend"><li><i style="--at:var(--accent)"></i>running mean</li><li><i style="--at:var(--calm);--on:5px;--off:9px"></i>a level</li></ul>',
    ]);
    expect(html.match(/<svg role="img"/g)).toHaveLength(2);
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('says where no value is finite', async () => {
    const html = await body({
      kind: 'charts',
      title: 'Training',
      charts: [{ title: 'Loss', series: [{ name: 'loss', points: [[0, NaN]] }] }],
    });
    expect(words(html)).toBe('Training Loss None of the values is a finite number.');
  });
});

describe('gallery', () => {
  it('sets the first of a row apart and marks the others by frame, sign and word', async () => {
    const html = await body({ kind: 'gallery', title: 'Neighbors', rows: [[{ image: IMAGE, caption: 'cat', mark: 'same' }, { image: IMAGE, caption: 'cat 0.9', mark: 'same' }, { image: IMAGE, caption: 'dog 0.8', mark: 'other' }, { image: IMAGE }]] }); // prettier-ignore
    expect([...html.matchAll(/<figure class="([^"]*)"/g)].map(([, name]) => name)).toEqual([
      'item query',
      'item same',
      'item other',
      'item',
    ]);
    expect(words(html)).toBe(
      'Neighbors ✓ same as the first of its row ✕ different from the first of its row cat ✓ same: cat 0.9 ✕ different: dog 0.8',
    );
    expect(html).toContain(`<img src="${IMAGE}" alt="picture">`); // the one without a caption
    expect(html).toContain(`<img src="${IMAGE}" alt="">`);
  });

  it('shows texts, and says why a picture is not there', async () => {
    const html = await body({ kind: 'gallery', title: 'Neighbors', rows: [[{ text: 'What is <love>?' }], [{ image: 'https://example.com/x.png' }], [{}]] }); // prettier-ignore
    expect(html).toContain('<blockquote dir="auto">What is &lt;love&gt;?</blockquote>');
    expect(words(html)).toContain('left out: the picture is not a data: URI of an image no picture');
    expect(html).not.toContain('same as the first');
  });
});

describe('map', () => {
  const points = [{ x: 0, y: 0, label: 1 }, { x: NaN, y: 1, label: 1 }, { x: 1, y: 5, label: 0 }, { x: 2, y: 3, label: 1 }, { x: 3, y: 3, label: -1 }]; // prettier-ignore

  it('has a button for each class, and data that lead from a dot to its item', async () => {
    const items = points.map((_, i) => ({ text: `text ${i}`, caption: `caption ${i}` }));
    const html = await body({ kind: 'map', title: 'Map', points, classNames: ['cat'], items });
    expect([...html.matchAll(/<button [^>]*data-group="(\d)"[^>]*>.*?<\/button>/g)].map(([button]) => words(button))).toEqual(['cat 1 point', 'class 1 2 points', 'no class 1 point']); // prettier-ignore
    const data = JSON.parse(/<script type="application\/json">(.*?)<\/script>/.exec(html)![1]!) as Record<string, unknown>;
    expect(data).toMatchObject({ members: [[2], [0, 3], [4]], names: ['cat', 'class 1', 'no class'], items });
    expect([...html.matchAll(/ecmeta_series_index="(\d)" ecmeta_data_index="(\d)"/g)].map(([, group, at]) => `${group}.${at}`)).toEqual(['0.0', '1.0', '1.1', '2.0']); // prettier-ignore
    expect(html).toMatch(
      /<div class="dots" tabindex="0" role="application" aria-roledescription="map" aria-label="Map: 4 points in 3 groups\./,
    );
  });

  it('keeps pictures that would have to be loaded out of its data', async () => {
    const items = [{ image: 'https://example.com/x.png', caption: 'a' }, { image: IMAGE }];
    const html = await body({ kind: 'map', title: 'Map', points: [{ x: 1, y: 1 }, { x: 2, y: 2 }], items }); // prettier-ignore
    expect(html).not.toContain('example.com');
    expect(html).toContain(IMAGE);
    expect(html).not.toContain('<button');
    expect(html).toContain('aria-label="Map: 2 points.');
  });

  it('speaks of one point in the singular, and is no stop for the keyboard where there is nothing to see', async () => {
    const html = await body({ kind: 'map', title: 'Map', points: [{ x: 1, y: 1 }] });
    expect(html).toContain('aria-label="Map: 1 point"');
    expect(html).not.toContain('tabindex');
  });

  it('has a color for each of many classes', async () => {
    const many = Array.from({ length: 30 }, (_, label) => ({ x: label, y: 1, label }));
    const html = await body({ kind: 'map', title: 'Map', points: many });
    expect(new Set([...html.matchAll(/<i style="--at:([^"]+)"/g)].map(([, color]) => color)).size).toBe(30);
  });
});

describe('texts', () => {
  it('marks the places, keeps white space, and lists the guesses with the true one marked', async () => {
    const html = await body({ kind: 'texts', title: 'Guessed', texts: [['the ', { truth: 'garden', probability: 0.2, guesses }, '  and\nthe ', { truth: 'fox', probability: 0.00123, guesses: [], swapped: { token: 'house', probability: 0.625 } }, '.']] }); // prettier-ignore
    expect(html).toContain('<p dir="auto">the <mark>garden</mark>  and\nthe <mark>fox</mark>.</p>');
    expect(html).toContain('<h3 dir="auto">fox <small>0.12\u00a0%</small></h3>');
    expect(html).toContain('<li class="right"><i style="width:50%"></i><span>garden <b aria-hidden="true">✓</b><span class="hidden"> right</span></span><small>20\u00a0%</small></li>'); // prettier-ignore
    expect(html).toContain('“house” in its place: replaced, 63\u00a0%');
  });

  it('makes white space visible, and copes with numbers that say nothing', async () => {
    const html = await body({ kind: 'texts', title: 'Guessed', texts: [[{ truth: '\n ', probability: NaN, guesses: [{ token: 'a', probability: 0 }, { token: 'b', probability: 1e-9 }] }]] }); // prettier-ignore
    expect(html).toContain('<mark>⏎␣</mark>');
    expect(words(html)).toBe('Guessed ⏎␣ ⏎␣ a 0\u00a0% b &lt;\u00a00.0001\u00a0%'.replaceAll('\u00a0', ' '));
    expect(html).not.toContain('NaN');
  });
});

describe('table', () => {
  it('has row headers in its first column and fills short rows', async () => {
    const html = await body({ kind: 'table', title: 'Accuracy', columns: ['labels', 'pretrained', 'scratch'], rows: [['10', '50 %'], ['100', '70 %', '40 %']] }); // prettier-ignore
    expect(html).toContain(
      '<thead><tr><th scope="col">labels</th><th scope="col">pretrained</th><th scope="col">scratch</th></tr></thead>',
    );
    expect(html).toContain(
      '<tbody><tr><th scope="row">10</th><td>50 %</td><td></td></tr><tr><th scope="row">100</th><td>70 %</td><td>40 %</td></tr></tbody>',
    );
  });

  it('puts narrow tables that follow each other side by side', async () => {
    const narrow = (title: string): Section => ({ kind: 'table', title, rows: [['a', 'b']] });
    const wide: Section = { kind: 'table', title: 'wide', rows: [['a', 'b', 'c']] };
    const html = await body(narrow('one'), { kind: 'table', title: 'empty', rows: [] }, narrow('two'), wide, narrow('three'));
    const groups = html.split('<div class="tables">').slice(1).map((group) => [...group.split('class="wide')[0]!.matchAll(/<h2>(\w+)/g)].map(([, title]) => title)); // prettier-ignore
    expect(groups).toEqual([['one', 'two'], ['three']]);
  });
});
