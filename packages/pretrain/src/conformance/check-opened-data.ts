import { printable, printableValue } from '@selfsup/core';
import { describeOptions, parseOptions, type OptionSchema } from '../option-schema.ts';
import { sessionOptionNames } from '../run-config.ts';
import { runFileNames } from '../run-store.ts';
import { settingNames, settingsSchema } from '../settings.ts';
import type { RunData } from '../modality.ts';
import type { Samples } from '../samples.ts';
import { differenceOf, notOfJson } from './compare-values.ts';
import { contextOf, encoded, fail, firstOf, openPlanned, planOf, withModality } from './drive-modality.ts';
import type { ModalitySubject } from './modality-conformance.ts';

/** What a config may hold beside settings and the modality's own. */
const taken: readonly string[] = [...settingNames, ...sessionOptionNames, 'data', 'plugins', 'out', 'report'];

/** 1. Internal. */
export function checkName({ modality, registry }: ModalitySubject): void {
  const { name, title, api, options, functions = [], defaultTask } = modality;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) fail(`\`name\` must be kebab-case, such as time-series, got ${printableValue(name)}`);
  if ((api as number) !== 1) fail(`\`api\` must be 1, the contract that this kit knows, got ${String(api)}`);
  if (typeof title !== 'string' || title === '') fail('`title` must be one line for help and docs, got none');
  const tasks = registry.tasks.all.filter((task) => task.modality === name).map((task) => task.name);
  if (tasks.length === 0) fail(`no task of the plugins has \`modality\` '${name}', so nothing can be learned from it`);
  if (!registry.encoders.all.some(({ modalities }) => modalities.includes(name)))
    fail(`no encoder of the plugins has '${name}' among its \`modalities\``);
  if (defaultTask !== undefined && !tasks.includes(defaultTask))
    fail(`\`defaultTask\` must be one of its tasks, ${tasks.join(', ')}, got ${printableValue(defaultTask)}`);
  const own = [...describeOptions(options as OptionSchema).map((option) => option.name), ...functions];
  const clash = own.find((option, i) => taken.includes(option) || own.indexOf(option) !== i);
  if (clash !== undefined) fail(`the option \`${clash}\` has the name of a setting, of another option or of a function; rename it`);
}

/** Whether options come back from run.json as they went in. */
function checkRoundTrip(who: string, schema: OptionSchema, complete: object): void {
  const foreign = notOfJson(complete, 'options');
  if (foreign !== undefined) fail(`${who} must be what run.json can hold, got ${foreign}`);
  const written = JSON.parse(JSON.stringify(complete)) as object;
  let read: object;
  try {
    read = parseOptions(schema, written, { who });
  } catch (error) {
    return fail(`${who} must be accepted again when run.json is read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const where = differenceOf(complete, read, 'options');
  if (where !== undefined) fail(`${who} must be the same after run.json was written and read, \`${where}\` is not`);
}

/** 2. Internal. */
export async function checkOptions(subject: ModalitySubject): Promise<void> {
  const { modality } = subject;
  const silent = describeOptions(modality.options as OptionSchema).find(({ description }) => description === '');
  if (silent) fail(`the option \`${silent.name}\` must say what it is with .describe('…'): help, docs and messages come from it`);
  const plan = planOf(subject);
  checkRoundTrip('the options of the modality', modality.options as OptionSchema, plan.options);
  checkRoundTrip('the settings', settingsSchema, plan.settings);
  checkRoundTrip('the options of the task', plan.recipe.options as OptionSchema, plan.settings.taskOptions);
  await withModality(subject, ({ built }) => {
    checkRoundTrip('the options of the encoder', plan.encoder.options, built.encoderOptions);
    return Promise.resolve();
  });
}

function checkSamples(part: string, { name, length, labels, classNames, ids }: Samples): void {
  if (typeof name !== 'string' || name === '') fail(`\`${part}.name\` must say what the samples are called, got ${printableValue(name)}`);
  if (!Number.isSafeInteger(length) || length < 1) fail(`\`${part}.length\` must be an integer >= 1, got ${printableValue(length)}`);
  if (labels !== undefined) {
    if (!((labels as unknown) instanceof Int32Array)) fail(`\`${part}.labels\` must be an Int32Array`);
    if (labels.length !== length) fail(`\`${part}.labels\` must have one label for each of ${length} samples, got ${labels.length}`);
    const most = classNames?.length ?? Infinity;
    const bad = labels.findIndex((label) => label < 0 || label >= most);
    if (bad >= 0)
      fail(
        `\`${part}.labels\` must be in [0, ${most === Infinity ? '∞' : `${most}), as there are classes`}, got ${labels[bad]!} at ${bad}`,
      );
  }
  if (ids !== undefined && ids.length !== length) fail(`\`${part}.ids\` must have one for each of ${length} samples, got ${ids.length}`);
}

