import type { BackendCheckKind } from '@selfsup/testing';

/** Something that a backend computes otherwise and that is left so. */
export interface KnownDefect {
  /** The backend's tfjs name. */
  readonly backend: string;
  readonly operation: string;
  readonly kind: BackendCheckKind;
  /** What it does, and why that is left. */
  readonly why: string;
}

const NAN_IN_WGSL =
  'WGSL does not promise that NaN passes through its minima, maxima and exponentials, and drivers differ; the trainer looks at the loss and at the sums of the gradients in JavaScript, and the operations of selfsup let NaN through';

/** What is known, and is no failure of `npm run test:backends`. */
export const knownDefects: readonly KnownDefect[] = ['relu6', 'sigmoid', 'softplus', 'softmax'].map((operation) => ({
  backend: 'webgpu',
  operation,
  kind: 'not finite',
  why: `NaN becomes a number or infinity: ${NAN_IN_WGSL}`,
}));

/** The known defect behind a problem, if it is one. */
export const knownDefect = (place: string, operation: string, kind: BackendCheckKind): KnownDefect | undefined =>
  knownDefects.find((one) => place.startsWith(one.backend) && one.operation === operation && one.kind === kind);
