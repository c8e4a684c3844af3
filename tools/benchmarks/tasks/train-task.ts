// One row of `npm run bench:tasks`, in a process of its own: trains one task for so many minutes of CPU time and judges its encoder.
// argv[2] is an {@link Order} as JSON; the last line on standard output is a {@link Row} as JSON.
import { evaluateKnn, evaluateLinearProbe, openSamplesFor, pretrain, type LoadedEncoder, type RunConfig } from '@selfsup/pretrain';
import { loadEncoder, nodePlugins, runFolder } from '@selfsup/pretrain/node';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtinPlugins, createRegistry } from '@selfsup/pretrain';

/** What is to be measured. */
export interface Order {
  /** The folder of the images. */
  readonly data: string;
  /** What the run is given beside its length: task, seed, encoder and options. */
  readonly config: RunConfig & { readonly task: string };
  /** CPU minutes of training; 0 trains nothing and judges the start and raw pixels instead. */
  readonly minutes: number;
}

/** What came out. */
export interface Row {
  readonly task: string;
  readonly seed: number;
  /** With how it is read where that is not its default: two ways to read one network start from different figures. */
  readonly encoder: string;
  readonly epochs: number;
  readonly steps: number;
  readonly batchSize: number;
  /** CPU minutes of training, without probes. */
  readonly cpuMinutes: number;
  /** Largest resident memory of the process, in MiB. */
  readonly memory: number;
  /** Percent of the test images. */
  readonly knn: number;
  readonly linear: number;
  /** Of Transformers with a class token: its state and the mean of the patches' together, the readout `tokens`. */
  readonly tokens?: { readonly knn: number; readonly linear: number };
  /** Only of an order without training: raw pixels, kNN and linear probe. */
  readonly pixels?: { readonly knn: number; readonly linear: number };
  readonly alarms: number;
}

const WARM_UP = 4;
const MEASURED = 12;

/** Seconds of CPU time, of all threads. */
const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const registry = createRegistry([...builtinPlugins, ...nodePlugins]);

/** Trains; `onStep` is told the CPU seconds since the step before, unless something was measured in between. */
async function train(config: RunConfig, folder: string, onStep: (seconds: number) => void) {
  let last = cpuSeconds();
  let counts = false;
  let batchSize = 0;
  for await (const event of pretrain(config, { store: runFolder(folder), registry })) {
    if (event.type === 'start') ({ batchSize } = event);
    if (event.type === 'step') {
      const now = cpuSeconds();
      if (counts) onStep(now - last);
      [last, counts] = [now, true];
    } else if (event.type === 'probe' || event.type === 'start') counts = false;
    if (event.type === 'end') return { result: event.result, batchSize };
  }
  throw new Error('the run ended without a result');
}

/** kNN and linear probe of a Transformer by the readout `tokens`; undefined of encoders that do not have it. */
async function judgeTokens(folder: string, encoder: LoadedEncoder) {
  if ((encoder.module as { hasClassToken?: boolean }).hasClassToken !== true) return undefined;
  const both = await loadEncoder(folder, { readout: 'tokens' });
  try {
    const samples = await openSamplesFor(both);
    const [knn, linear] = [await evaluateKnn(both, samples), await evaluateLinearProbe(both, samples)];
    return { knn: knn.accuracy['trained']!, linear: linear['trained']!.accuracy };
  } finally {
    both.dispose();
  }
}

export async function measureTask({ data, config, minutes }: Order): Promise<Row> {
  const scratch = mkdtempSync(join(tmpdir(), 'selfsup-task-'));
  try {
    const common: RunConfig = { ...config, data, threads: 1, wideVectors: 'auto', probeEvery: 0 };
    let epochs = 0;
    if (minutes > 0) {
      const times: number[] = [];
      // batch size and number of images are known when a run begins; a short one shows what a step costs
      const trial = { ...common, epochs: 1, testLimit: 10 };
      const { batchSize } = await train({ ...trial, limit: 2 * 256, maxSeconds: 1 }, join(scratch, 'first'), () => {});
      await train({ ...trial, limit: (WARM_UP + MEASURED) * batchSize }, join(scratch, 'trial'), (seconds) => times.push(seconds));
      const perStep = times.slice(WARM_UP).toSorted((a, b) => a - b)[(times.length - WARM_UP) >> 1]!;
      const stepsPerEpoch = Math.floor(10_000 / batchSize);
      epochs = Math.max(1, Math.round((60 * minutes) / (perStep * stepsPerEpoch)));
      console.error(`${config.task}: ${(1000 * perStep).toFixed(0)} ms of CPU a step, ${epochs} epochs of ${stepsPerEpoch} steps`);
    }
    let spent = 0;
    let timed = 0;
    const folder = join(scratch, 'run');
    const { result, batchSize } = await train({ ...common, epochs }, folder, (seconds) => {
      spent += seconds;
      timed += 1;
    });
    const encoder = await loadEncoder(folder);
    const found = await evaluateLinearProbe(encoder, await openSamplesFor(encoder), { baselines: minutes === 0 });
    const tokens = await judgeTokens(folder, encoder);
    const isMean = (encoder.encoder.options as { pooling?: string }).pooling === 'mean';
    encoder.dispose();
    const { trained, baselines } = result.probes['knn']!;
    const [raw] = Object.keys(baselines).filter((name) => name !== 'untrained');
    return {
      task: result.task,
      seed: Number(config.seed ?? 0),
      encoder: `${result.encoder}${isMean ? ' (mean of patches)' : ''}`,
      epochs: result.epochs,
      steps: result.steps,
      batchSize,
      cpuMinutes: timed === 0 ? 0 : ((spent / timed) * result.steps) / 60,
      memory: process.resourceUsage().maxRSS / 1024,
      knn: trained['knn']!,
      linear: found['trained']!.accuracy,
      ...(tokens && { tokens }),
      ...(minutes === 0 && raw && { pixels: { knn: baselines[raw]!, linear: found[raw]!.accuracy } }),
      alarms: result.alarms.length,
    };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

if (process.argv[2]?.startsWith('{')) {
  console.log(JSON.stringify(await measureTask(JSON.parse(process.argv[2]) as Order)));
  process.exit(0);
}
