import type { AnyModality } from '../modality.ts';
import type { Plugin } from '../plugin.ts';
import type { Registry } from '../registry.ts';
import type { RunConfig } from '../run-config.ts';

/** The checks that a modality may be excused from. */
export type SkippableModalityCheck = 'samples' | 'order' | 'ranks' | 'run';

/** Options of `modalityChecks` and `testModality`. */
export interface ModalityConformanceOptions {
  /** The modality. */
  modality: AnyModality;
  /** What brings an encoder, a task and openers for it; the modality itself may be among it. */
  plugins: readonly Plugin[];
  /** A few dozen samples, in memory or as the openers take them; with labels, if there is such a thing. They are opened some twenty times. */
  data: unknown;
  /**
   * The run that is tried: a small encoder, a batch that fits the data twice, options of the modality. Default the modality's own task, its first encoder and
   * `epochs: 2`.
   */
  run?: RunConfig;
  /** Data that must be refused with a clear message, by what is wrong with it: `{ 'no rows': { table: [] } }`; default an object that nobody opens. */
  badData?: Readonly<Record<string, unknown>>;
  /** Checks that this modality cannot pass by its nature, with the reason: `{ order: 'text is read in order' }`. */
  skip?: Partial<Record<SkippableModalityCheck, string>>;
}

/** A modality with all that is needed to try it. Internal. */
export interface ModalitySubject {
  readonly modality: AnyModality;
  readonly registry: Registry;
  /** With `data`, `task` and `epochs`. */
  readonly run: RunConfig;
  readonly badData: Readonly<Record<string, unknown>>;
}
