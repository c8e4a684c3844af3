// `npm run task-guide` writes docs/tasks.md: every task, what it needs, when to take it, and what it reached in docs/results/tasks.json (`npm run bench:tasks`).
// A task that gains less than a standard error over the untrained encoder needs a reason in docs/results/reasons.json; one that gains more must have none there.
// With `--check` it only says whether the file is current. Needs `--conditions=@selfsup/source`.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtinPlugins, createRegistry, planRun } from '@selfsup/pretrain';
import { nodePlugins } from '@selfsup/pretrain/node';
import { workspaceRoot } from '../workspace/packages.ts';

const FILE = 'docs/tasks.md';
const registry = createRegistry([...builtinPlugins, ...nodePlugins]);
const resultsFile = join(workspaceRoot, 'docs/results/tasks.json');
const results = existsSync(resultsFile) ? JSON.parse(readFileSync(resultsFile, 'utf8')) : [];

const reasons = JSON.parse(readFileSync(join(workspaceRoot, 'docs/results/reasons.json'), 'utf8'));
/** Of a figure in percent that 1,000 test images gave. */
const STANDARD_ERROR = 1.6;

const table = (head, rows) => {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
};
const fail = (what) => {
  throw new Error(`docs/results/tasks.json: ${what}`);
};
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values) => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)) * (values.length / (values.length - 1)));
const figure = (values, digits = 1) =>
  values.length > 1 ? `${mean(values).toFixed(digits)} ± ${deviation(values).toFixed(digits)}` : values[0].toFixed(digits);

/** The settings of a run in which the user chose nothing but the task. */
const settingsOf = (name) => planRun({ task: name, data: '' }, { registry }).settings;

const rowsOf = (name) => results.filter(({ task }) => task === name);
const measured = registry.tasks.all.filter(({ name }) => rowsOf(name).length > 0);
const bare = results.filter(({ minutes }) => minutes === 0);
const untrained = (encoder) => bare.filter((row) => row.encoder === encoder);

/** Kinds of encoders, as people choose: any of the modality, or Transformers alone. */
const encodersOf = ({ encoders }) => (encoders === undefined ? 'any' : encoders.map((name) => `\`${name}\``).join(', '));

function needs(recipe) {
  const { optimizer, batchSize } = settingsOf(recipe.name);
  const rows = rowsOf(recipe.name);
  const memory = rows.length > 0 ? `, ${Math.max(...rows.map((row) => row.memory)).toFixed(0)} MiB` : '';
  return `${batchSize}, ${optimizer}${memory}`;
}

const sections = registry.modalities.all.flatMap(({ name: modality, title }) => {
  const tasks = registry.tasks.all.filter((task) => task.modality === modality);
  if (tasks.length === 0) return [];
  return [
    `## Tasks on ${title}`,
    table(
      ['task', 'take it when', 'leave it when', 'encoders', 'batch, optimizer, memory'],
      tasks.map((recipe) => [
        recipe.paper ? `[\`${recipe.name}\`](${recipe.paper})` : `\`${recipe.name}\``,
        recipe.advice?.take ?? '',
        recipe.advice?.leave ?? '',
        encodersOf(recipe),
        needs(recipe),
      ]),
    ),
  ];
});

/** The mean kNN or linear probe of a task over its seeds. */
const scoreOf = (name, of) => mean(rowsOf(name).map((row) => row[of]));
const byLinear = (a, b) => scoreOf(b.name, 'linear') - scoreOf(a.name, 'linear');
const minutes = Math.max(0, ...results.map((row) => row.minutes));
/** The untrained network that a row began with: that of its seed. */
const startOf = ({ encoder, seed }) =>
  untrained(encoder).find((row) => row.seed === seed) ?? fail(`no untrained ${encoder} of seed ${seed}`);
/** By how much the kNN or the linear probe of a task is above that of the untrained encoders of the same seeds. */
const gainOf = (name, of) => mean(rowsOf(name).map((row) => row[of] - startOf(row)[of]));
const shown = measured.map((recipe) => {
  const rows = rowsOf(recipe.name);
  const gain = (of) => gainOf(recipe.name, of);
  const signed = (value) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`;
  return {
    recipe,
    cells: [
      `\`${recipe.name}\``,
      rows[0].encoder,
      figure(rows.map(({ knn }) => knn)),
      figure(rows.map(({ linear }) => linear)),
      `${signed(gain('knn'))} / ${signed(gain('linear'))}`,
      `${mean(rows.map(({ epochs }) => epochs)).toFixed(0)}`,
      figure([mean(rows.map(({ cpuMinutes }) => cpuMinutes))]),
      `${rows.length}`,
    ],
  };
});
const gainsNothing = measured.map(({ name }) => name).filter((name) => (gainOf(name, 'knn') + gainOf(name, 'linear')) / 2 < STANDARD_ERROR);
const bestOf = (of, count) =>
  measured
    .map(({ name }) => name)
    .filter((name) => name !== 'sup-con') // it has labels
    .toSorted((a, b) => scoreOf(b, of) - scoreOf(a, of))
    .slice(0, count)
    .map((name) => `\`${name}\``)
    .join(', ');
