import * as tf from '@tensorflow/tfjs-core';
import { createRng, isSelfsupError, namedTensors } from '@selfsup/core';
import { buildRun } from '../build-run.ts';
import type { RunEvent } from '../events.ts';
import { loadEncoder } from '../load-encoder.ts';
import { pretrain } from '../pretrain.ts';
import type { RunConfig } from '../run-config.ts';
import { memoryStore } from '../run-store.ts';
import { differenceOf } from './compare-values.ts';
import { contextOf, encoded, fail, openPlanned, planOf, rawBatches, sourceOf, withModality } from './drive-modality.ts';
import type { ModalitySubject } from './modality-conformance.ts';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** 14. Internal. */
export async function checkBadData(subject: ModalitySubject): Promise<void> {
  const { modality } = subject;
  const { input, files } = await withModality(subject, ({ encoding }) => Promise.resolve(encoding));
  for (const [what, data] of Object.entries(subject.badData)) {
    const plan = planOf(subject, { data });
    const { seed, testFraction } = plan.settings;
    const asked = {
      open: () => openPlanned(subject, plan),
      openSamples: () =>
        modality.openSamples({ data, options: plan.options, seed, testFraction, input }, contextOf(subject, { input, files })),
    };
    for (const [name, open] of Object.entries(asked)) {
      let refused: unknown;
      try {
        await open();
      } catch (error) {
        refused = error ?? 'nothing';
      }
      if (refused === undefined) fail(`\`${name}\` must refuse bad data (${what}) with a SelfsupError, it takes it`);
      if (!isSelfsupError(refused))
        fail(`\`${name}\` must throw a SelfsupError that says what is wrong with bad data (${what}), got ${messageOf(refused)}`);
      if (!['SELFSUP_DATA', 'SELFSUP_OPTION', 'SELFSUP_SHAPE'].includes(refused.code))
        fail(
          `\`${name}\` must refuse bad data (${what}) with the code SELFSUP_DATA or SELFSUP_OPTION, got ${refused.code}: ${refused.message}`,
        );
    }
  }
}

/** Trains until a step, or to the end; gives the last event. */
async function train(
  config: RunConfig,
  { subject, store = memoryStore(), until }: { subject: ModalitySubject; store?: ReturnType<typeof memoryStore>; until?: number },
): Promise<RunEvent> {
  const controller = new AbortController();
  let last: RunEvent | undefined;
  for await (const event of pretrain(config, {
    registry: subject.registry,
    store,
    signal: controller.signal,
    report: until === undefined,
  })) {
    last = event;
    if (event.type === 'step' && !Number.isFinite(event.loss)) fail(`the loss must be finite, got ${event.loss} at step ${event.step}`);
    if (event.type === 'step' && event.step === until) controller.abort();
  }
  return last!;
}

/** 15. Internal. */
export async function checkRun(subject: ModalitySubject): Promise<void> {
  const { run } = subject;
  const whole = await train(run, { subject });
  if (whole.type !== 'end') return fail(`a run must end with its result, got ${whole.type}`);
  const { steps } = whole.result;
  if (steps < 2)
    return fail(`the run that is tried must have at least two updates to be stopped between them, got ${steps}; give it a smaller batch`);
  const store = memoryStore();
  await train(run, { subject, store, until: Math.ceil(steps / 2) });
  const resumed = await train({ ...run, resume: true }, { subject, store });
  if (resumed.type !== 'end' || differenceOf(whole.encoder, resumed.encoder, 'encoder') !== undefined)
    fail(
      'a run that is stopped and resumed must end with the encoder of one that is not, bit for bit; what else is there beside the seed and `input`?',
    );
  const other = await train({ ...run, seed: (run.seed ?? 0) + 1 }, { subject });
  if (other.type === 'end' && differenceOf(whole.encoder, other.encoder, 'encoder') === undefined)
    fail('runs of two seeds must differ, they end with one encoder');
}

/** 16. Internal. */
export async function checkKeptEncoder(subject: ModalitySubject): Promise<void> {
  const end = await train({ ...subject.run, epochs: 1 }, { subject });
  if (end.type !== 'end') return fail(`a run must end with its result, got ${end.type}`);
  const loaded = await loadEncoder(end.encoder, { registry: subject.registry });
  try {
    const { shape, data } = await loaded.embed(subject.run.data);
    if (shape[1] !== loaded.outputDim || !data.every(Number.isFinite))
      fail(`\`embed\` of the kept encoder must give finite features of ${loaded.outputDim} columns, got shape [${shape.join(', ')}]`);
    const again = await loadEncoder(end.encoder, { registry: subject.registry });
    try {
      if (differenceOf(data, (await again.embed(subject.run.data)).data, 'data') !== undefined)
        fail('a kept encoder must give the same features whenever it is loaded; take statistics and vocabulary from `input` and `files`');
    } finally {
      again.dispose();
    }
  } finally {
    loaded.dispose();
  }
}

/** 17. Internal. */
export async function checkMemory(subject: ModalitySubject): Promise<void> {
  const start = tf.memory().numTensors;
  const count = async <T>(what: string, work: () => T | Promise<T>, after: (result: T) => void = () => undefined): Promise<T> => {
    const before = tf.memory().numTensors;
    const result = await work();
    after(result);
    const left = tf.memory().numTensors - before;
    if (left !== 0) fail(`${what} must leave as many tensors as it found, ${left > 0 ? `${left} more` : `${-left} fewer`} after it`);
    return result;
  };
  const plan = planOf(subject);
  const data = await count('`open`', () => openPlanned(subject, plan));
  const built = buildRun(plan, data);
  try {
    const encoding = { input: data.input, files: data.files ?? {}, progress: contextOf(subject).progress };
    const [raw] = await count('reading a batch', () => rawBatches(sourceOf({ plan, data }), { count: 1 }));
    const context = { rng: createRng(0).fold('prepare'), step: 0, epoch: 0 };
    await count(
      '`prepare`, once its batch is disposed,',
      () => tf.tidy(() => namedTensors(built.prepare(raw, context)).map(([, tensor]) => tensor)),
      (batch) => {
        tf.dispose(batch);
      },
    );
    const samples = data.test ?? data.train;
    await count('`encode`', () => encoded({ plan, encoding }, { encoder: built.encoder, samples }));
    const views = { ...encoding, stage: 'Encoding views', prepare: built.prepare, seed: plan.settings.seed };
    if (plan.modality.encodeViews) await count('`encodeViews`', () => plan.modality.encodeViews!(built.encoder, samples, views));
    if (plan.modality.show) await count('`show`', () => plan.modality.show!(samples, [0]));
  } finally {
    built.trainer.dispose();
  }
  const left = tf.memory().numTensors - start;
  if (left !== 0) fail(`once the run is disposed no tensor may be left, there are ${left}`);
}
