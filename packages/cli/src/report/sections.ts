import { formatSeconds } from '../output/output.ts';
import type { RunResult } from '../run-result.ts';
import { lineChart, mapChart, type ChartLine, type LineChartOptions } from './charts.ts';
import type { Picture, ReportData } from './collect-report.ts';
import { html, raw, type Html } from './html.ts';

/** One decimal: `72.3`. */
const one = (value: number) => value.toFixed(1);
const percent = (value: number | undefined) => (value === undefined ? '–' : `${one(value)} %`);
const rate = (value: number | undefined) => (value === undefined ? '–' : Math.round(value).toLocaleString('en-US'));

/** The big numbers. */
export function cards({ result }: ReportData): Html {
  const card = (value: string, label: string, main = false) =>
    html`<div class="card${main && ' main'}"><b>${value}</b><span>${label}</span></div>`;
  const accuracy = result.knnTrained !== undefined;
  return html`<div class="cards">
    ${accuracy && [card(percent(result.knnTrained), 'kNN, trained encoder', true), card(percent(result.knnUntrained), 'kNN, untrained encoder'), card(percent(result.knnRawPixels), 'kNN, raw pixels')]}
    ${card(result.loss === undefined ? '–' : result.loss.toFixed(3), 'loss at the end', !accuracy)}
    ${card(rate(result.imagesPerSecond), 'images per second')} ${card(formatSeconds(result.seconds), 'of training')}
  </div>`;
}

/** The mean of the points around each point: a tenth of the curve, at most 40 points. */
export function smooth(points: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const half = Math.min(20, Math.floor(points.length / 20));
  return points.map(([x], i) => {
    const around = points.slice(Math.max(0, i - half), i + half + 1);
    return [x, around.reduce((sum, [, y]) => sum + y, 0) / around.length];
  });
}

/** A chart with its heading and, of several lines, their names. */
export async function chart(
  title: string,
  lines: readonly ChartLine[],
  options: Pick<LineChartOptions, 'fromZero' | 'format' | 'xName'> = {},
): Promise<Html> {
  const svg = await lineChart({ lines, title, ...options });
  const legend = lines.filter(({ quiet }) => !quiet);
  return html`<figure>
    <h3>${title}</h3>
    ${legend.length > 1 && html`<div class="legend">${legend.map(({ name, color, dashed }) => html`<span><i class="${dashed === true && 'dash'}" style="--at:${color}"></i>${name}</span>`)}</div>`}
    ${raw(svg)}
  </figure>`;
}

/** Loss, kNN and learning rate over the epochs. */
export async function curves({ metrics, result }: ReportData): Promise<Html> {
  const of = (type: string, key: string): [number, number][] =>
    metrics.flatMap((record) => (record.type === type && typeof record[key] === 'number' ? [[record.epoch, record[key]]] : []));
  const [loss, learningRate, knn] = [of('step', 'loss'), of('step', 'learningRate'), of('knn', 'knn')];
  const charts: Promise<Html>[] = [];
  if (loss.length > 0)
    charts.push(
      chart('Loss', [
        { name: 'each update', points: loss, color: 'var(--accent)', quiet: true },
        { name: 'running mean', points: smooth(loss), color: 'var(--accent)' },
      ]),
    );
  if (knn.length > 0) {
    const last = Math.max(...knn.map(([epoch]) => epoch));
    const level = (value: number | undefined, name: string, color: string): ChartLine[] =>
      value === undefined
        ? []
        : [
            {
              name,
              color,
              dashed: true,
              points: [
                [0, value],
                [last, value],
              ],
            },
          ];
    charts.push(
      chart(
        'kNN accuracy',
        [
          { name: 'encoder', points: knn, color: 'var(--accent)' },
          ...level(result.knnUntrained, 'untrained', 'var(--warm)'),
          ...level(result.knnRawPixels, 'raw pixels', 'var(--calm)'),
        ],
        { format: (value) => `${value} %` },
      ),
    );
  }
  if (learningRate.length > 0)
    charts.push(chart('Learning rate', [{ name: 'rate', points: learningRate, color: 'var(--accent)' }], { fromZero: true }));
  return charts.length === 0
    ? raw('')
    : html`<h2>Training</h2>
        <div class="charts">${await Promise.all(charts)}</div>`;
}

const colorOf = (label: number, count: number) => (count <= 10 ? `var(--c${label})` : `hsl(${Math.round((360 * label) / count)} 65% 52%)`);

