// How many programs (dispatches) one training step runs on the GPU, with plain tfjs operations and with the kernels of @selfsup/webgpu-kernels.
// They are counted and not run, so that a software adapter will do.
//   npm run bench:dispatches -- [--case conv-net,resnet18,bert-mini]  --programs: what is left, by program
// On Debian: apt-get install chromium libvulkan1, and VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json.
import { parseArgs } from 'node:util';
import { createRng, drawNormal, drawUniform, type Batch } from '@selfsup/core';
import { bertMini, convNet, projectionHead, resnet18 } from '@selfsup/encoders';
import { adamW, sgd } from '@selfsup/optim';
import { simclr } from '@selfsup/pretext-tasks/simclr';
import { createTrainer, type Trainer } from '@selfsup/trainer';
import * as tf from '@tensorflow/tfjs-core';
import { create, globals } from 'webgpu';
import { registerGradients } from '../../packages/backends/src/register-gradients.ts';
import { maskedLanguageTask } from '../../packages/pretrain/fixtures/masked-language-task.ts';
import { countDispatches } from './count-dispatches.ts';

const SIZE = 32;
const CASES = ['conv-net', 'resnet18', 'bert-mini'] as const;
const { values: flags } = parseArgs({
  options: { case: { type: 'string', default: CASES.join() }, programs: { type: 'boolean', default: false } },
});

/** A step of training: one call for one step on random data. */
interface Step {
  readonly description: string;
  run(): Promise<void>;
  dispose(): void;
}

function step<B extends Batch>(description: string, trainer: Trainer<B>, makeBatch: () => B): Step {
  return {
    description,
    async run() {
      const batch = makeBatch();
      await trainer.trainStep(batch);
      tf.dispose(batch as unknown as tf.TensorContainer);
    },
    dispose() {
      trainer.dispose();
    },
  };
}

function simclrStep(name: 'conv-net' | 'resnet18', batch: number): Step {
  const backbone = name === 'resnet18' ? resnet18({ stem: 'cifar' }) : convNet();
  const head = projectionHead({ inputDim: backbone.outputDim, hiddenDim: 512, outputDim: 128 });
  const trainer = createTrainer({
    task: simclr({ backbone, projectionHead: head, temperature: 0.5 }),
    optimizer: sgd({ learningRate: 0.06, momentum: 0.9, weightDecay: 5e-4 }),
    totalSteps: 1000,
    seed: 0,
  });
  const view = (rng: string) => tf.tensor4d(drawNormal(createRng(0).fold(rng), batch * SIZE * SIZE * 3), [batch, SIZE, SIZE, 3]);
  return step(`SimCLR, ${name}, ${batch} images of ${SIZE}×${SIZE} in two views, SGD with momentum`, trainer, () => ({
    views: [view('a'), view('b')],
  }));
}

function mlmStep(): Step {
  const [length, batch, predicted] = [128, 16, 307]; // 15 % of the tokens
  const encoder = bertMini({ numSegments: 1 });
  const trainer = createTrainer({
    task: maskedLanguageTask(encoder),
    optimizer: adamW({ learningRate: 1e-4, weightDecay: 0.01 }),
    totalSteps: 1000,
    seed: 0,
  });
  const ids = Int32Array.from(drawUniform(createRng(0), batch * length, { max: encoder.vocabularySize }), Math.floor);
  return step(`masked language modeling, bert-mini, ${batch}×${length} tokens, AdamW`, trainer, () => ({
    tokenIds: tf.tensor2d(ids, [batch, length], 'int32'),
    positions: tf.range(0, predicted, 1, 'int32'),
    labels: tf.tensor1d(ids.slice(0, predicted), 'int32'),
  }));
}

const makers: Record<(typeof CASES)[number], () => Step> = {
  'conv-net': () => simclrStep('conv-net', 64),
  resnet18: () => simclrStep('resnet18', 16),
  'bert-mini': mlmStep,
};

const asked = flags.case.split(',') as (typeof CASES)[number][];
const unknown = asked.find((name) => !Object.hasOwn(makers, name));
if (unknown !== undefined) {
  console.error(`bench:dispatches: --case must be some of ${CASES.join(', ')}, got ${unknown}`);
  process.exit(1);
}

Object.assign(globalThis, globals);
const gpu = create([]);
Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
if ((await gpu.requestAdapter()) === null) {
  console.error('bench:dispatches: no adapter; install a Vulkan driver, on Debian `apt-get install chromium libvulkan1`');
  process.exit(1);
}
await import('@tensorflow/tfjs-backend-webgpu'); // it looks for the GPU when it is loaded
const { registerTrainingKernels } = await import('@selfsup/webgpu-kernels');
await registerGradients();
await tf.setBackend('webgpu');
const count = countDispatches((tf.backend() as unknown as { device: GPUDevice }).device);

/** The dispatches of the second step: the first one makes the state of the optimizer. */
async function dispatchesOf(one: Step): Promise<ReadonlyMap<string, number>> {
  await one.run();
  count.reset();
  await one.run();
  return new Map(count.programs);
}
const sum = (programs: ReadonlyMap<string, number>): number => [...programs.values()].reduce((a, b) => a + b, 0);

console.log('| step | plain operations | with the kernels | share |');
console.log('| --- | --- | --- | --- |');
for (const name of asked) {
  const one = makers[name]();
  const plain = await dispatchesOf(one);
  const kernels = await registerTrainingKernels();
  const fused = await dispatchesOf(one);
  kernels.dispose();
  one.dispose();
  console.log(`| ${one.description} | ${sum(plain)} | ${sum(fused)} | ${((100 * sum(fused)) / sum(plain)).toFixed(0)} % |`);
  if (flags.programs) {
    for (const [program, times] of [...fused].sort((a, b) => b[1] - a[1])) console.error(`${String(times).padStart(6)} ${program}`);
  }
}
process.exit(0); // Dawn's device would hold the process
