import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunConfig } from '@selfsup/pretrain';
import { createChance } from './chance.ts';

/** A run that takes a second, as the command is told of it and as `pretrain` is. */
export interface TinyRun {
  readonly name: string;
  readonly flags: readonly string[];
  readonly config: RunConfig;
}

const WORDS = 'the cat sat on a mat and saw how an old dog ran over green hills to find some bread near his house'.split(' ');

/** Writes a corpus of made-up sentences; gives its path. */
export function writeCorpus(folder: string): string {
  const chance = createChance(7, 'corpus');
  const sentence = () => `${Array.from({ length: 5 + chance.whole(5) }, () => chance.pick(WORDS)).join(' ')}.`;
  const path = join(folder, 'corpus.txt');
  writeFileSync(path, Array.from({ length: 40 }, () => `${sentence()} ${sentence()}\n`).join('\n'));
  return path;
}

/** Names as flags are written: `batchSize` as `--batch-size`. */
const flagOf = (name: string) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

function asFlags(config: RunConfig): string[] {
  return Object.entries(config).flatMap(([name, value]) => {
    if (name === 'taskOptions' || name === 'encoderOptions')
      return Object.entries(value as object).flatMap(([option, of]) => [
        name === 'taskOptions' ? '--task-option' : '--encoder-option',
        `${option}=${JSON.stringify(of)}`,
      ]);
    return [flagOf(name), String(value)];
  });
}

/**
 * The runs that are killed and damaged.
 *
 * @param folder where a corpus is written
 * @returns SimCLR, SimCLR wide enough for threads, SimCLR with accumulation, MoCo with its queue, and masked language modeling
 */
export function tinyRuns(folder: string): TinyRun[] {
  const images: RunConfig = {
    ...{ data: 'shapes', imageSize: 8, limit: 32, testLimit: 16, batchSize: 8, epochs: 3, knnBank: 32, probeEvery: 1 },
    encoderOptions: { widths: [4, 8] },
  };
  const configs: Record<string, RunConfig> = {
    simclr: { task: 'simclr', ...images, taskOptions: { headOutput: 4 } },
    moco: { task: 'moco', ...images, taskOptions: { queueSize: 16, headOutput: 4 } },
    'masked-language': {
      ...{
        task: 'masked-language',
        data: writeCorpus(folder),
        documents: 'blank-line',
        length: 16,
        vocabularySize: 100,
        testFraction: 0.2,
      },
      ...{ batchSize: 8, epochs: 3, probeEvery: 1 },
      encoderOptions: { numLayers: 1, width: 8, numHeads: 2, maxPositions: 16 },
    },
    'simclr, on threads': {
      ...{ task: 'simclr', ...images, imageSize: 16, batchSize: 16, taskOptions: { headOutput: 4 } },
      encoderOptions: { widths: [32, 64] },
    },
    'simclr, accumulated': { task: 'simclr', ...images, batchSize: 4, accumulate: 2, taskOptions: { headOutput: 4 } },
  };
  return Object.entries(configs).map(([name, config]) => ({ name, config, flags: [...asFlags(config), '--no-report'] }));
}
