import { SelfsupError } from '@selfsup/core';
import { sinCosPositions } from '../layers/patch-positions.ts';
import type { SavedWeight } from '../save-weights.ts';
import { vit, type VitOptions, type VitSize } from '../vit.ts';
import { adaptChannels, resizePatches, resizePositions } from './adapt-weights.ts';
import type { ConfigFields } from './config-fields.ts';
import { entriesOf } from './name-table.ts';
import { vitParts } from './parts.ts';
import { readNetwork } from './read-entries.ts';
import { countLayers, type FoundNetwork } from './recognize-family.ts';

/** What a caller wants of the encoder. */
export interface VitWishes {
  /** Channels of the images. */
  readonly channels: number | undefined;
  /** Height and width of the images in pixels. */
  readonly imageSize: number | undefined;
  /** Height and width of a patch in pixels. */
  readonly patchSize: number | undefined;
  /** Heads of the attention where nothing says it. */
  readonly numHeads: number | undefined;
  /** Whether the encoder has a mask token. */
  readonly maskToken: boolean;
}

/** Positions of half precision differ by less from what they were made of. */
const FIXED = 2e-3;

/** Sizes by the names of the encoders of runs. */
const sizes = { 'vit-tiny': 192, 'vit-small': 384, 'vit-base': 768 } as const;

/** Rows of the position table that are not a patch's: the class token's. */
function squareOf(who: string, rows: number, hasClassToken: boolean): { first: number; grid: number } {
  for (const first of hasClassToken ? [1, 0] : [0]) {
    const grid = Math.round(Math.sqrt(rows - first));
    if (grid >= 1 && grid * grid === rows - first) return { first, grid };
  }
  throw new SelfsupError(
    'SELFSUP_CHECKPOINT',
    `${who}: the positions must be those of a square of patches${hasClassToken ? ', with or without the class token' : ''}, got ${rows} rows`,
  );
}

/** What the file says about the network, as `vit` takes it, and the rows of its positions before those of patches. */
function describe(who: string, found: FoundNetwork, { config, wishes }: { config: ConfigFields; wishes: VitWishes }) {
  const { table, network } = found;
  const theirs = (path: string) => [...table.rows['network']!, ...table.rows['block']!].find(({ ours }) => ours === path)!.theirs;
  const shape = (path: string, layer = 0) => network.get(theirs(path).replace('{layer}', String(layer)))?.shape;
  const kernel = shape('patch/kernel') ?? [];
  const [width = 0, channels = 0, patch = 0] = kernel;
  if (kernel.length !== 4 || kernel.some((side) => side < 1))
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${who}: the kernel of the patches must have shape [width, channels, side, side], got [${kernel.join(', ')}]`,
    );
  if (table.family !== 'vit') {
    config.only({ hidden_size: width, num_channels: channels });
    if (typeof config.value('patch_size') === 'number') config.only({ patch_size: patch });
  }
  const classToken = network.has(theirs('classToken'));
  const positions = shape('positions');
  if (positions?.length !== 3)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${who}: \`${theirs('positions')}\` must have shape [1, rows, width], got ${positions ? `[${positions.join(', ')}]` : 'none'}`,
    );
  const { first, grid } = squareOf(who, positions[1]!, classToken);
  const layers = countLayers(found, 'block');
  const timm = config.fields('model_args');
  const numHeads =
    config.count('num_attention_heads') ?? timm.count('num_heads') ?? wishes.numHeads ?? (width % 64 === 0 ? width / 64 : undefined);
  if (numHeads === undefined || width % numHeads !== 0)
    throw new SelfsupError(
      'SELFSUP_CHECKPOINT',
      `${who}: nothing says how many heads the width ${width} is divided into${numHeads === undefined ? '' : `; ${numHeads} does not divide it`}; give \`numHeads\``,
    );
  const epsilon =
    config.number('layer_norm_eps', 'a number > 0', (value) => value > 0) ?? (table.family === 'huggingface-vit' ? 1e-12 : 1e-6);
  const numLayers = Math.min(config.count('num_hidden_layers') ?? timm.count('depth') ?? layers, layers + 1);
  const hiddenDim = shape('block{block}/mlp/linear1/kernel')?.[0] ?? 4 * width;
  const queryBias = table.rows['block']!.find(({ when }) => when === 'qkvBias')!.theirs.replace('{layer}', '0');
  const layerScale = table.rows['block']!.find(({ when }) => when === 'layerScale')?.theirs.replace('{layer}', '0');
  const mask = network.get(theirs('maskToken'))?.shape;
  const maskShape = table.rows['network']!.find(({ ours }) => ours === 'maskToken')!.shape;
  const hasMask = mask !== undefined && mask.length === maskShape.length && mask.at(-1) === width;
  const options = {
    patchSize: patch,
    numLayers: Math.max(1, numLayers),
    width,
    numHeads,
    positions: 'learned',
    ...(!classToken && { classToken }),
    ...((!classToken || config.value('global_pool') === 'avg') && { pooling: 'mean' }),
    ...(classToken && first === 0 && { classPosition: false }),
    ...(network.has(theirs('registers')) && { numRegisters: shape('registers')?.[1] ?? 1 }),
    ...(layerScale !== undefined && network.has(layerScale) && { layerScale: 1 }),
    ...(!network.has(queryBias) && { qkvBias: false }),
    ...(hiddenDim !== 4 * width && { hiddenDim }),
    ...(epsilon !== 1e-6 && { epsilon }),
    ...(wishes.maskToken && hasMask && { maskToken: true }),
  } as const satisfies VitOptions & VitSize;
  return { options, channels, first, grid, hasMask };
}

