import { SelfsupError } from '@selfsup/core';
import type { BertOptions, BertSize } from '../bert.ts';
import { sidesOf } from '../layers/grid-of.ts';
import { sinCosPositions } from '../layers/patch-positions.ts';
import type { ResnetOptions } from '../resnet.ts';
import type { SavedWeights } from '../save-weights.ts';
import type { VitOptions, VitSize } from '../vit.ts';
import { entriesOf, type Entry, type NameTable, type Part } from './name-table.ts';
import { bertParts, resnetParts, vitParts } from './parts.ts';
import { resnets } from './read-resnet.ts';
import { nameTables, type PretrainedFamily } from './recognize-family.ts';
import { ourShape, toTheirs } from './turn-values.ts';

/** A tensor as other libraries keep it. */
export interface ForeignTensor {
  /** float32. */
  readonly dtype: 'F32';
  /** Their shape. */
  readonly shape: readonly number[];
  /** Row-major values, a copy. */
  readonly data: Float32Array;
}

/** What {@link toForeign} must know of the network: the name and options of a ResNet, the options of the others. */
export type ForeignOptions =
  (ResnetOptions & { readonly encoder: 'resnet18' | 'resnet34' | 'resnet50' }) | (VitOptions & VitSize) | (BertOptions & BertSize);

function partsOf({ kind }: NameTable, options: ForeignOptions): Part[] {
  if (kind === 'bert') {
    const given = options as BertOptions & BertSize;
    return bertParts({
      ...given,
      vocabularySize: given.vocabularySize ?? 30_522,
      maxPositions: given.maxPositions ?? 512,
      numSegments: given.numSegments ?? 2,
    });
  }
  if (kind === 'vit') return vitParts(options as VitOptions & VitSize);
  const { encoder, stem = 'imagenet', channels = 3 } = options as ResnetOptions & { encoder: keyof typeof resnets };
  return resnetParts({ ...resnets[encoder], kernel: stem === 'cifar' ? 3 : 7, channels });
}

/** Fixed positions, which are no variables of ours, where theirs has them among its tensors. */
function withPositions(weights: SavedWeights, { kind }: NameTable, options: ForeignOptions): SavedWeights {
  if (kind !== 'vit' || weights['positions']) return weights;
  const { imageSize = 224, patchSize = 16, width, classToken = true } = options as VitOptions & VitSize;
  const [height, breadth] = sidesOf(imageSize);
  const data = sinCosPositions([height / patchSize, breadth / patchSize], width).slice(classToken ? 0 : width);
  return { ...weights, positions: { shape: [data.length / width, width], data } };
}

/** Our weights by entries, in their names and shapes; `who` is the function that errors name, `what` the network. */
export function writeEntries(
  who: string,
  weights: SavedWeights,
  { entries, what = 'weights' }: { entries: readonly Entry[]; what?: string },
): Map<string, ForeignTensor> {
  const fail = (message: string): never => {
    throw new SelfsupError('SELFSUP_OPTION', `${who}: ${message}`);
  };
  const count = entries.reduce((sum, { paths }) => sum + paths.length, 0);
  if (Object.keys(weights).length !== count) {
    const known = new Set(entries.flatMap(({ paths }) => paths));
    const extra = Object.keys(weights).filter((path) => !known.has(path));
    const more = extra.length > 0 ? `, of which it has no place for ${extra.map((path) => `\`${path}\``).join(', ')}` : '';
    fail(`\`${what}\` must have ${count} variables, got ${Object.keys(weights).length}${more}`);
  }
  const result = entries.map((entry): [string, ForeignTensor] => {
    const shape = ourShape(entry);
    const parts = entry.paths.map((path) => {
      const weight = weights[path];
      if (weight?.shape.join() !== shape.join())
        fail(`\`${path}\` of \`${what}\` must have shape [${shape.join(', ')}], got ${weight ? `[${weight.shape.join(', ')}]` : 'none'}`);
      return weight!.data;
    });
    return [entry.name, { dtype: 'F32', ...toTheirs(entry, parts) }];
  });
  return new Map(result);
}

/**
 * Gives the weights of an encoder the names and shapes of another library: what {@link readPretrained} reads, by the same tables.
 *
 * @param family whose names: `resnet` torchvision's and timm's, `vit` timm's (DeiT, DINO, DINOv2, MAE), `huggingface-resnet`, `huggingface-vit`,
 * `huggingface-dinov2`, `huggingface-bert`, `huggingface-distilbert`
 * @param weights all variables by path, as `saveWeights` gives them
 * @param options the options with which the encoder was made
 * @returns the tensors by name, without a prefix, copies. The counters `num_batches_tracked` are not among them: PyTorch supplies those of a state without versions
 * @throws SelfsupError `SELFSUP_OPTION` when the weights are not those of such an encoder, or have a variable that the family has no place for, such as registers in
 * `huggingface-vit`
 * @example
 * ```ts
 * import { createRng } from '@selfsup/core';
 * import { saveWeights, toForeign, vit } from '@selfsup/encoders';
 * const options = { imageSize: 32, patchSize: 8, numLayers: 2, width: 64, numHeads: 2 };
 * const tensors = toForeign('vit', await saveWeights(vit(options)(createRng(0))), options);
 * console.log(tensors.get('blocks.0.attn.qkv.weight')?.shape); // [192, 64]
 * ```
 */
export function toForeign(family: PretrainedFamily, weights: SavedWeights, options: ForeignOptions): ReadonlyMap<string, ForeignTensor> {
  const table = nameTables[family];
  const entries = entriesOf(table, partsOf(table, options));
  return writeEntries('toForeign', withPositions(weights, table, options), { entries });
}
