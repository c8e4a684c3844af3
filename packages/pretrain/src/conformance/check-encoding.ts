import * as tf from '@tensorflow/tfjs-core';
import { createRng, printable, printableValue } from '@selfsup/core';
import { parseOptions } from '../option-schema.ts';
import type { AnyModule, ProbeContext, RunData } from '../modality.ts';
import { describeRun } from '../describe-run.ts';
import { differenceOf, notOfJson } from './compare-values.ts';
import { encoded, fail, firstOf, rowOf, withModality, type ModalityAtWork } from './drive-modality.ts';
import type { ModalitySubject } from './modality-conformance.ts';

async function weightsOf(module: AnyModule): Promise<Record<string, unknown>> {
  const variables = Object.entries({ ...module.trainable, ...module.buffers });
  return Object.fromEntries(await Promise.all(variables.map(async ([path, variable]) => [path, (await variable.data()).slice()] as const)));
}

const judgedBy = ({ train, test }: RunData) => test ?? train;

/** 10. Internal. */
export async function checkEncode(subject: ModalitySubject): Promise<void> {
  await withModality(subject, async (at) => {
    const { data, built, factory } = at;
    const { encoder } = built;
    const samples = judgedBy(data);
    const before = await weightsOf(encoder);
    const all = await encoded(at, { encoder, samples });
    if (all.shape[1] !== factory.outputDim)
      fail(`\`encode\` must give as many columns as the encoder has (\`outputDim\` ${factory.outputDim}), got ${all.shape[1]}`);
    const written = differenceOf(before, await weightsOf(encoder), 'encoder');
    if (written !== undefined)
      fail(`\`encode\` must leave the encoder as it is, it changes \`${written}\`; encode with \`training: false\``);
    const again = await encoded(at, { encoder, samples });
    if (differenceOf(all.data, again.data, 'data') !== undefined)
      fail('`encode` twice must give the same features; it is inference, without views, dropout or chance');
    const wanted = firstOf(samples, 3).reverse();
    const some = await encoded(at, { encoder, samples, indices: wanted });
    const readable = wanted.filter((index) => all.indices.includes(index));
    if (some.indices.join() !== readable.join())
      fail(`\`encode\` must give the samples that are asked for, in that order: ${readable.join(', ')}, got ${some.indices.join(', ')}`);
    for (const [row, index] of readable.entries()) {
      const [mine, theirs] = [rowOf(some, row), rowOf(all, all.indices.indexOf(index))];
      if (mine.some((value, i) => Math.abs(value - theirs[i]!) > 1e-3 * (1 + Math.abs(theirs[i]!))))
        fail(`\`encode\` must say about a sample what it says alone: sample ${index} has other features beside other samples`);
    }
    const other = factory(createRng(99));
    try {
      const fresh = await encoded(at, { encoder: other, samples, indices: wanted });
      if (differenceOf(fresh.data, some.data, 'data') === undefined)
        fail('`encode` must use the encoder that it is given: another one gives the same');
    } finally {
      other.dispose();
    }
  });
}

async function checkViews({ plan, data, built, encoding }: ModalityAtWork): Promise<void> {
  const samples = judgedBy(data);
  const options = { ...encoding, stage: 'Encoding views', indices: firstOf(samples, 8), prepare: built.prepare, seed: plan.settings.seed };
  const views = await plan.modality.encodeViews?.(built.encoder, samples, options);
  if (views === undefined) return;
  const [one, other] = views;
  if (one.shape.join() !== other.shape.join())
    fail(`\`encodeViews\` must give two matrices of one shape, got [${one.shape.join(', ')}] and [${other.shape.join(', ')}]`);
  if (![...one.data, ...other.data].every(Number.isFinite)) fail('`encodeViews` must give finite features');
}

/** 11. Internal. */
export async function checkExtras(subject: ModalitySubject): Promise<void> {
  await withModality(subject, async (at) => {
    const { modality, plan, data } = { ...at, modality: subject.modality };
    const samples = judgedBy(data);
    const indices = firstOf(samples, 3);
    if (modality.rawInput) await encoded(at, { encoder: modality.rawInput.encoder, samples, indices, what: '`encode` with `rawInput`' });
    await checkViews(at);
    const shown = await modality.show?.(samples, indices);
    if (shown && shown.length !== indices.length)
      fail(`\`show\` must give one item for each of ${indices.length} samples, got ${shown.length}`);
    for (const { image, text } of shown ?? [])
      if (image === undefined ? typeof text !== 'string' : !image.startsWith('data:image/'))
        fail('`show` must give a `text` or an `image` as a data: URI for each sample');
    const throughput = modality.throughput?.(data, plan.settings);
    if (throughput && !(throughput.perSample > 0)) fail(`\`throughput\` must have \`perSample\` > 0, got ${throughput.perSample}`);
    const batch = modality.batchSizeOf?.(samples);
    if (batch !== undefined && !(Number.isSafeInteger(batch) && batch >= 1))
      fail(`\`batchSizeOf\` must give an integer >= 1, got ${batch}`);
    const name = modality.nameOf?.(plan.data);
    if (name !== undefined && (name === '' || /[/\\]/.test(name)))
      fail(`\`nameOf\` must give a name for a folder, got ${printableValue(name)}`);
  });
}

