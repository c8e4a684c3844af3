// `npm run options` writes docs/options.md: every setting and option there is, from the schemas that check them. With `--check` it only says whether the
// file is current. Needs `--conditions=@selfsup/source`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtinPlugins, createRegistry, describeOptions, planRun, sessionSchema, settingsSchema } from '@selfsup/pretrain';
import { nodePlugins } from '@selfsup/pretrain/node';
import { trainFlags } from 'selfsup';
import { workspaceRoot } from '../workspace/packages.ts';

const FILE = 'docs/options.md';
const registry = createRegistry([...builtinPlugins, ...nodePlugins]);

const code = (text) => `\`${text}\``;
const show = (value) => code(typeof value === 'string' ? value : JSON.stringify(value).replaceAll(',', ', '));
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('*', '\\*').replaceAll('\n', ' ');
const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const choices = (expected) =>
  expected.startsWith('one of ') ? `one of ${expected.slice('one of '.length).split(', ').map(code).join(', ')}` : expected;

/** Prose in lines of at most 120 characters; what is in backticks stays together. */
function wrap(text) {
  const lines = [''];
  for (const word of text.match(/(?:[^\s`]|`[^`]*`)+/g)) {
    const line = lines.at(-1);
    if (line !== '' && line.length + 1 + word.length > 120) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join('\n');
}

/** The settings and options of a run of a task in which the user chose nothing but what is given. */
const planned = (task, given = {}) => planRun({ task, data: '', ...given }, { registry });

/** Rows of a schema; `flagOf` says how an option is written on the command line, `defaults` and `notes` what is in effect where the schema does not say. */
function optionTable(schema, { flagOf, defaults = {}, notes = {} }) {
  const described = describeOptions(schema);
  if (described.length === 0) return 'No options.';
  return table(
    ['option', 'on the command line', 'must be', 'default', 'what it is'],
    described.map(({ name, description, expected, default: fallback = defaults[name] }) => [
      code(name),
      code(flagOf(name)),
      cell(choices(expected)),
      fallback === undefined ? '' : cell(show(fallback)),
      cell(notes[name] === undefined ? description : `${description}; ${notes[name]}`),
    ]),
  );
}

const longOf = ([option]) => option.long;
const flags = (recipe) => trainFlags({ registry, config: {}, recipe, modality: registry.modalities.get(recipe.modality), isNamed: true });
const flagIn = (list) => (name) => longOf(list.find((flag) => flag.name === name).options);

const round = (value) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value);

/** What differs from the usual settings where a user gives nothing; rates are compared with those of the same optimizer. */
function settingsOfItsOwn(recipe) {
  const { settings } = planned(recipe.name);
  const usual = planned('simclr', {
    batchSize: settings.batchSize,
    optimizer: settings.optimizer,
    accumulate: settings.accumulate,
  }).settings;
  const schema = Object.fromEntries(describeOptions(settingsSchema).map(({ name, default: fallback }) => [name, fallback]));
  const expected = { ...schema, batchSize: 128, learningRate: usual.learningRate, weightDecay: usual.weightDecay };
  const differing = Object.entries(settings).filter(
    ([name, value]) =>
      !['task', 'encoder', 'taskOptions', 'encoderOptions'].includes(name) && JSON.stringify(value) !== JSON.stringify(expected[name]),
  );
  const encoderOptions = Object.entries(recipe.encoderOptions ?? {}).map(([name, value]) => `encoder option ${code(name)} ${show(value)}`);
  return [...differing.map(([name, value]) => `${code(name)} ${show(round(value))}`), ...encoderOptions];
}

function taskSection(recipe) {
  const { name, title, summary, paper } = recipe;
  const { task, hidden } = flags(recipe);
  const own = settingsOfItsOwn(recipe);
  const facts = [
    summary,
    recipe.encoders ? `Encoders: ${recipe.encoders.map(code).join(', ')}.` : undefined,
    own.length > 0 ? `Settings other than the usual: ${own.join(', ')}.` : undefined,
    paper ? `Paper: <${paper}>` : undefined,
  ];
  const flagOf = (option) => (hidden.includes(option) ? `--task-option ${option}=…` : flagIn(task)(option));
  return [`### ${code(name)}: ${title}`, facts.filter(Boolean).join(' '), optionTable(recipe.options, { flagOf })];
}

/** Encoders that differ in nothing but their defaults, such as the sizes of one network. */
function encoderGroups() {
  const groups = new Map();
  for (const encoder of registry.encoders.all) {
    const key = JSON.stringify(describeOptions(encoder.options).map(({ name, description, expected }) => [name, description, expected]));
    groups.set(key, [...(groups.get(key) ?? []), encoder]);
  }
  return [...groups.values()];
}

function encoderSection(encoders) {
  const kinds = encoders[0].modalities.map((name) => registry.modalities.get(name).title).join(' and ');
  const lists = encoders.map(({ options }) => describeOptions(options));
  const defaultsOf = (name) => lists.map((list) => list.find((option) => option.name === name).default);
  const rows = lists[0].map(({ name, description, expected }) => {
    const all = defaultsOf(name).map((value) => (value === undefined ? '' : show(value)));
    return [code(name), cell(choices(expected)), cell(new Set(all).size === 1 ? all[0] : all.join(', ')), cell(description)];
  });
  const several = encoders.length > 1 ? ' Where there are several defaults, they are in this order.' : '';
  return [
    `### ${encoders.map(({ name }) => code(name)).join(', ')}`,
    `${encoders.map(({ title }) => sentence(title)).join('; ')}. For ${kinds}.${several}`,
    table(['option', 'must be', 'default', 'what it is'], rows),
  ];
}

const first = registry.tasks.get('simclr');
const run = flagIn(flags(first).run);
const batchSizes = [64, 128, 256, 512];
const optimizers = describeOptions(settingsSchema)
  .find(({ name }) => name === 'optimizer')
  .expected.slice('one of '.length)
  .split(', ');

const parts = [
  '# Options',
  `Written by ${code('npm run options')} from the schemas that also check what you give; do not edit it by hand. ${code('selfsup train --task <name> -h')} says the same of one task.`,
  `In a ${code('selfsup.config.ts')}, and in the first argument of ${code('pretrain')}, settings and options of the data stand side by side under the names of the first column; options of the task and of the encoder stand in ${code('taskOptions')} and ${code('encoderOptions')}:`,
  [
    '```ts',
    "import { defineRun } from 'selfsup';",
    '',
    'export default defineRun({',
    "  task: 'moco',",
    '  taskOptions: { queueSize: 1024 },',
    "  encoder: 'conv-net',",
    '  encoderOptions: { widths: [32, 64, 128] },',
    "  data: 'shapes',",
    '  imageSize: 32,',
    '  epochs: 10,',
    '});',
    '```',
  ].join('\n'),
  `On the command line every option of a task has a flag, and those of an encoder are given as ${code('--encoder-option name=value')}. Lists and objects are written as JSON, a list of numbers also as ${code('1,3')}.`,
  '## Settings of every run',
  `A setting that you give goes before that of the task, which goes before that of the data; below is what is left otherwise.`,
  optionTable(settingsSchema, {
    flagOf: (name) =>
      ({
        taskOptions: '--task-option name=value',
        encoderOptions: '--encoder-option name=value',
        readoutOptions: '--readout-option name=value',
        task: '--task',
        encoder: '--encoder',
      })[name] ?? run(name),
    defaults: { batchSize: 128, task: 'simclr' },
    notes: { encoder: 'default the first that fits the task', learningRate: 'default see below', weightDecay: 'default see below' },
  }),
  `The learning rate and the weight decay depend on the optimizer and on the samples of an update, which are batchSize · accumulate:`,
  table(
    ['optimizer', ...batchSizes.map((size) => `rate for ${size}`), 'weight decay'],
    optimizers.map((optimizer) => [
      code(optimizer),
      ...batchSizes.map((batchSize) => String(round(planned('simclr', { optimizer, batchSize }).settings.learningRate))),
      String(planned('simclr', { optimizer }).settings.weightDecay),
    ]),
  ),
  '## Options of a session',
  'They do not change what a run computes and are not kept in it: give them again when you resume it. The command that a stopped run prints has them.',
  optionTable(sessionSchema, { flagOf: run }),
  ...registry.modalities.all.flatMap((modality) => {
    const tasks = registry.tasks.all.filter((recipe) => recipe.modality === modality.name);
    const flagOf = flagIn(flags(tasks[0]).run);
    return [
      `## ${sentence(modality.title)}`,
      `Options of the data, whatever the task on ${modality.title}:`,
      optionTable(modality.options, { flagOf }),
      ...tasks.flatMap(taskSection),
    ];
  }),
  '## Encoders',
  `On the command line: ${code('--encoder-option name=value')}, in a config: ${code('encoderOptions')}.`,
  ...encoderGroups().flatMap(encoderSection),
];

const text = `${parts.map((part) => (/^([|#]|```)/.test(part) ? part : wrap(part))).join('\n\n')}\n`;
const file = join(workspaceRoot, FILE);
if (process.argv.includes('--check')) {
  let current = '';
  try {
    current = readFileSync(file, 'utf8');
  } catch {
    // it is missing, which counts as out of date
  }
  if (current !== text) console.error(`options: ${FILE} is out of date; write it again with: npm run options`);
  process.exitCode = current === text ? 0 : 1;
} else writeFileSync(file, text);
