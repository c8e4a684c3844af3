// One place of check.ts, in a process of its own: prepares the backend, makes the checks or goes on from a checkpoint, writes what it found as JSON.
//   node run-place.ts PLACE FOLDER run OPERATIONS TRAININGS   checks of all or some operations, and trainings unless 'no trainings'
//   node run-place.ts PLACE FOLDER continue FROM          goes on from the checkpoints of another place
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { closeBackends, selectBackend } from '@selfsup/backends';
import { isSelfsupError } from '@selfsup/core';
import { registerTrainingKernels } from '@selfsup/wasm-kernels';
import { tuning } from '../../packages/wasm-kernels/src/threaded-kernels.ts';
import { continueCurve, curveNames } from './curves.ts';
import type { Continued, PlaceFindings } from './findings.ts';
import { places, slugOf, type Place } from './places.ts';
import { runChecks } from './run-checks.ts';

const PACKAGES = [
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-backend-cpu',
  '@tensorflow/tfjs-backend-wasm',
  '@tensorflow/tfjs-backend-webgpu',
  'webgpu',
  '@tensorflow/tfjs-node',
];

/** The versions of those that are installed. */
function versionsOf(names: readonly string[]): Record<string, string> {
  const { resolve } = createRequire(import.meta.url);
  return Object.fromEntries(
    names.flatMap((name) => {
      try {
        const { version } = JSON.parse(readFileSync(resolve(`${name}/package.json`), 'utf8')) as { version: string };
        return [[name, version]];
      } catch {
        return [];
      }
    }),
  );
}

/** Makes the backend of a place current; gives what it says of itself. */
async function prepare({ backend, simd, threads = 1 }: Place): Promise<string> {
  tuning.leastShare = 0; // every call is forked, however small
  const { description } = await selectBackend({ prefer: backend, threads });
  if (simd === undefined) return description;
  const registered = await registerTrainingKernels({ simd, threads });
  if (registered.threads !== threads) throw new Error(`expected ${threads} threads: ${registered.description}`);
  return `wasm (${registered.description}, ${registered.kernels.length} training kernels)`;
}

async function run(
  place: Place,
  folder: string,
  { operations, trainings }: { operations: string; trainings: string },
): Promise<PlaceFindings> {
  const about = { place: place.name, platform: `Node ${process.versions.node}`, date: new Date().toISOString().slice(0, 10) };
  let description: string;
  try {
    description = await prepare(place);
  } catch (error) {
    if (!isSelfsupError(error)) throw error;
    return { ...about, skipped: error.message.replace(/^selectBackend: /, '') };
  }
  const checkpoints = join(folder, 'checkpoints', slugOf(place.name));
  mkdirSync(checkpoints, { recursive: true });
  const found = await runChecks({
    ...(place.slack !== undefined && { slack: place.slack }),
    ...(place.cases !== undefined && { cases: place.cases }),
    onStart: (what) => {
      console.log(what); // check.ts shows the end of it where the process dies
    },
    ...(operations !== '' && { operations: operations.split(',') }),
    ...((operations !== '' || trainings !== '') && { curves: [] }),
    onFailure: () => prepare(place),
    onCheckpoint: (curve, bytes) => {
      writeFileSync(join(checkpoints, `${slugOf(curve)}.safetensors`), bytes);
    },
  });
  const ours = PACKAGES.filter(
    (name) => name.endsWith('tfjs-core') || name.endsWith(place.backend) || (place.backend === 'tensorflow' && name.endsWith('node')),
  );
  return { ...about, description, versions: versionsOf(ours), ...found };
}

async function goOn(place: Place, folder: string, from: string): Promise<readonly Continued[]> {
  await prepare(place);
  const continued: Continued[] = [];
  for (const curve of curveNames) {
    const bytes = new Uint8Array(readFileSync(join(folder, 'checkpoints', slugOf(from), `${slugOf(curve)}.safetensors`)));
    continued.push({ curve, from, losses: await continueCurve(curve, bytes) });
  }
  return continued;
}

const [name, folder, task, extra = '', trainings = ''] = process.argv.slice(2) as [string, string, 'run' | 'continue', string?, string?];
const place = places.find((one) => one.name === name)!;
const answer = task === 'run' ? await run(place, folder, { operations: extra, trainings }) : await goOn(place, folder, extra);
await closeBackends();
writeFileSync(join(folder, `answer-${slugOf(name)}.json`), JSON.stringify(answer));
