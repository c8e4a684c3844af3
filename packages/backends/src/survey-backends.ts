import * as tf from '@tensorflow/tfjs-core';
import { isSelfsupError, SelfsupError } from '@selfsup/core';
import type { BackendDetails, BackendName, BackendOptions, BackendSetup } from './backend-setup.ts';
import { builtinBackends } from './builtin-backends.ts';
import { closeBackend, isOpen, prepareBackend, whyNotByItself } from './prepare-backend.ts';
import { probeSpeed, type BackendSpeed } from './probe-speed.ts';
import { registerGradients } from './register-gradients.ts';
import { assertBackendOptions } from './select-backend.ts';

/** Options of {@link surveyBackends}. */
export interface SurveyOptions extends BackendOptions {
  /** What there is; default {@link builtinBackends}. */
  backends?: readonly BackendSetup[];
  /** How long the speed of each is measured, in seconds, after a first turn that does not count; default 2. */
  seconds?: number;
  /** Called before each backend. */
  onBackend?: (name: BackendName) => void;
}

/** What {@link surveyBackends} found of one backend. */
export interface SurveyedBackend extends Partial<Omit<BackendDetails, 'name'>> {
  /** Its tfjs name. */
  readonly name: BackendName;
  /** Whether it trains here: set up and proved. */
  readonly works: boolean;
  /** Whether `auto` takes it when nothing faster works. */
  readonly byItself: boolean;
  /** Why it does not work or `auto` leaves it alone, with the cure. */
  readonly reason?: string;
  /** What it computes in a second. */
  readonly speed?: BackendSpeed;
}

async function survey(setup: BackendSetup, { seconds, ...options }: BackendOptions & { seconds: number }): Promise<SurveyedBackend> {
  const against = await whyNotByItself(setup, options);
  const { name } = setup;
  const isInUse = isOpen(name);
  try {
    const { description, limits } = await prepareBackend(setup, options);
    const speed = await probeSpeed(seconds);
    const found = { name, works: true, byItself: against === undefined, description, speed };
    return { ...found, ...(limits && { limits }), ...(against !== undefined && { reason: against }) };
  } catch (error) {
    if (!isSelfsupError(error)) throw error;
    return { name, works: false, byItself: false, reason: error.message };
  } finally {
    if (!isInUse) await closeBackend(name);
  }
}

/**
 * Tries every backend: what works here, how fast, and what does not, with the reason and the cure. One after the other is set up, proved, measured and
 * closed, unless it was in use before: what lies on that one stays. Afterwards the backend that was current before is current again, where there was one.
 *
 * @param options see {@link SurveyOptions}; `wideVectors: true` is asked of wasm alone
 * @returns one entry per backend, in the order in which `auto` tries them
 * @throws SelfsupError `SELFSUP_OPTION` on a `threads`, `wideVectors` or `seconds` that cannot be
 * @example
 * ```ts
 * import { surveyBackends } from '@selfsup/backends';
 * for (const { name, works, reason, speed } of await surveyBackends({ seconds: 0.2 })) console.log(name, works ? speed : reason);
 * ```
 */
export async function surveyBackends(options: SurveyOptions = {}): Promise<SurveyedBackend[]> {
  const { backends = builtinBackends, seconds = 2, onBackend, ...rest } = options;
  assertBackendOptions(rest, 'surveyBackends');
  if (!(seconds > 0)) throw new SelfsupError('SELFSUP_OPTION', `surveyBackends: \`seconds\` must be above 0, got ${String(seconds)}`);
  await registerGradients();
  const before = Object.keys(tf.engine().registry).includes(tf.engine().backendName) ? tf.getBackend() : undefined;
  const found: SurveyedBackend[] = [];
  for (const setup of backends) {
    onBackend?.(setup.name);
    found.push(await survey(setup, { ...rest, seconds }));
  }
  if (before !== undefined && Object.keys(tf.engine().registry).includes(before)) await tf.setBackend(before);
  return found;
}
