import { SelfsupError, isSelfsupError } from '@selfsup/core';
import type { BackendDetails, BackendName, BackendOptions, BackendSetup } from './backend-setup.ts';
import { setUpCpu } from './cpu-backend.ts';
import { proveBackend } from './prove-backend.ts';
import { registerGradients } from './register-gradients.ts';
import { setUpWasm } from './wasm-backend.ts';

/** Options of {@link selectBackend}. */
export interface SelectBackendOptions extends BackendOptions {
  /** `auto` (default) takes the fastest that proves itself; a name insists on that one. */
  prefer?: 'auto' | BackendName;
}

/** What {@link selectBackend} returns. */
export interface SelectedBackend extends BackendDetails {
  /** The backends that were tried before and why they were left, in order. */
  readonly rejected: readonly string[];
}

const SETUPS: Readonly<Record<BackendName, BackendSetup>> = { wasm: setUpWasm, cpu: setUpCpu };
/** The most threads that may be asked for. */
const MOST_THREADS = 256;
const FASTEST_FIRST: readonly BackendName[] = ['wasm', 'cpu'];

const list = (reasons: readonly string[]): string => reasons.map((reason) => `- ${reason}`).join('\n');

/**
 * Makes a tfjs backend current that can really train: registers the gradients, installs the kernels that it lacks, guards its memory, and proves it
 * on tiny gradients.
 *
 * @param options see {@link SelectBackendOptions}
 * @returns the backend in force, described, with the reasons why faster ones were left. Where `auto` had to leave one, `console.warn` says so, too
 * @throws SelfsupError `SELFSUP_OPTION` for an unknown name; `SELFSUP_BACKEND` with the reason and the cure when the backend asked for, or every one, fails
 * @example
 * ```ts
 * import { selectBackend } from '@selfsup/backends';
 * const backend = await selectBackend({ prefer: 'auto' });
 * console.log(backend.description);
 * ```
 */
export async function selectBackend(options: SelectBackendOptions = {}): Promise<SelectedBackend> {
  const { prefer = 'auto', ...rest } = options;
  if (prefer !== 'auto' && !Object.hasOwn(SETUPS, prefer))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `selectBackend: \`prefer\` must be one of auto, ${FASTEST_FIRST.join(', ')}, got '${String(prefer)}'`,
    );
  const { threads = 'auto' } = rest;
  if (threads !== 'auto' && !(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `selectBackend: \`threads\` must be 'auto' or a whole number from 1 to ${MOST_THREADS}, got ${JSON.stringify(threads)}`,
    );
  const { wideVectors = false } = rest;
  if (wideVectors !== 'auto' && typeof wideVectors !== 'boolean')
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `selectBackend: \`wideVectors\` must be 'auto', true or false, got ${JSON.stringify(wideVectors)}`,
    );
  await registerGradients();
  const rejected: string[] = [];
  const wanted = prefer === 'auto' && wideVectors === true ? 'wasm' : prefer; // only wasm has wide vectors, and `true` insists
  for (const name of wanted === 'auto' ? FASTEST_FIRST : [wanted]) {
    try {
      const details = await SETUPS[name](rest);
      await proveBackend();
      // A run on a slower backend than the one that was expected must not look like any other run.
      if (rejected.length > 0)
        console.warn(
          `selectBackend: ${details.description} is used, many times slower than ${rejected.length === 1 ? 'the backend' : 'those'} that failed:\n${list(rejected)}`,
        );
      return { ...details, rejected };
    } catch (error) {
      if (wanted !== 'auto' || !isSelfsupError(error)) throw error;
      rejected.push(error.message);
    }
  }
  throw new SelfsupError('SELFSUP_BACKEND', `selectBackend: no backend can train here:\n${list(rejected)}`);
}
