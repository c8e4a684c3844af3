import type { BackendCheckKind } from '@selfsup/testing';

/** What came of one check. */
export interface CheckFinding {
  readonly operation: string;
  readonly kind: BackendCheckKind;
  /** What is wrong; absent where nothing is. */
  readonly problem?: string;
}

/** The losses of a training that went on from a checkpoint of another place. */
export interface Continued {
  readonly curve: string;
  /** The place that wrote the checkpoint. */
  readonly from: string;
  readonly losses: readonly number[];
}

/** What was found in one place: a backend with its build and threads, in Node or in a page. */
export interface PlaceFindings {
  /** As in the head of the table, such as `wasm relaxed, 2 threads`. */
  readonly place: string;
  /** `Node 24.21.0` or `Chromium 156.0`. */
  readonly platform: string;
  /** The day, as 2026-11-29. */
  readonly date: string;
  /** Why nothing ran there; the rest is absent then. */
  readonly skipped?: string;
  /** What the backend says of itself. */
  readonly description?: string;
  /** The packages that matter, with their versions. */
  readonly versions?: Readonly<Record<string, string>>;
  readonly checks?: readonly CheckFinding[];
  readonly seconds?: number;
  /** The losses of the trainings by name. */
  readonly curves?: Readonly<Record<string, readonly number[]>>;
  readonly continued?: readonly Continued[];
}
