import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRng, drawNormal, drawUniform, type Module, type Rng } from '@selfsup/core';
import { convNet, resnet18, resnet50, saveWeights, vit, type SavedWeight, type SavedWeights } from '@selfsup/encoders';
import { importEncoder } from '@selfsup/pretrain';
import { runCli } from 'selfsup';

/** Formats of `selfsup export`. */
export const FORMATS = ['onnx', 'tfjs', 'safetensors-timm', 'huggingface'] as const;

/** One of {@link FORMATS}. */
export type Format = (typeof FORMATS)[number];

/** An encoder that is exported. */
export interface Subject {
  readonly name: string;
  readonly kind: 'image' | 'text';
  /** What `--run` gets: a file, or the folder of a run. */
  readonly run: string;
  /** Formats that have no place for it: the command has to refuse. */
  readonly refused: readonly Format[];
  /** Whether it has a head that guesses words. */
  readonly fillsMasks: boolean;
  /** The name of a classifier of its run that goes along where the format has a place for it. */
  readonly classifier?: string;
}

const MEAN = [0.485, 0.456, 0.406];
const STD = [0.229, 0.224, 0.225];
const WORDS = 'the cat sat on a mat and saw how an old dog ran over green hills to find some bread near his house'.split(' ');

/** Weights as far from their start as those of a trained encoder: no scale is 1, no offset 0, no statistic that of noise. */
function disturbed(weights: SavedWeights, rng: Rng): SavedWeights {
  const moved = ([path, { shape, data }]: [string, SavedWeight]): [string, SavedWeight] => {
    if (/(kernel|weight|Token|positions)$/.test(path)) return [path, { shape, data }];
    if (/(variance|scale)$/.test(path)) return [path, { shape, data: drawUniform(rng.fold(path), data.length, { min: 0.5, max: 1.5 }) }];
    const noise = drawNormal(rng.fold(path), data.length, { standardDeviation: 0.1 });
    return [path, { shape, data: data.map((value, i) => value + noise[i]!) }];
  };
  return Object.fromEntries(Object.entries(weights).map(moved));
}

interface RandomEncoder {
  readonly name: string;
  readonly module: Module;
  readonly encoder: string;
  readonly encoderOptions: Readonly<Record<string, unknown>>;
  readonly size: number;
  /** Where it is not `size`. */
  readonly width?: number;
  readonly channels?: 1 | 3;
  readonly refused: readonly Format[];
}

function randomEncoders(): RandomEncoder[] {
  const rng = createRng(0);
  const only = (factory: (rng: Rng) => unknown) => factory(rng) as Module;
  const widths = [8, 16, 32];
  const tiny = { numLayers: 2, width: 32, numHeads: 2, patchSize: 8 };
  const noPlace: Format[] = ['safetensors-timm', 'huggingface'];
  return [
    { name: 'conv-net', module: only(convNet({ widths })), encoder: 'conv-net', encoderOptions: { widths }, size: 32, refused: noPlace },
    {
      name: 'conv-net, group norm, pooling, local contrast, gray',
      module: only(convNet({ widths, channels: 1, norm: 'group', numGroups: 4, downsampling: 'pool', input: 'local-contrast' })),
      encoder: 'conv-net',
      encoderOptions: { widths, norm: 'group', numGroups: 4, downsampling: 'pool', input: 'local-contrast' },
      ...{ size: 32, channels: 1, refused: noPlace },
    },
    {
      name: 'ResNet-18',
      module: only(resnet18({ stem: 'imagenet' })),
      encoder: 'resnet18',
      encoderOptions: { stem: 'imagenet' },
      size: 64,
      refused: [],
    },
    {
      name: 'ResNet-50',
      module: only(resnet50({ stem: 'imagenet' })),
      encoder: 'resnet50',
      encoderOptions: { stem: 'imagenet' },
      size: 64,
      refused: [],
    },
    {
      name: 'ResNet-18, stem for small images',
      module: only(resnet18({ stem: 'cifar' })),
      ...{ encoder: 'resnet18', encoderOptions: { stem: 'cifar' }, size: 16, refused: noPlace },
    },
    {
      name: 'ViT, class token, learned positions',
      module: only(vit({ ...tiny, imageSize: 32, positions: 'learned' })),
      ...{ encoder: 'vit-tiny', encoderOptions: { ...tiny, positions: 'learned' }, size: 32, refused: [] },
    },
    {
      name: 'ViT, images of 32x48 pixels',
      module: only(vit({ ...tiny, imageSize: [32, 48], positions: 'learned' })),
      ...{ encoder: 'vit-tiny', encoderOptions: { ...tiny, positions: 'learned' }, size: 32, width: 48, refused: [] },
    },
    {
      name: 'ViT, mean of patches, sin-cos positions',
      module: only(vit({ ...tiny, imageSize: 32, pooling: 'mean' })),
      ...{ encoder: 'vit-tiny', encoderOptions: { ...tiny, pooling: 'mean' }, size: 32, refused: [] },
    },
  ];
}