function checkFacts({ input, fingerprint, content = '', files = {}, facts = {} }: RunData): void {
  for (const [name, value] of Object.entries({ input, fingerprint, facts })) {
    const foreign = notOfJson(value, name);
    if (foreign !== undefined) fail(`\`${name}\` must be what run.json can hold, got ${foreign}`);
  }
  if (Object.keys(fingerprint).length === 0)
    fail('`fingerprint` must name at least one fact that must be the same when a run is resumed, such as the number of samples');
  for (const [name, value] of Object.entries({ ...fingerprint, ...facts }))
    if (typeof value !== 'string' && typeof value !== 'number')
      fail(`\`${name}\` of \`fingerprint\` or \`facts\` must be a number or a text, got ${printableValue(value)}`);
  if (typeof content !== 'string') fail(`\`content\` must be a text, such as a checksum of what was read, got ${printableValue(content)}`);
  const own: readonly string[] = Object.values(runFileNames);
  for (const [name, text] of Object.entries(files)) {
    if (!/^[\w-]+\.(json|txt)$/.test(name) || own.includes(name) || name.startsWith('fine-tune-'))
      fail(`\`files\` must have names such as vocabulary.json that no other file of a run has, got ${printable(name, { maxLength: 60 })}`);
    if (typeof text !== 'string') fail(`\`files\` must hold texts, ${name} is ${printableValue(text)}`);
  }
}

/** 3. Internal. */
export async function checkData(subject: ModalitySubject): Promise<void> {
  const data = await openPlanned(subject, planOf(subject));
  const { name, unit, train, test, testFrom } = data;
  if (typeof name !== 'string' || name === '') fail(`\`name\` of the data must not be empty, got ${printableValue(name)}`);
  if (typeof unit !== 'string' || unit === '') fail('`unit` must say what is counted, in the plural, such as windows');
  checkSamples('train', train);
  if (test) {
    checkSamples('test', test);
    if (testFrom === undefined) fail("`testFrom` must say where `test` comes from: 'own part' or 'held out'");
    const known = new Set(train.ids);
    const shared = test.ids?.find((id) => known.has(id));
    if (shared !== undefined)
      fail(
        `no sample may be in \`train\` and in \`test\`, ${printable(shared, { maxLength: 80 })} is; split before you cut, so that both share nothing`,
      );
  }
  checkFacts(data);
  const skipped = (data.skipped as (() => unknown) | undefined)?.();
  if (!Array.isArray(skipped)) fail('`skipped` must be a function that gives a list of what could not be used');
}

/** What two openings of one data must share. */
const factsOf = ({ input, fingerprint, files = {}, train, test, testFrom }: RunData) => {
  const of = ({ length, labels, ids, classNames }: Samples) => ({ length, labels, ids, classNames });
  return { input, fingerprint, files, train: of(train), test: test && of(test), testFrom };
};

/** 4. Internal. */
export async function checkOpening(subject: ModalitySubject): Promise<void> {
  const plan = planOf(subject);
  const [one, other] = [await openPlanned(subject, plan), await openPlanned(subject, plan)];
  const where = differenceOf(factsOf(one), factsOf(other), 'data');
  if (where !== undefined)
    fail(`\`open\` twice with one seed must give the same data, \`${where}\` differs; draw from the seed in \`settings\``);
  const earlier = JSON.parse(JSON.stringify({ input: one.input, files: one.files ?? {} })) as {
    input: object;
    files: Record<string, string>;
  };
  const again = await openPlanned(subject, plan, earlier as Parameters<typeof openPlanned>[2]);
  const changed = differenceOf(factsOf(one), factsOf(again), 'data');
  if (changed !== undefined)
    fail(`\`open\` for a run that is resumed (\`context.earlier\`) must give the data of the run, \`${changed}\` differs`);
}

/** 5. Internal. */
export async function checkSamplesForEncoder(subject: ModalitySubject): Promise<void> {
  await withModality(subject, async (at) => {
    const { plan, data, built } = at;
    const { seed, testFraction, limit, testLimit } = plan.settings;
    const earlier = { input: data.input, files: data.files ?? {} };
    const request = { data: plan.data, own: true, options: plan.options, seed, testFraction, limit, testLimit, input: data.input };
    const opened = await subject.modality.openSamples(request, contextOf(subject, earlier));
    if (!Array.isArray(opened.skipped())) fail('`skipped` of `openSamples` must give a list');
    for (const part of ['train', 'test'] as const) {
      const [mine, theirs] = [opened[part], data[part]];
      if (!mine || !theirs) {
        if (mine?.length !== theirs?.length)
          fail(
            `\`openSamples\` of the run's own data must split it as \`open\` does, only ${mine ? '`openSamples`' : '`open`'} has a \`${part}\``,
          );
        continue;
      }
      checkSamples(`openSamples: ${part}`, mine);
      if (mine.length !== theirs.length)
        fail(
          `\`openSamples\` of the run's own data must split it as \`open\` does, \`${part}\` has ${mine.length} samples instead of ${theirs.length}`,
        );
      const indices = firstOf(mine, 8);
      const [one, other] = [
        await encoded(at, { encoder: built.encoder, samples: mine, indices }),
        await encoded(at, { encoder: built.encoder, samples: theirs, indices }),
      ];
      const where = differenceOf(
        { labels: mine.labels, ids: mine.ids, features: one.data },
        { labels: theirs.labels, ids: theirs.ids, features: other.data },
        part,
      );
      if (where !== undefined)
        fail(`\`openSamples\` of the run's own data must give the samples of the run, in their order; \`${where}\` differs`);
    }
  });
}
