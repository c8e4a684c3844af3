import { loadEncoder, pretrain, type RunEvent } from '@selfsup/pretrain';

/** Pictures as a page has them: bytes from a canvas, without the fourth channel. */
export interface Pictures {
  /** `[n, height, width, channels]` row-major, integers from 0 to 255. */
  readonly images: Uint8Array;
  readonly shape: readonly [n: number, height: number, width: number, channels: number];
  /** What is in each; training does not look at it, the probe does. May be left out. */
  readonly labels?: readonly number[];
}

/** What {@link learn} says: the events of the run, and then what the encoder makes of each picture. All of it can be posted from a worker. */
export type Message = RunEvent | { type: 'features'; data: Float32Array; shape: readonly number[] };

/** What to learn from, and how many times to look at it. */
export interface Lesson {
  readonly pictures: Pictures;
  readonly epochs: number;
  /** How many threads compute, where the page is cross-origin isolated and this is called in a worker; default `auto`: as many as there are cores. */
  readonly threads?: number;
}

/** Pretrains an encoder on pictures and embeds them with it: the same on a page, in a worker and in Node. */
export async function learn({ pictures, epochs, threads }: Lesson, say: (message: Message) => void): Promise<void> {
  const run = pretrain({
    task: 'simclr',
    taskOptions: { headOutput: 64 },
    data: pictures,
    encoder: 'conv-net',
    encoderOptions: { widths: [16, 32, 64, 128] },
    epochs,
    batchSize: 64,
    optimizer: 'adamw',
    learningRate: 0.003,
    weightDecay: 1e-4,
    warmupEpochs: 1,
    backend: 'wasm',
    threads: threads ?? 'auto',
  });
  for await (const event of run) {
    say(event);
    if (event.type !== 'end') continue;
    const encoder = await loadEncoder(event.encoder);
    const { data, shape } = await encoder.embed(pictures);
    encoder.dispose();
    say({ type: 'features', data: Float32Array.from(data), shape });
  }
}