/** 12. Internal. */
export async function checkFineTuning(subject: ModalitySubject): Promise<void> {
  await withModality(subject, async ({ data, built, encoding, factory }) => {
    const { fineTuning } = subject.modality;
    if (!fineTuning || !data.train.labels) return;
    const who = 'fine-tuning';
    const own = fineTuning.options && parseOptions<object>(fineTuning.options, {}, { who });
    const examples = await fineTuning.examples(data.train, { ...encoding, stage: 'Reading' });
    const { labels, numClasses } = examples;
    if (labels.length < 1 || labels.length > data.train.length)
      fail(`\`fineTuning.examples\` must give one label for each sample that can be read, got ${labels.length} of ${data.train.length}`);
    const bad = Array.from(labels).find((label) => !Number.isInteger(label) || label < 0 || label >= numClasses);
    if (bad !== undefined) fail(`\`fineTuning.examples\`: labels must be integers in [0, ${numClasses}), got ${bad}`);
    const encoder = fineTuning.encoder(built.encoder, own as Readonly<Record<string, unknown>> | undefined);
    if (Object.keys(encoder.trainable).length === 0) fail('`fineTuning.encoder` must have something to train');
    const count = Math.min(2, labels.length);
    const input = await examples.read(Int32Array.from({ length: count }, (_, i) => i));
    const features = tf.tidy(() => encoder.apply(input, { training: false }));
    const { shape } = features;
    const values = await features.data();
    tf.dispose([input, features]);
    if (shape.length !== 2 || shape[0] !== count)
      fail(
        `\`fineTuning.encoder\` must give [${count}, columns] for ${count} examples, got [${shape.join(', ')}]; the encoder has ${factory.outputDim} columns`,
      );
    const read = fineTuning.features?.(built.encoder, own as Readonly<Record<string, unknown>>) ?? built.encoder;
    const options = { ...encoding, stage: 'Encoding', indices: firstOf(data.train, count) };
    const { modality } = subject;
    const seen = await (modality.encodeWhole
      ? modality.encodeWhole(read, data.train, options)
      : modality.encode(read, data.train, options));
    if (seen.data.length !== values.length || seen.data.some((value, i) => Math.abs(value - values[i]!) > 1e-3 * (1 + Math.abs(value))))
      fail(
        '`encode` must give with `fineTuning.features`, or with the module where there is none, what `fineTuning.encoder` gives: a classifier predicts by the one and learned by the other',
      );
  });
}

/** 13. Internal. */
export async function checkProbes(subject: ModalitySubject): Promise<void> {
  await withModality(subject, async ({ plan, data, built, encoding }) => {
    const { settings, options, recipe } = plan;
    const run = describeRun(plan, { data, built, backend: { name: tf.getBackend() }, start: undefined });
    const context: ProbeContext = {
      ...{ data, settings, options, recipe, taskOptions: settings.taskOptions, task: built.trainer.run, encoder: built.encoder },
      ...{ totalSteps: built.totalSteps, run, encoding },
    };
    for (const probe of subject.modality.probes?.(context) ?? []) {
      if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(probe.name) || ['step', 'health', 'alarm', 'knn'].includes(probe.name))
        fail(`a probe must have a kebab-case name of its own, such as held-out, got ${printableValue(probe.name)}`);
      const [baselines, measures] = [await probe.baselines(), await probe.measure()];
      for (const [name, value] of [...Object.entries(baselines), ...Object.entries(measures)])
        if (typeof value !== 'number' || !Number.isFinite(value))
          fail(
            `the probe ${probe.name} must measure finite numbers, \`${printable(name, { maxLength: 60 })}\` is ${printableValue(value)}`,
          );
      if (Object.keys(measures).length === 0) fail(`the probe ${probe.name} must measure something, got nothing`);
      if (typeof probe.describe(measures) !== 'string') fail(`the probe ${probe.name} must describe what it measures in words`);
      probe.compare(measures, baselines);
    }
    for (const section of (await subject.modality.sections?.(context)) ?? []) {
      const foreign = notOfJson(section, 'section');
      if (foreign !== undefined) fail(`\`sections\` must be plain data, got ${foreign}`);
    }
  });
}
