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

const notFinite = (backend: string, operations: readonly string[], why: string): KnownDefect[] =>
  operations.map((operation) => ({ backend, operation, kind: 'not finite', why }));

/** What is known, and is no failure of `npm run test:backends` or `npm run test:browser`. */
export const knownDefects: readonly KnownDefect[] = [
  ...notFinite('webgl', ['div'], '0 / 0 is 1: tfjs divides equal numbers so on purpose'),
  ...notFinite(
    'webgl',
    ['relu', 'relu6', 'softplus', 'clipByValue'],
    'NaN and infinity come out otherwise: GLSL does not promise that they pass',
  ),
  { backend: 'webgl', operation: 'sum', kind: 'empty', why: 'the sum of an empty tensor is refused' },
];

/** The known defect behind a problem, if it is one. */
export const knownDefect = (place: string, operation: string, kind: BackendCheckKind): KnownDefect | undefined =>
  knownDefects.find((one) => place.startsWith(one.backend) && one.operation === operation && one.kind === kind);
