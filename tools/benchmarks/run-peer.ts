import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { StepCase } from './step-case.ts';

/** Where Python and the PyTorch programs are. */
export interface PeerPlace {
  readonly python: string;
  readonly folder: string;
}

/** Throws with the cure when a program is missing, before anything is measured. */
export function checkPeer({ python, folder }: PeerPlace, { peer }: StepCase): void {
  const script = join(folder, peer(1, 1).file);
  if (!existsSync(script)) throw new Error(`bench:step: ${script} does not exist; give the folder of the peer programs with --peers DIR`);
  try {
    execFileSync(python, ['-c', 'import torch'], { stdio: 'pipe' });
  } catch (cause) {
    throw new Error(`bench:step: ${python} cannot import torch; give a Python that has it with --python PATH`, { cause });
  }
}

/** Runs the PyTorch program of a case on so many threads: images or tokens per second, the median of its steps. */
export function runPeer(
  { python, folder }: PeerPlace,
  { peer, unit }: StepCase,
  { steps, threads }: { steps: number; threads: number },
): number {
  const { file, args } = peer(steps, threads);
  const env = { ...process.env, OMP_NUM_THREADS: `${threads}`, MKL_NUM_THREADS: `${threads}` };
  const printed = execFileSync(python, [join(folder, file), ...args], { encoding: 'utf8', env });
  const rate = new RegExp(`([\\d.]+) ${unit}/s`).exec(printed)?.[1];
  if (rate === undefined) throw new Error(`bench:step: ${file} must print '… ${unit}/s', got: ${printed.trim()}`);
  return Number(rate);
}