/** Reads a Vision Transformer. */
export function readVit(who: string, found: FoundNetwork, { config, wishes }: { config: ConfigFields; wishes: VitWishes }) {
  const fail = (message: string): never => {
    throw new SelfsupError('SELFSUP_CHECKPOINT', `${who}: ${message}`);
  };
  if (found.table.family !== 'vit') config.only({ hidden_act: 'gelu', use_swiglu_ffn: false });
  if (found.network.has('fc_norm.weight') && !found.network.has('norm.weight'))
    fail(
      'the file normalizes the mean of the patches (`fc_norm`), as a fine-tuned MAE does; read one that was pretrained only, which has `norm`',
    );
  const { options: file, channels: fileChannels, first, grid, hasMask } = describe(who, found, { config, wishes });
  const fileSize = grid * file.patchSize;
  const entries = entriesOf(found.table, vitParts({ ...file, imageSize: fileSize, channels: fileChannels }));
  const { weights, left } = readNetwork(who, found, { entries, source: config.given ? 'config' : 'architecture' });
  const result: Record<string, SavedWeight> = { ...weights };
  const notes: string[] = [];

  const { channels = fileChannels, patchSize = file.patchSize, imageSize = fileSize } = definedOf(wishes);
  if (imageSize % patchSize !== 0)
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`imageSize\` must be a multiple of the patch size ${patchSize}, got ${imageSize}`);
  const { width } = file;
  const fixed = sinCosPositions(grid, width).subarray((1 - first) * width);
  const isFixed = width % 4 === 0 && result['positions']!.data.every((value, i) => Math.abs(value - fixed[i]!) < FIXED);
  const sameGrid = imageSize / patchSize === grid;
  if (isFixed && sameGrid) delete result['positions'];
  else result['positions'] = resizePositions(result['positions']!, { first, from: grid, to: imageSize / patchSize });
  if (isFixed)
    notes.push(
      sameGrid
        ? 'the positions are fixed sines and cosines, and stay fixed'
        : 'the positions were fixed sines and cosines; interpolated to another grid they are learned ones',
    );
  if (channels !== fileChannels) {
    const { data } = result['patch/kernel']!;
    const places = file.patchSize ** 2;
    result['patch/kernel'] = {
      shape: [places * channels, width],
      data: adaptChannels(data, { places, from: fileChannels, to: channels, filters: width }),
    };
  }
  result['patch/kernel'] = resizePatches(result['patch/kernel']!, { from: file.patchSize, to: patchSize });
  if (wishes.maskToken && !hasMask) {
    result['maskToken'] = { shape: [1, width], data: new Float32Array(width) };
    notes.push('the file has no mask token; it starts as zeros');
  }
  const positions = isFixed && sameGrid ? ('sin-cos' as const) : ('learned' as const);
  const options = { ...file, patchSize, positions, ...(wishes.maskToken && { maskToken: true }) };
  const encoder = (Object.entries(sizes).find(([, columns]) => columns === width)?.[0] ?? 'vit-tiny') as keyof typeof sizes;
  if (
    config.count('num_attention_heads') === undefined &&
    wishes.numHeads === undefined &&
    config.fields('model_args').count('num_heads') === undefined
  )
    notes.push(`nothing says how many heads there are: ${file.numHeads} of 64 columns are assumed`);
  return {
    encoder,
    options,
    channels,
    imageSize,
    fileChannels,
    weights: result,
    left,
    notes,
    build: vit({ ...options, imageSize, channels }),
  };
}

/** Without the fields that are undefined. */
function definedOf<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
