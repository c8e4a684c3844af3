import { formatSeconds } from '../output/output.ts';
import type { FilledPlace, FilledText } from '../text/fill-in-examples.ts';
import { textTasks } from '../text/registry-text-tasks.ts';
import type { ChartLine } from './charts.ts';
import { html, raw, type Html } from './html.ts';
import { labelCurve } from './label-curve.ts';
import { chart, smooth, table } from './sections.ts';
import type { TextReportData } from './text-report-data.ts';

type Points = [number, number][];

const whole = (value: number | undefined) => (value === undefined ? undefined : Math.round(value).toLocaleString('en-US'));
const nats = (value: number | undefined) => (value === undefined ? undefined : `${value.toFixed(4)} nats`);
/** Two digits that mean something: `33 %`, `0.47 %`. */
const percent = (share: number) => `${Number((100 * share).toPrecision(2))} %`;

/** `0`, `0.01`, `3e-4`. */
const short = (value: number) => (value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value));

/** The big numbers. */
export function textCards({ result }: TextReportData): Html {
  const card = (value: string | undefined, label: string, main = false) =>
    value !== undefined && html`<div class="card${main && ' main'}"><b>${value}</b><span>${label}</span></div>`;
  const measured = result.heldOutLoss !== undefined;
  return html`<div class="cards">
    ${card(result.heldOutLoss?.toFixed(3), 'held-out loss, nats per token', true)}
    ${card(result.unigramEntropy?.toFixed(3), 'unigram entropy of the same tokens')}
    ${card(result.heldOutLoss === undefined ? undefined : Math.exp(result.heldOutLoss).toFixed(0), 'perplexity on held-out text')}
    ${!measured && card(result.loss?.toFixed(3), 'training loss, last epoch', true)}
    ${card(whole(result.tokensPerSecond), 'tokens per second')} ${card(formatSeconds(result.seconds), 'of training')}
  </div>`;
}

/** Tokens per second between updates, over stretches of a hundredth of the run, so that a pause does not hide the rest. */
function throughput({ metrics, run }: TextReportData): Points {
  const steps = metrics.filter(({ type }) => type === 'step');
  const { batchSize, accumulate, length } = run.settings;
  const stride = Math.max(1, Math.floor(steps.length / 100));
  const points: Points = [];
  for (let i = stride; i < steps.length; i += stride) {
    const [before, now] = [steps[i - stride]!, steps[i]!];
    const seconds = now.seconds - before.seconds;
    if (seconds > 0) points.push([now.step, Math.round(((now.step - before.step) * batchSize * accumulate * length) / seconds)]);
  }
  return points;
}

/** Names of accuracies by the metric. */
const ACCURACIES: Readonly<Record<string, string>> = {
  accuracy: 'predicted tokens',
  generatorAccuracy: 'generator, predicted tokens',
  discriminatorAccuracy: 'discriminator, all tokens',
  replacedRecall: 'replaced tokens found',
  nextSentenceAccuracy: 'next sentence',
};
const COLORS = ['var(--accent)', 'var(--warm)', 'var(--c2)', 'var(--c4)', 'var(--calm)'];

/** Loss, accuracy, learning rate and speed over the updates. */
export async function textCurves(data: TextReportData): Promise<Html> {
  const { metrics, run, result } = data;
  const of = (type: string, key: string): Points =>
    metrics.flatMap((record) => (record.type === type && typeof record[key] === 'number' ? [[record.step, record[key]]] : []));
  const loss = of('step', textTasks.get(run.settings.task).tokenLoss ?? 'loss');
  const heldOut = of('held-out', 'heldOutLoss');
  const last = Math.max(0, ...metrics.map(({ step }) => step));
  const level = (value: number | undefined, name: string, color: string): ChartLine[] =>
    value === undefined || last === 0 ? [] : [{ name, color, dashed: true, points: [[0, value], [last, value]] }]; // prettier-ignore
  const xName = 'updates';
  const charts: Promise<Html>[] = [];
  if (loss.length > 0)
    charts.push(
      chart(
        'Loss of predicted tokens, nats',
        [
          { name: 'each update', points: loss, color: 'var(--accent)', quiet: true },
          { name: 'training, running mean', points: smooth(loss), color: 'var(--accent)' },
          ...(heldOut.length > 0 ? [{ name: 'held out', points: heldOut, color: 'var(--c2)' }] : []),
          ...level(result.unigramLoss, 'unigrams of the training text', 'var(--calm)'),
          ...level(result.unigramEntropy, 'unigram entropy', 'var(--warm)'),
        ],
        { xName },
      ),
    );
  const accuracies = Object.entries(ACCURACIES).flatMap(([key, name]) => {
    const points = of('step', key).map(([step, share]): [number, number] => [step, 100 * share]);
    return points.length > 0 ? [{ name, points }] : [];
  });
  if (accuracies.length > 0)
    charts.push(
      chart(
        'Accuracy while training',
        accuracies.flatMap(({ name, points }, i): ChartLine[] => [
          { name: `${name}, each`, points, color: COLORS[i]!, quiet: true },
          { name, points: smooth(points), color: COLORS[i]! },
        ]),
        { xName, format: (value) => `${value} %` },
      ),
    );
  const learningRate = of('step', 'learningRate');
  if (learningRate.length > 0)
    charts.push(
      chart('Learning rate', [{ name: 'rate', points: learningRate, color: 'var(--accent)' }], { fromZero: true, xName, format: short }),
    );
  const speed = throughput(data);
  if (speed.length > 1)
    charts.push(
      chart('Tokens per second', [{ name: 'tokens', points: speed, color: 'var(--accent)' }], {
        fromZero: true,
        xName,
        format: (value) => (value >= 1000 ? `${value / 1000}k` : String(value)),
      }),
    );
  return charts.length === 0
    ? raw('')
    : html`<h2>Training</h2>
        <div class="charts">${await Promise.all(charts)}</div>`;
}

