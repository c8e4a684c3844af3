import { createRng, SelfsupError, type Rng } from '@selfsup/core';
import { restoreModule } from '@selfsup/trainer';
import { withMergedAdapters } from './adapters.ts';
import { assertFiniteWeights } from './assert-finite-weights.ts';
import { builtinPlugins } from './builtins.ts';
import { freshRng } from './data-start.ts';
import { describeEncoder, type EncoderDescription } from './encoder-file.ts';
import type { AnyModality, AnyModule, EncodeOptions, Features, OpenContext } from './modality.ts';
import type { Samples } from './samples.ts';
import { createOpenContext } from './open-dataset.ts';
import { parseOptions } from './option-schema.ts';
import type { Plugin } from './plugin.ts';
import { silentProgress, type Progress } from './progress.ts';
import { completeReadout, createReadout, type ReadoutChoice } from './readout.ts';
import { createRegistry, type Registry } from './registry.ts';

/** Options of {@link loadEncoder}. */
export interface LoadEncoderOptions {
  /** Packages that bring the encoder or its modality; default what selfsup brings. */
  plugins?: readonly Plugin[];
  /** The same as a registry; goes before `plugins`. */
  registry?: Registry;
  /** Which encoder of a run that keeps several, such as `text`; default the first. */
  encoder?: string;
  /** What the features are instead of what the run chose, such as `global`. */
  readout?: string;
  /** Options of `readout`; default its own defaults, or those of the run where the readout is the same. */
  readoutOptions?: Readonly<Record<string, unknown>>;
  /** Shows progress; default nobody looks. */
  progress?: Progress;
}

/** An encoder with its preprocessing, ready to embed. */
export interface LoadedEncoder extends Omit<EncoderDescription, 'modality'> {
  /** The network: takes prepared input. */
  readonly module: AnyModule;
  /** What gives the features of prepared input: the network as the readout reads it; it shares the variables. */
  readonly features: AnyModule;
  /** How `features` reads the network, with all options. */
  readonly readout: ReadoutChoice;
  /** Columns of the network's own output, the features of the readout `global`. */
  readonly outputDim: number;
  /** Makes a network with the fresh weights that its run would have begun with, read the same way: the control. Dispose `encoder`. */
  createUntrained(): { readonly encoder: AnyModule; readonly features: AnyModule };
  /** Updates that it has seen. */
  readonly step: number;
  /** What prepares its input. */
  readonly modality: AnyModality;
  /** What opens data for it. */
  readonly openContext: OpenContext;
  /**
   * Features of data: images, texts, or whatever the modality opens.
   *
   * @param data in memory or, in Node with `@selfsup/pretrain/node`, a path
   * @returns float32 `[rows, dim]` with the sample of each row; `shape[1]` says how many columns the readout has
   */
  embed(data: unknown): Promise<Features>;
  /** Features of samples that are open. */
  encode(samples: Samples, options?: { stage?: string; indices?: ArrayLike<number>; signal?: AbortSignal }): Promise<Features>;
  /**
   * Features of samples that are open, batch by batch, so that memory does not grow with their number.
   *
   * @throws SelfsupError `SELFSUP_NON_FINITE` when a feature is not finite
   */
  encodeBatches(
    samples: Samples,
    options?: { stage?: string; indices?: ArrayLike<number>; signal?: AbortSignal },
  ): AsyncGenerator<Features, void, void>;
  /** Samples that `encodeBatches` computes together; see `batchSizeOf` of a modality. */
  batchSizeOf(samples: Samples): number;
  /** A network of the same kind with fresh weights. */
  create(rng: Rng): AnyModule;
  /** Frees the network. */
  dispose(): void;
}

/** Samples that are encoded at once by a modality that has no batches of its own. */
const PART = 1024;

