import { keepEncoder, loadEncoder, memoryStore, pretrain, runFileNames, type RunEvent } from '@selfsup/pretrain';

/** Pictures as a page has them: bytes from a canvas, without the fourth channel. */
export interface Pictures {
  /** `[n, height, width, channels]` row-major, integers from 0 to 255. */
  readonly images: Uint8Array;
  readonly shape: readonly [n: number, height: number, width: number, channels: number];
  /** What is in each; training does not look at it, the probe does. May be left out. */
  readonly labels?: readonly number[];
}

/** What an encoder makes of each picture: a row of features. */
export interface Features {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** What {@link learn} says: the events of the run, and now and then what the encoder makes of each picture. All of it can be posted from a worker. */
export type Message =
  | RunEvent
  /** Of all pictures, after so many epochs; 0: before it has learned anything. */
  | { readonly type: 'features'; readonly epoch: number; readonly features: Features }
  /** What is kept: an `encoder.safetensors`. */
  | { readonly type: 'encoder'; readonly bytes: Uint8Array };

/** What to learn from, and how. */
export interface Lesson {
  readonly pictures: Pictures;
  /** How many times to look at all of them. */
  readonly epochs: number;
  /** What computes: `webgpu`, `webgl`, `wasm`, `cpu`; default `auto`, the fastest that proves itself. */
  readonly backend?: string;
  /** How many threads compute on wasm, where the page is cross-origin isolated and this is called in a worker; default as many as there are cores. */
  readonly threads?: number;
}

/** What can be done while it learns. */
export interface LearnOptions {
  /** Stops after the update under way; what was learned is kept. */
  readonly signal?: AbortSignal;
}

/**
 * Pretrains an encoder on pictures: the same on a page, in a worker and in Node.
 *
 * @param say is told what happens; learning waits for the promise that it may return, and so can be paused
 */
export async function learn(
  { pictures, epochs, backend = 'auto', threads }: Lesson,
  say: (message: Message) => void | Promise<void>,
  { signal }: LearnOptions = {},
): Promise<void> {
  const config = {
    task: 'simclr',
    taskOptions: { headOutput: 64 },
    data: pictures,
    encoder: 'conv-net',
    encoderOptions: { widths: [16, 32, 64, 128] },
    batchSize: 64,
    optimizer: 'adamw' as const,
    learningRate: 0.003,
    weightDecay: 1e-4,
    warmupEpochs: Math.min(1, epochs / 2),
    backend,
    threads: threads ?? ('auto' as const),
  };
  const stop = signal ? { signal } : {};
  const look = async (bytes: Uint8Array, epoch: number) => {
    const encoder = await loadEncoder(bytes);
    const { data, shape } = await encoder.embed(pictures);
    encoder.dispose();
    await say({ type: 'features', epoch, features: { data: Float32Array.from(data), shape } });
  };
  const untrained = pretrain({ ...config, epochs: 0, warmupEpochs: 0 }, stop);
  for await (const event of untrained) if (event.type === 'end') await look(event.encoder, 0);

  const store = memoryStore();
  const checkpoint = async () => (await store.read(runFileNames.checkpoint))!;
  let epoch = 0;
  for await (const event of pretrain({ ...config, epochs, probeEvery: Math.ceil(epochs / 20) }, { store, ...stop })) {
    await say(event);
    if (event.type === 'epoch') epoch = event.epoch;
    if (event.type === 'checkpoint' && epoch < epochs && epoch % Math.ceil(epochs / 8) === 0) await look(await checkpoint(), epoch);
    if (event.type !== 'end' && event.type !== 'stopped') continue;
    const bytes = event.type === 'end' ? event.encoder : await encoderOf(await checkpoint());
    await look(bytes, epoch);
    await say({ type: 'encoder', bytes });
  }
}

/** The encoder within a checkpoint, without what only training needs. */
async function encoderOf(checkpoint: Uint8Array): Promise<Uint8Array> {
  const loaded = await loadEncoder(checkpoint);
  loaded.dispose();
  return keepEncoder(checkpoint, loaded.encoder.prefix);
}