const HOW: Readonly<Record<string, string>> = {
  'masked-language': 'The marked words were hidden; below each stand the words that the model held most probable.',
  'next-token': 'At each marked word the model saw only what stands before it; below are the words that it expected.',
  'replaced-token':
    'The marked words were hidden; below each stand the guesses of the generator. Then its best wrong guess was put there: how probable the discriminator holds it that the word was replaced.',
};

function place({ truth, probability, guesses, swapped }: FilledPlace): Html {
  const best = Math.max(...guesses.map((guess) => guess.probability));
  const guess = (token: string, share: number) =>
    html`<li class="${token === truth && 'right'}">
      <i style="width:${Math.round((100 * share) / best)}%"></i><span>${token}</span><b>${percent(share)}</b>
    </li>`;
  return html`<div class="place">
    <h3>${truth} <span>${percent(probability)}</span></h3>
    <ol>
      ${guesses.map(({ token, probability: share }) => guess(token, share))}
    </ol>
    ${swapped && html`<p class="soft">“${swapped.token}” in its place: replaced, ${percent(swapped.probability)}</p>`}
  </div>`;
}

/** Held-out sentences with hidden words and what the model held probable there. */
export function filledTexts({ examples, run }: TextReportData): Html {
  if (examples.length === 0) return raw('');
  const example = ({ texts, places }: FilledText) =>
    html`<figure class="filled">
      <p>${texts.map((text, i) => html`${text} ${places[i] && html`<mark>${places[i].truth}</mark>`} `)}</p>
      <div class="places">${places.map(place)}</div>
    </figure>`;
  return html`<h2>Guessed words</h2>
    <p class="soft">
      Sentences of the held-out text. ${HOW[run.settings.task]} Beside a marked word stands the probability that the model gave it; where it
      is among the five it is green.
    </p>
    <div class="charts">${examples.map(example)}</div>`;
}

/** What fine-tuning on labeled texts found. */
export async function fineTuned({ fineTuned: records }: TextReportData): Promise<Html[]> {
  return Promise.all(
    records.map(({ rows, train, test, testTexts, steps }) => {
      const restored = rows.map((row) => ({ ...row, deviation: row.deviation ?? NaN }));
      return labelCurve(restored, {
        heading: `Fine-tuning on ${train}`,
        about: `Judged by ${whole(testTexts)!} texts of ${test}; pretrained for ${whole(steps)!} updates.`,
      });
    }),
  );
}

/** The tables of results, text and settings. */
export function textTables({ run, result }: TextReportData): Html {
  const { dataset, settings } = run;
  const documents = { file: 'files', 'blank-line': 'parted by blank lines', chapter: 'chapters' }[settings.documents];
  const text = [
    ['Text', dataset.name],
    ['Documents', `${whole(dataset.documents)!}, ${documents}`],
    ['Tokens', whole(dataset.tokens)],
    ['Unknown to the vocabulary', whole(dataset.unknownTokens)],
    ['Vocabulary', `${whole(run.text.vocabularySize)!} tokens`],
    ['Sequences to learn from', `${whole(dataset.train)!} of ${settings.length} tokens`],
    ['Sequences held out', whole(dataset.test)],
  ] as const;
  const results = [
    ['Held-out loss before training', nats(result.heldOutUntrained)],
    ['Unigrams of the training text', nats(result.unigramLoss)],
    ['Unigram entropy', nats(result.unigramEntropy)],
    ['Held-out loss after training', nats(result.heldOutLoss)],
    ['Held-out tokens predicted', whole(result.heldOutTokens)],
    ['Epochs, updates', `${result.epochs}, ${result.steps}${result.stoppedBy === 'time' ? ' (stopped by the time limit)' : ''}`],
    ['Time of training', formatSeconds(result.seconds)],
    ['Tokens per second', whole(result.tokensPerSecond)],
  ] as const;
  const given = Object.entries(settings).map(([name, value]): [string, string] => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)]); // prettier-ignore
  return html`<div class="tables">
    <section>
      <h2>Results</h2>
      ${table(results)}
      <h2>Text</h2>
      ${table(text)}
    </section>
    <section>
      <h2>Settings</h2>
      ${table([...given, ['backend', run.backend], ['selfsup', run.selfsup], ['checkpoint', `sha256 ${result.checkpoint}`]])}
    </section>
  </div>`;
}
