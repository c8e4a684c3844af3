import { sidesOf } from '../layers/grid-of.ts';
import type { BertOptions, BertSize } from '../bert.ts';
import { expansion } from '../residual-block.ts';
import type { VitOptions, VitSize } from '../vit.ts';
import type { Part } from './name-table.ts';

/** The layers of a ResNet. */
export interface ResnetShape {
  /** The kind of its blocks. */
  readonly kind: 'basic' | 'bottleneck';
  /** Blocks of each stage. */
  readonly depths: readonly number[];
  /** Side of the first kernel in pixels. */
  readonly kernel: number;
  /** Channels of the images. */
  readonly channels: number;
}

const part = (rows: string, dims: Readonly<Record<string, number>>, rest: Partial<Part> = {}): Part => ({
  rows,
  dims,
  places: {},
  has: new Set(),
  ...rest,
});

/** The parts of a ResNet. */
export function resnetParts({ kind, depths, kernel, channels }: ResnetShape): Part[] {
  const widths = [64, 128, 256, 512];
  let input = widths[0]!;
  const parts = [part('stem', { width: input, channels, kernel })];
  for (const [stage0, depth] of depths.entries())
    for (let i = 0; i < depth; i++) {
      const width = widths[stage0]!;
      const output = width * expansion[kind];
      const dims = { width, input, output };
      const places = { stage: stage0 + 1, stage0, i, block: i + 1 };
      parts.push(part(kind, dims, { places }));
      if (input !== output || (stage0 > 0 && i === 0)) parts.push(part('downsample', dims, { places }));
      input = output;
    }
  return parts;
}

/** The parts of a Vision Transformer; `positions` are the rows of the table of positions. */
export function vitParts(options: VitOptions & VitSize): Part[] {
  const { imageSize = 224, patchSize: patch = 16, channels = 3, numLayers, width, hiddenDim: hidden = 4 * width } = options;
  const { classToken = true, classPosition = true, numRegisters: registers = 0, layerScale, qkvBias = true, maskToken = false } = options;
  const [height, breadth] = sidesOf(imageSize);
  const rows = (height / patch) * (breadth / patch);
  const positions = classToken && (classPosition || options.positions !== 'learned') ? 1 + rows : rows;
  const flags = { classToken, registers: registers > 0, layerScale: layerScale !== undefined, qkvBias, maskToken };
  const has = new Set(Object.entries(flags).flatMap(([name, on]) => (on ? [name] : [])));
  const dims = { width, hidden, threeWidths: 3 * width, channels, patch, positions, registers };
  const blocks = Array.from({ length: numLayers }, (_, layer) => part('block', dims, { places: { layer, block: layer + 1 }, has }));
  return [part('network', dims, { has }), ...blocks];
}

/** The parts of a BERT. */
export function bertParts(
  options: BertSize & Required<Pick<BertOptions, 'vocabularySize' | 'maxPositions' | 'numSegments'>> & BertOptions,
): Part[] {
  const { numLayers, width, hiddenDim: hidden = 4 * width, embeddingDim: embedding = width } = options;
  const { vocabularySize: words, maxPositions: positions, numSegments: segments } = options;
  const dims = { width, hidden, embedding, words, positions, segments };
  const layers = Array.from({ length: numLayers }, (_, layer) => part('layer', dims, { places: { layer } }));
  return [part('network', dims, { has: new Set(segments > 0 ? ['segments'] : []) }), ...layers];
}

/** The parts of a BERT's heads. */
export const bertHead = (rows: 'maskedHead' | 'nextSentenceHead', { width, words }: { width: number; words: number }): Part[] => [
  part(rows, { width, words }),
];
