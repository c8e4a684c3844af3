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

/** What is known, and is no failure of `npm run test:backends` or `npm run test:browser`; nothing at present. */
export const knownDefects: readonly KnownDefect[] = [];

/** The known defect behind a problem, if it is one. */
export const knownDefect = (place: string, operation: string, kind: BackendCheckKind): KnownDefect | undefined =>
  knownDefects.find((one) => place.startsWith(one.backend) && one.operation === operation && one.kind === kind);
