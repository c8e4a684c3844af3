import { cpus } from 'node:os';
import type { SimdBuild } from '@selfsup/wasm-kernels';
import { softwareGpu } from '../presets/software-gpu.ts';

/** A place in Node where the checks run, in a process of its own. */
export interface Place {
  /** As in the head of the table. */
  readonly name: string;
  readonly backend: string;
  /** The build of the wasm kernels. */
  readonly simd?: SimdBuild;
  readonly threads?: number;
  /** Flags of Node. */
  readonly flags?: readonly string[];
  /** The environment that it needs. */
  readonly env?: Readonly<Record<string, string>>;
  /** How many times the error of the others it is allowed. */
  readonly slack?: number;
  /** Random cases per operation: fewer where each shape is a program to compile. */
  readonly cases?: number;
  /** Why it cannot run here. */
  readonly skipped?: string;
}

/** The wide build wants a flag that V8 has from Node 24 on, and only there. */
function wideVectors(): Pick<Place, 'flags' | 'skipped'> {
  const hasFlag = Number.parseInt(process.versions.node, 10) >= 24 && process.arch === 'x64';
  return hasFlag ? { flags: ['--experimental-wasm-revectorize'] } : { skipped: 'the wide build needs Node 24 on x64' };
}

/** Why so many threads cannot be had. */
const tooFewCores = (threads: number): string | undefined =>
  threads > cpus().length ? `this machine has ${cpus().length} core${cpus().length > 1 ? 's' : ''}` : undefined;

const nameThreads = (threads: number): string => `${threads} thread${threads > 1 ? 's' : ''}`;

const wasmPlaces = (['relaxed', 'plain', 'wide'] as const).flatMap((simd) =>
  [1, 2].map((threads): Place => {
    const { skipped, flags } = simd === 'wide' ? wideVectors() : {};
    const why = skipped ?? tooFewCores(threads);
    return {
      name: `wasm ${simd}, ${nameThreads(threads)}`,
      backend: 'wasm',
      simd,
      threads,
      ...(flags && { flags }),
      ...(why !== undefined && { skipped: why }),
    };
  }),
);

const tensorflowPlaces = [1, 2].map((threads): Place => {
  const why = tooFewCores(threads);
  return { name: `tensorflow, ${nameThreads(threads)}`, backend: 'tensorflow', threads, ...(why !== undefined && { skipped: why }) };
});

/** Where the checks run, the reference first. */
export const places: readonly Place[] = [
  { name: 'cpu', backend: 'cpu' },
  ...wasmPlaces,
  { name: 'webgpu', backend: 'webgpu', slack: 5, cases: 4, env: softwareGpu() },
  ...tensorflowPlaces,
];

/** The place whose checkpoints the others continue. */
export const HOME = 'wasm relaxed, 1 thread';

/** A place's name as that of a file. */
export const slugOf = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