/** The map of the embeddings, with what its script needs. */
export async function map({ map: content, classNames, fromTest }: ReportData): Promise<Html> {
  if (!content) return raw('');
  const { points, sprite } = content;
  const hasLabels = points.some(({ label }) => label !== undefined);
  const count = hasLabels ? Math.max(classNames?.length ?? 0, ...points.map(({ label = 0 }) => label + 1)) : 1;
  const colors = Array.from({ length: count }, (_, label) => colorOf(label, count));
  const names = hasLabels ? colors.map((_, label) => classNames?.[label] ?? `class ${label}`) : [];
  const { svg, members } = await mapChart({ points, colors, title: 'Map of the embeddings' });
  const data = JSON.stringify({ members, names, sprite }).replace(/</g, '\\u003c');
  const legend = names.map(
    (name, label) =>
      html`<li>
        <button data-label="${label}" aria-pressed="false"><i style="--at:${colors[label]}"></i>${name}</button>
      </li>`,
  );
  return html`<h2>Map of the embeddings</h2>
    <p class="soft">
      ${points.length} ${fromTest ? 'test' : 'training'} images, laid out by UMAP: images that the encoder finds alike lie together. Point
      at a dot to see its picture. ${hasLabels && ' Colors are the true classes, which training never saw.'}
    </p>
    <div class="map">
      <figure id="map">
        ${raw(svg)}
        <div id="peek" hidden>
          <div class="tile"></div>
          <span></span>
        </div>
      </figure>
      ${
        hasLabels &&
        html`<ul>
          ${legend}
        </ul>`
      }
    </div>
    <script type="application/json" id="map-data">
      ${raw(data)}
    </script>`;
}

/** Images with their nearest neighbors. */
export function neighbors({ neighbors: rows, classNames, fromTest }: ReportData): Html {
  if (rows.length === 0) return raw('');
  const name = (label: number | undefined) => (label === undefined ? undefined : (classNames?.[label] ?? `class ${label}`));
  const picture = ({ uri, label, cosine }: Picture, query: Picture) => {
    const kind = cosine === undefined || label === undefined ? '' : label === query.label ? 'same' : 'other';
    const caption = [name(label), cosine?.toFixed(2)].filter((part) => part !== undefined).join(' ');
    return html`<figure class="${kind}">
      <img src="${uri}" alt="${name(label) ?? 'image'}" loading="lazy" />
      <figcaption title="${caption}">${caption}</figcaption>
    </figure>`;
  };
  const hasLabels = rows.some((row) => row[0]?.label !== undefined);
  return html`<h2>Nearest neighbors</h2>
    <p class="soft">
      On the left ${fromTest ? 'a test image' : 'an image'}; beside it the training images that the encoder finds most like it, with the
      cosine of their features. ${hasLabels && ' Green frames have the same class, orange ones another.'}
    </p>
    <div class="rows">${rows.map((row) => html`<div class="row">${row.map((entry) => picture(entry, row[0]!))}</div>`)}</div>`;
}

/** Names and values; what is not known is left out. */
export const table = (rows: readonly (readonly [string, string | number | undefined])[]) =>
  html`<table>
    ${rows
      .filter(([, value]) => value !== undefined && value !== '–')
      .map(
        ([name, value]) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td>${value}</td>
          </tr>`,
      )}
  </table>`;

function results(result: RunResult, k: { knnK: number; knnTemperature: number }): Html {
  return table([
    [`kNN accuracy of raw pixels`, percent(result.knnRawPixels)],
    ['kNN accuracy before training', percent(result.knnUntrained)],
    ['kNN accuracy after training', percent(result.knnTrained)],
    ['kNN', result.knnTrained === undefined ? undefined : `weighted, k ${k.knnK}, temperature ${k.knnTemperature}`],
    ['Epochs, updates', `${result.epochs}, ${result.steps}${result.stoppedBy === 'time' ? ' (stopped by the time limit)' : ''}`],
    ['Time of training', formatSeconds(result.seconds)],
    ['Images per second, training as a whole', rate(result.imagesPerSecond)],
    ['… reading and decoding alone', rate(result.decodeImagesPerSecond)],
    ['… augmentation alone', rate(result.augmentImagesPerSecond)],
    ['… train step alone', rate(result.trainImagesPerSecond)],
    ['Images for training, for test', `${result.trainImages}, ${result.testImages}`],
    ['Skipped images', result.skipped.length || undefined],
  ]);
}

/** The tables of results, settings and skipped images. */
export function tables({ run, result }: ReportData): Html {
  const settings = Object.entries(run.settings).map(([name, value]): [string, string] => [
    name,
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  ]);
  const { images } = run;
  const numbers = (values: readonly number[]) => values.map((value) => value.toFixed(4)).join(', ');
  return html`<div class="tables">
      <section>
        <h2>Results</h2>
        ${results(result, run.settings)}
      </section>
      <section>
        <h2>Settings</h2>
        ${table([...settings, ['images', `${images.size}×${images.size}×${images.channels}`], ['mean', numbers(images.mean)], ['std', numbers(images.std)], ['backend', run.backend], ['selfsup', run.selfsup], ['checkpoint', `sha256 ${result.checkpoint}`]])}
      </section>
    </div>
    ${
      result.skipped.length > 0 &&
      html`<h2>Skipped images</h2>
        ${table(result.skipped.map(({ path, reason }) => [path, reason]))}`
    }`;
}
