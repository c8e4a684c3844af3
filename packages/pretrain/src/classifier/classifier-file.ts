import { printable, SelfsupError } from '@selfsup/core';
import type { SavedWeights } from '@selfsup/encoders';
import type { LinearClassifier } from '@selfsup/evaluate';
import type { SafetensorsTensor } from '@selfsup/safetensors';
import { decodeCheckpoint, encodeCheckpoint } from '@selfsup/trainer';
import { asClassifierDescription, type ClassifierDescription } from './classifier-description.ts';

/** The files of a kept classifier, in a folder of its own. */
export const classifierFileNames = {
  description: 'classifier.json',
  weights: 'classifier.safetensors',
  sections: 'sections.json',
  report: 'report.html',
} as const;

/** The folder of a run in which its classifiers are. */
export const CLASSIFIERS = 'classifiers';

/** What a classifier is made of. Internal. */
export interface ClassifierParts {
  readonly description: ClassifierDescription;
  readonly head: LinearClassifier;
  /** The encoder's weights where they were trained together. */
  readonly encoder?: SavedWeights;
}

const HEAD = ['mean', 'deviation', 'kernel', 'bias'] as const;

/** Writes a classifier as `classifier.safetensors`, which holds its description, too. Internal. */
export function encodeClassifier({ description, head, encoder = {} }: ClassifierParts): Promise<Uint8Array> {
  const classes = head.bias.length;
  const shapes = { mean: [head.mean.length], deviation: [head.mean.length], kernel: [head.mean.length, classes], bias: [classes] };
  const tensors = new Map<string, SafetensorsTensor>();
  for (const name of HEAD) tensors.set(`head/${name}`, { dtype: 'F32', shape: shapes[name], data: Float32Array.from(head[name]) });
  for (const [path, { shape, data }] of Object.entries(encoder)) tensors.set(`encoder/${path}`, { dtype: 'F32', shape, data });
  return encodeCheckpoint({ metadata: { format: 'selfsup', classifier: JSON.stringify(description) }, tensors });
}

/**
 * Reads `classifier.safetensors`. Internal.
 *
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when it is damaged or does not hold a classifier
 */
export async function decodeClassifier(bytes: Uint8Array): Promise<ClassifierParts> {
  const fail = (what: string): never => {
    throw new SelfsupError('SELFSUP_CHECKPOINT', `loadClassifier: ${what}`);
  };
  const { metadata, tensors } = await decodeCheckpoint('loadClassifier', bytes);
  const text =
    metadata['classifier'] ?? fail('the file holds no classifier; give the classifier.safetensors that `selfsup fine-tune` wrote');
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    fail('the `classifier` of the file is not valid JSON; restore it, or make it again');
  }
  const description = asClassifierDescription(content, 'the `classifier` of the file');
  const tensorOf = (name: string): SafetensorsTensor & { readonly data: Float32Array } => {
    const tensor = tensors.get(name);
    if (!(tensor?.data instanceof Float32Array)) return fail(`the file must have \`${printable(name)}\` of type F32`);
    return { ...tensor, data: tensor.data };
  };
  const [mean, deviation, kernel, bias] = HEAD.map((name) => tensorOf(`head/${name}`));
  const [dim, classes] = [mean!.data.length, description.classes.length];
  const shapes = [mean, deviation, kernel, bias].map((tensor) => tensor!.shape.join('x'));
  if (shapes.join() !== [dim, dim, `${dim}x${classes}`, classes].join())
    fail(
      `the head must have a kernel [dim, ${classes}] for its ${classes} classes, and as many means and deviations; got ${shapes.join(', ')}`,
    );
  const all = [mean, deviation, kernel, bias].flatMap((tensor) => [...tensor!.data]);
  if (!all.every(Number.isFinite) || deviation!.data.some((value) => value <= 0))
    fail('the weights of the head must be finite, and its deviations > 0');
  const head = { mean: mean!.data, deviation: deviation!.data, kernel: kernel!.data, bias: bias!.data };
  if (description.kind === 'linear-probe') return { description, head };
  const encoder: Record<string, SavedWeights[string]> = {};
  for (const name of tensors.keys()) {
    if (!name.startsWith('encoder/')) continue;
    const { shape, data } = tensorOf(name);
    encoder[name.slice('encoder/'.length)] = { shape, data };
  }
  return { description, head, encoder };
}