const short =
  measured.length > 0
    ? ` After the same ${minutes} minutes of CPU time on CIFAR-10 without labels, kNN was best with ${bestOf('knn', 3)}, a linear probe with ${bestOf('linear', 3)}.`
    : '';
const byTokens = [...bare.filter((row) => row.tokens).slice(0, 1), ...results.filter((row) => row.minutes > 0 && row.tokens)];
const pixels = bare.find((row) => row.pixels)?.pixels;

const parts = [
  '# Which task?',
  `Written by \`npm run task-guide\` from the recipes of the tasks and from \`docs/results/tasks.json\`; do not edit it by hand. \`selfsup train --task <name> -h\` says the same of one task, [options.md](options.md) has all options.`,
  `In short: for photos and ten minutes begin with \`simclr\`, or let \`selfsup train --data photos/ --minutes 10\` choose. For a Vision Transformer that will be fine-tuned take \`mae\`. For text and ten minutes let \`--minutes\` choose, for fine-tuning take \`masked-language\`.${short} Then look at what your own data says: every run compares its encoder with the untrained one.`,
  'In the tables, *memory* is the largest resident memory of the whole process in `npm run bench:tasks`, which trains and then evaluates on images of 32 pixels, with the encoder named at the end of this page. It is missing where it was not measured.',
  ...sections,
  ...(shown.length > 0
    ? [
        '## What they reach in the same time',
        `CIFAR-10, 10,000 training images and 1,000 test images (JPEG), each task with its own defaults, about ${minutes} minutes of CPU time of training on one thread, the encoder of the last step: weighted kNN and linear probe in percent, beside what the untrained network of the same seed has. \`conv-net\` is the default small ConvNet; tasks that need patches have a Vision Transformer of 4 blocks of width 96. With 1,000 test images one figure has a standard error of ${STANDARD_ERROR}. \`npm run bench:tasks -- --data cifar-10\` measures what is missing.`,
        table(
          ['task', 'encoder', 'kNN', 'linear probe', 'above untrained', 'epochs', 'CPU minutes', 'seeds'],
          shown.toSorted((a, b) => byLinear(a.recipe, b.recipe)).map(({ cells }) => cells),
        ),
        [
          ...[...new Set(bare.map(({ encoder }) => encoder))].map((encoder) => {
            const rows = untrained(encoder);
            return `Untrained \`${encoder}\`: kNN ${figure(rows.map(({ knn }) => knn))}, linear ${figure(rows.map(({ linear }) => linear))}.`;
          }),
          ...(pixels ? [`Raw pixels: kNN ${pixels.knn.toFixed(1)}, linear ${pixels.linear.toFixed(1)}.`] : []),
        ].join(' '),
        ...(byTokens.length > 1
          ? [
              `The same Transformers with the class token and the mean of the patches side by side, \`--readout tokens\`, where it was measured:`,
              table(
                ['task', 'kNN', 'linear probe'],
                byTokens.map(({ task, minutes, tokens }) => [
                  minutes === 0 ? 'untrained' : `\`${task}\``,
                  figure([tokens.knn]),
                  figure([tokens.linear]),
                ]),
              ),
            ]
          : []),
        ...(gainsNothing.length > 0
          ? [
              `Tasks whose mean gain over both measures is below one standard error, and why:\n\n${gainsNothing.map((name) => `- \`${name}\`: ${reasons[name]}`).join('\n')}`,
            ]
          : []),
      ]
    : []),
];
const text = `${parts.join('\n\n')}\n`;

const path = join(workspaceRoot, FILE);
const faults = [
  ...gainsNothing
    .filter((name) => !reasons[name])
    .map((name) => `${name} gains nothing over the untrained encoder, and docs/results/reasons.json does not say why`),
  ...Object.keys(reasons)
    .filter((name) => !gainsNothing.includes(name))
    .map((name) => `docs/results/reasons.json says why ${name} gains nothing, but it gains, or was not measured`),
];
for (const fault of faults) {
  console.error(`${FILE}: ${fault}`);
  process.exitCode = 1;
}
const missing = registry.tasks.all.filter(({ advice }) => advice === undefined).map(({ name }) => name);
if (missing.length > 0) {
  console.error(`${FILE}: no advice on when to take ${missing.join(', ')}; its recipe needs \`advice\``);
  process.exitCode = 1;
} else if (!process.argv.includes('--check')) {
  writeFileSync(path, text);
  console.log(`${FILE}: ${registry.tasks.all.length} tasks, ${measured.length} of them measured`);
} else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
  console.error(`${FILE} is not what the recipes and results say; run \`npm run task-guide\` and commit it`);
  process.exitCode = 1;
}