async function writeRandom({ module, channels = 3, ...subject }: RandomEncoder, path: string): Promise<void> {
  const weights = disturbed(await saveWeights(module), createRng(1));
  module.dispose();
  const sides = subject.width === undefined ? {} : { height: subject.size, width: subject.width };
  const input = { size: subject.size, ...sides, channels, mean: MEAN.slice(0, channels), std: STD.slice(0, channels) };
  const source = { name: 'random weights', sha256: '0'.repeat(64), family: 'random' };
  const { encoder, encoderOptions } = subject;
  writeFileSync(path, await importEncoder({ modality: 'image', encoder, encoderOptions, input, weights, source }));
}

/** Sentences of made-up order, between four and nine words long. */
export function sentences(count: number, seed: number): string[] {
  const rng = createRng(seed);
  return Array.from({ length: count }, (_, i) => {
    const picks = drawUniform(rng.fold(i), 10, { max: WORDS.length });
    const words = Array.from(picks.subarray(0, 4 + (i % 6)), (pick) => WORDS[Math.min(WORDS.length - 1, Math.floor(pick))]!);
    return `${words.join(' ')}.`;
  });
}

async function command(argv: readonly string[]): Promise<void> {
  let said = '';
  const stream = { write: (text: string) => (said += text) };
  if ((await runCli(argv, { stdout: stream, stderr: stream })) !== 0) throw new Error(said);
}

const text = (folder: string, out: string) => [
  ...['--task', 'masked-language', '--data', join(folder, 'corpus.txt'), '--documents', 'blank-line', '--length', '16', '--out', out],
  ...['--vocabulary-size', '100', '--batch-size', '8', '--epochs', '2', '--probe-every', '0', '--test-fraction', '0.2'],
  ...[
    '--encoder-option',
    'numLayers=2',
    '--encoder-option',
    'width=32',
    '--encoder-option',
    'numHeads=2',
    '--encoder-option',
    'maxPositions=16',
  ],
];

/** What is trained for a second each, with the flags of `selfsup train`. */
function trained(folder: string): (Omit<Subject, 'run'> & { readonly flags: (out: string) => readonly string[] })[] {
  const images = (out: string) => [
    ...[
      '--data',
      'shapes',
      '--image-size',
      '32',
      '--limit',
      '64',
      '--test-limit',
      '32',
      '--batch-size',
      '16',
      '--epochs',
      '1',
      '--out',
      out,
    ],
    ...['--probe-every', '0', '--knn-bank', '32', '--task', 'simclr'],
  ];
  const convNetFlags = (readout: string) => ['--encoder', 'conv-net', '--encoder-option', 'widths=[8,16,32]', '--readout', readout];
  const vitFlags = (readout: string) => [
    '--encoder',
    'vit-tiny',
    '--readout',
    readout,
    ...['numLayers=2', 'width=32', 'numHeads=2', 'patchSize=8'].flatMap((option) => ['--encoder-option', option]),
  ];
  const ofText: Format[] = ['safetensors-timm'];
  return [
    {
      name: 'conv-net, a run with readout pyramid and a classifier',
      kind: 'image',
      classifier: 'few',
      refused: ['safetensors-timm', 'huggingface'],
      fillsMasks: false,
      flags: (out) => [...images(out), ...convNetFlags('pyramid')],
    },
    {
      name: 'ViT, a run with readout tokens',
      kind: 'image',
      refused: [],
      fillsMasks: false,
      flags: (out) => [...images(out), ...vitFlags('tokens')],
    },
    {
      name: 'conv-net, a run with readout patches',
      kind: 'image',
      refused: ['safetensors-timm', 'huggingface'],
      fillsMasks: false,
      flags: (out) => [...images(out), ...convNetFlags('patches')],
    },
    {
      name: 'ViT, a run with readout patches',
      kind: 'image',
      refused: [],
      fillsMasks: false,
      flags: (out) => [...images(out), ...vitFlags('patches')],
    },
    {
      name: 'BERT, a run of masked-language',
      kind: 'text',
      refused: ofText,
      fillsMasks: true,
      flags: (out) => [...text(folder, out), '--readout', 'global'],
    },
    {
      name: 'BERT, a run with readout embedding+top',
      kind: 'text',
      refused: ofText,
      fillsMasks: true,
      flags: (out) => [...text(folder, out), '--readout', 'embedding+top'],
    },
  ];
}

/**
 * Makes the encoders of the check: random weights far from their start, and runs of a second.
 *
 * @param folder where they are written
 * @param isWanted says by name which to make
 * @returns see {@link Subject}
 */
export async function makeSubjects(folder: string, isWanted: (name: string) => boolean): Promise<Subject[]> {
  const subjects: Subject[] = [];
  writeFileSync(join(folder, 'corpus.txt'), sentences(60, 7).join('\n\n'));
  for (const random of randomEncoders()) {
    const { name, refused, module } = random;
    if (isWanted(name)) {
      const run = join(folder, `${subjects.length}.safetensors`);
      await writeRandom(random, run);
      subjects.push({ name, kind: 'image', run, refused, fillsMasks: false });
    } else module.dispose();
  }
  for (const { flags, ...subject } of trained(folder)) {
    if (!isWanted(subject.name)) continue;
    const run = join(folder, `${subjects.length}`);
    mkdirSync(run);
    await command(['train', ...flags(run), '--no-report']);
    if (subject.classifier !== undefined) await command(['fine-tune', '--run', run, '--label-counts', '3-per-class', '--name', subject.classifier]); // prettier-ignore
    subjects.push({ ...subject, run });
  }
  return subjects;
}
