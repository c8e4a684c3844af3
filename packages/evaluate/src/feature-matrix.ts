import { SelfsupError } from '@selfsup/core';

/** Feature vectors in rows, outside the backend. */
export interface FeatureMatrix {
  /** Row-major values. */
  readonly data: Float32Array;
  /** `[rows, dim]`. */
  readonly shape: readonly [rows: number, dim: number];
}

/**
 * One matrix of the rows of several.
 *
 * @param parts at least one, all with as many columns
 * @returns their rows, one part after the other
 * @throws SelfsupError `SELFSUP_SHAPE` without a part, or when columns differ
 */
export function joinFeatures(parts: readonly FeatureMatrix[]): FeatureMatrix {
  const [first] = parts;
  const dim = first?.shape[1] ?? 0;
  const other = parts.find(({ shape }) => shape[1] !== dim);
  if (!first || other)
    throw new SelfsupError(
      'SELFSUP_SHAPE',
      `joinFeatures: \`parts\` must be at least one matrix, all with as many columns, got ${first ? `${dim} and ${other!.shape[1]}` : 'none'}`,
    );
  const rows = parts.reduce((sum, { shape }) => sum + shape[0], 0);
  const data = new Float32Array(rows * dim);
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { data, shape: [rows, dim] };
}

/** Throws unless a matrix has rows, as many values as its shape says, and finite ones only. Internal. */
export function checkFeatures(what: string, { data, shape }: FeatureMatrix): void {
  const [rows, dim] = shape;
  if (!Number.isSafeInteger(rows) || !Number.isSafeInteger(dim) || rows < 1 || dim < 1)
    throw new SelfsupError('SELFSUP_SHAPE', `${what} must have shape [rows >= 1, dim >= 1], got [${shape.join(', ')}]`);
  if (data.length !== rows * dim)
    throw new SelfsupError('SELFSUP_SHAPE', `${what} of shape [${rows}, ${dim}] must have ${rows * dim} values, got ${data.length}`);
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new SelfsupError(
      'SELFSUP_NON_FINITE',
      `${what} must be finite, row ${Math.floor(bad / dim)} holds ${data[bad]!}; did the training diverge?`,
    );
}

/** Throws unless there is one class, 0 … numClasses − 1, for each row. Internal. */
export function checkLabels(what: string, labels: ArrayLike<number>, { rows, numClasses }: { rows: number; numClasses: number }): void {
  if (!Number.isSafeInteger(numClasses) || numClasses < 1)
    throw new SelfsupError('SELFSUP_OPTION', `${what}: \`numClasses\` must be an integer >= 1, got ${numClasses}`);
  if (labels.length !== rows)
    throw new SelfsupError('SELFSUP_SHAPE', `${what} must have one label for each of ${rows} rows, got ${labels.length}`);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!Number.isInteger(label) || label < 0 || label >= numClasses)
      throw new SelfsupError('SELFSUP_OPTION', `${what} must be integers in [0, ${numClasses}), got ${label} at row ${i}`);
  }
}
