import type { FeatureMatrix } from '@selfsup/evaluate';
import type { LoadedEncoder } from './load-encoder.ts';
import type { Samples } from './samples.ts';

/** What a row of features stands for. */
export interface EmbeddedSample {
  /** Where the sample comes from, such as the path of a photo. */
  readonly file?: string;
  /** The text, where the sample is one. */
  readonly text?: string;
  /** The name of its class, or the number where classes have no names. */
  readonly label?: string;
  /** The part of the data that it is in, such as `train`; absent where there are no parts. */
  readonly split?: string;
  /** Which sample of its part. */
  readonly index: number;
}

/** Samples of one kind, as they are embedded. */
export interface SamplesPart {
  /** The samples. */
  readonly samples: Samples;
  /** What the part is called, such as `train`. */
  readonly split?: string | undefined;
  /** Which of them, in this order; default all. */
  readonly indices?: ArrayLike<number> | undefined;
}

/** Rows of features with what they stand for. */
export interface EmbeddedRows {
  /** `[rows]`: what each stands for. */
  readonly items: readonly EmbeddedSample[];
  /** Float32 `[rows, dim]`. */
  readonly features: FeatureMatrix;
}

/**
 * Says what a sample is.
 *
 * @param part the samples
 * @param index which
 * @returns see {@link EmbeddedSample}
 */
export function describeSample({ samples, split }: SamplesPart, index: number): EmbeddedSample {
  const { ids, labels, classNames } = samples;
  const { texts } = samples as Samples & { readonly texts?: readonly string[] };
  const label = labels?.[index];
  return {
    ...(ids && { file: ids[index]! }),
    ...(texts && { text: texts[index]! }),
    ...(label !== undefined && label >= 0 && { label: classNames?.[label] ?? String(label) }),
    ...(split !== undefined && { split }),
    index,
  };
}

/**
 * Embeds samples part by part and batch by batch, so that any number of them fits into memory.
 *
 * @param encoder from `loadEncoder`
 * @param parts what to embed, opened as it is needed
 * @param options `signal` stops before the next batch
 * @returns rows in the order of the samples; those that cannot be read are left out
 * @throws SelfsupError `SELFSUP_NON_FINITE` when a feature is not finite
 */
export async function* embedSamples(
  encoder: Pick<LoadedEncoder, 'encodeBatches'>,
  parts: AsyncIterable<SamplesPart> | Iterable<SamplesPart>,
  options: { signal?: AbortSignal } = {},
): AsyncGenerator<EmbeddedRows, void, void> {
  for await (const part of parts) {
    const stage = `Encoding ${part.split === undefined ? '' : `${part.split} `}samples`;
    for await (const { data, shape, indices } of encoder.encodeBatches(part.samples, {
      stage,
      ...(part.indices && { indices: part.indices }),
      ...options,
    }))
      yield { items: Array.from(indices, (index) => describeSample(part, index)), features: { data, shape } };
  }
}
