import { SelfsupError } from '@selfsup/core';
import { resnet18, resnet34, resnet50, type ResnetOptions } from '../resnet.ts';
import type { SavedWeights } from '../save-weights.ts';
import { adaptChannels } from './adapt-weights.ts';
import type { ConfigFields } from './config-fields.ts';
import { entriesOf } from './name-table.ts';
import { resnetParts, type ResnetShape } from './parts.ts';
import { readNetwork } from './read-entries.ts';
import type { FoundNetwork } from './recognize-family.ts';

/** The ResNets that there are. */
export const resnets = {
  resnet18: { build: resnet18, kind: 'basic', depths: [2, 2, 2, 2] },
  resnet34: { build: resnet34, kind: 'basic', depths: [3, 4, 6, 3] },
  resnet50: { build: resnet50, kind: 'bottleneck', depths: [3, 4, 6, 3] },
} as const;

/** Counts the blocks of each stage. */
function depthsOf({ table, network }: FoundNetwork): number[] {
  const row = table.rows['basic']![0]!.theirs;
  const has = (stage: number, block: number) =>
    network.has(
      row
        .replace('{stage}', String(stage + 1))
        .replace('{stage0}', String(stage))
        .replace('{i}', String(block)),
    );
  const depths: number[] = [];
  while (has(depths.length, 0)) {
    let depth = 1;
    while (has(depths.length, depth)) depth++;
    depths.push(depth);
  }
  return depths;
}

/** Reads a ResNet. */
export function readResnet(
  who: string,
  found: FoundNetwork,
  { config, channels: wanted }: { config: ConfigFields; channels: number | undefined },
) {
  if (found.table.family === 'huggingface-resnet')
    config.only({ model_type: 'resnet', hidden_act: 'relu', downsample_in_first_stage: false, downsample_in_bottleneck: false });
  const { network, table } = found;
  const third = table.rows['bottleneck']!.find(({ ours }) => ours === 'stage{stage}/block{block}/conv3/kernel')!.theirs;
  const isBottleneck = network.has(third.replace('{stage}', '1').replace('{stage0}', '0').replace('{i}', '0'));
  const kind: ResnetShape['kind'] = isBottleneck ? 'bottleneck' : 'basic';
  const depths = depthsOf(found);
  const match = Object.entries(resnets).find(([, known]) => known.kind === kind && known.depths.join() === depths.join());
  if (!match)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${who}: the ResNet must have ${Object.entries(resnets).map(([name, known]) => `${known.depths.join(', ')} ${known.kind} blocks (${name})`).join(', or ')}, got ${depths.join(', ')} ${kind} blocks`, // prettier-ignore
    );
  const [encoder, { build }] = match as [keyof typeof resnets, (typeof resnets)[keyof typeof resnets]];
  const stem = network.get(table.rows['stem']![0]!.theirs)?.shape ?? [];
  const [, fileChannels = 3, kernel = 7] = stem;
  if (kernel !== 7 && kernel !== 3)
    throw new SelfsupError('SELFSUP_CHECKPOINT', `${who}: the first kernel must be 7 x 7 or 3 x 3, got the shape [${stem.join(', ')}]`);
  const entries = entriesOf(table, resnetParts({ kind, depths, kernel, channels: fileChannels }));
  const { weights, left } = readNetwork(who, found, { entries, source: config.given ? 'config' : 'architecture' });
  const channels = wanted ?? fileChannels;
  const notes =
    kernel === 3 ? ['the first convolution has 3 x 3 pixels: it is read as the stem of small images, of stride 1 and without pooling'] : [];
  const options: ResnetOptions & { stem: 'cifar' | 'imagenet' } = { stem: kernel === 3 ? 'cifar' : 'imagenet' };
  const first = weights['stem/conv/kernel']!;
  const adapted: SavedWeights =
    channels === fileChannels
      ? weights
      : {
          ...weights,
          'stem/conv/kernel': {
            shape: [kernel, kernel, channels, 64],
            data: adaptChannels(first.data, { places: kernel * kernel, from: fileChannels, to: channels, filters: 64 }),
          },
        };
  return { encoder, options, channels, fileChannels, weights: adapted, left, notes, build: build({ ...options, channels }) };
}