/** Features by a modality that gives all at once: of some samples at a time. */
async function* encodeInParts(
  modality: AnyModality,
  features: AnyModule,
  { samples, of }: { samples: Samples; of: EncodeOptions },
): AsyncGenerator<Features, void, void> {
  const total = of.indices?.length ?? samples.length;
  for (let first = 0; first < total; first += PART) {
    const indices = Int32Array.from({ length: Math.min(PART, total - first) }, (_, i) => of.indices?.[first + i] ?? first + i);
    yield await modality.encode(features, samples, { ...of, indices });
  }
}

/** Throws on features that are not finite: nothing that is built on them would mean anything. */
function assertFinite({ data, shape: [, dim], indices }: Features, stage: string): void {
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new SelfsupError(
      'SELFSUP_NON_FINITE',
      `${stage}: the features of sample ${indices[Math.floor(bad / dim)]!} hold ${data[bad]!}; the encoder is damaged or its training diverged: train again, with a lower learning rate`,
    );
}

/**
 * Loads a kept encoder with its preprocessing. A backend must be in force; `selectBackend` of `@selfsup/backends` chooses one.
 *
 * @param given `encoder.safetensors` or `checkpoint.safetensors` of a run; `@selfsup/pretrain/node` takes the folder, too
 * @param options see {@link LoadEncoderOptions}
 * @returns see {@link LoadedEncoder}; dispose it
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when the file is damaged or does not fit, `SELFSUP_OPTION` when nobody brings the encoder or the modality
 */
export async function loadEncoder(given: Uint8Array, options: LoadEncoderOptions = {}): Promise<LoadedEncoder> {
  const { plugins = [], progress = silentProgress } = options;
  const registry = options.registry ?? createRegistry([...builtinPlugins, ...plugins]);
  const bytes = await withMergedAdapters(given);
  const description = await describeEncoder(bytes, options.encoder);
  const { files, input, settings } = description;
  const { seed } = settings;
  const modality = registry.modalities.get(description.modality);
  const recipe = registry.encoders.get(description.encoder.name);
  const factory = recipe.create(parseOptions(recipe.options, description.encoder.options, { who: `encoder ${recipe.name}` }), input);
  const module = factory(createRng(seed));
  const { readout = settings.readout } = options;
  const { readoutOptions = readout === settings.readout ? settings.readoutOptions : {} } = options;
  const read = (network: AnyModule) => createReadout(network, recipe, { readout, readoutOptions, input, files });
  const encoding = { input, files, progress };
  const features = read(module);
  const openContext = createOpenContext(registry, modality.name, { progress, earlier: { input, files } });
  const encode: LoadedEncoder['encode'] = (samples, { stage = 'Encoding', indices, signal } = {}) =>
    modality.encode(features, samples, { ...encoding, stage, indices, signal });
  const encodeBatches: LoadedEncoder['encodeBatches'] = async function* (samples, { stage = 'Encoding', indices, signal } = {}) {
    const of = { ...encoding, stage, indices, signal };
    for await (const part of modality.encodeBatches?.(features, samples, of) ?? encodeInParts(modality, features, { samples, of })) {
      assertFinite(part, stage);
      yield part;
    }
  };
  try {
    const { step } = await restoreModule(module, bytes, { prefix: description.encoder.prefix });
    await assertFiniteWeights(module);
    return {
      ...description,
      module,
      features,
      readout: completeReadout(recipe, { readout, readoutOptions }, (name) => `\`${name}\``),
      createUntrained() {
        const encoder = factory(freshRng(seed));
        return { encoder, features: read(encoder) };
      },
      outputDim: factory.outputDim,
      step,
      modality,
      openContext,
      encode,
      encodeBatches,
      batchSizeOf: (samples) => modality.batchSizeOf?.(samples) ?? PART,
      async embed(data) {
        const opened = await modality.openSamples({ data, options: description.options, seed, testFraction: 0, input }, openContext);
        return encode(opened.train);
      },
      create: (rng) => factory(rng),
      dispose: () => {
        module.dispose();
      },
    };
  } catch (error) {
    module.dispose();
    throw error;
  }
}
