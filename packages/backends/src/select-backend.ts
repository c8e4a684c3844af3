import { isSelfsupError, printable, printableValue, SelfsupError } from '@selfsup/core';
import type { BackendDetails, BackendName, BackendOptions, BackendSetup } from './backend-setup.ts';
import { builtinBackends } from './builtin-backends.ts';
import { closeBackend, prepareBackend, whyNotByItself } from './prepare-backend.ts';
import { registerGradients } from './register-gradients.ts';

/** Options of {@link selectBackend}. */
export interface SelectBackendOptions extends BackendOptions {
  /** `auto` (default) takes the fastest that proves itself; a name insists on that one. */
  prefer?: 'auto' | BackendName;
  /** What there is to choose from, in the order in which `auto` tries; default {@link builtinBackends}. */
  backends?: readonly BackendSetup[];
}

/** What {@link selectBackend} returns. */
export interface SelectedBackend extends BackendDetails {
  /** The backends that failed before and why, in order. */
  readonly rejected: readonly string[];
  /** The backends that `auto` did not try, such as those that are not installed, and why. */
  readonly skipped: readonly string[];
}

/** The most threads that may be asked for. */
const MOST_THREADS = 256;

const list = (reasons: readonly string[]): string => reasons.map((reason) => `- ${reason}`).join('\n');

/**
 * Refuses the name of a backend that is not there.
 *
 * @param name `auto`, or one of theirs
 * @param backends what there is
 * @param option how the message calls the option, such as `--backend`
 * @throws SelfsupError `SELFSUP_OPTION` with the names that there are
 */
export function assertBackendName(name: string, backends: readonly Pick<BackendSetup, 'name'>[], option: string): void {
  const names = ['auto', ...backends.map((backend) => backend.name)];
  if (names.includes(name)) return;
  throw new SelfsupError('SELFSUP_OPTION', `${option} must be one of ${names.join(', ')}, got '${printable(name, { maxLength: 60 })}'`);
}

/** Refuses options that no backend can follow. */
export function assertBackendOptions({ threads = 'auto', wideVectors = false }: BackendOptions, who: string): void {
  if (threads !== 'auto' && !(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS))
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `${who}: \`threads\` must be 'auto' or a whole number from 1 to ${MOST_THREADS}, got ${printableValue(threads)}`,
    );
  if (wideVectors !== 'auto' && typeof wideVectors !== 'boolean')
    throw new SelfsupError('SELFSUP_OPTION', `${who}: \`wideVectors\` must be 'auto', true or false, got ${printableValue(wideVectors)}`);
}

const noWide = (what: string): SelfsupError =>
  new SelfsupError(
    'SELFSUP_OPTION',
    `selectBackend: \`wideVectors: true\` insists on vectors of 256 bits, which only wasm has, but ${what}; take wasm, or 'auto' or false for \`wideVectors\``,
  );

/** Refuses to insist on wide vectors where wasm cannot be what computes. */
function assertWideIsPossible(wanted: 'auto' | BackendName, backends: readonly BackendSetup[]): void {
  if (wanted === 'wasm' && !backends.some(({ name }) => name === wanted)) throw noWide('`backends` is without it');
  if (wanted !== 'wasm' && builtinBackends.some((setup) => setup.name === wanted && backends.includes(setup)))
    throw noWide(`'${wanted}' was asked for`);
}

/**
 * Makes a tfjs backend current that can really train: registers the gradients, installs the kernels that it lacks, guards its memory, and proves it
 * on tiny gradients.
 *
 * @param options see {@link SelectBackendOptions}
 * @returns the backend in force, described, with the reasons why faster ones were left. Where `auto` had to leave one that failed, `console.warn` says so, too
 * @throws SelfsupError `SELFSUP_OPTION` for an unknown name, or options that do not go together; `SELFSUP_BACKEND` with the reason and the cure when the backend asked for, or every one, fails
 * @example
 * ```ts
 * import { selectBackend } from '@selfsup/backends';
 * const backend = await selectBackend({ prefer: 'auto' });
 * console.log(backend.description);
 * ```
 */
export async function selectBackend(options: SelectBackendOptions = {}): Promise<SelectedBackend> {
  const { prefer = 'auto', backends = builtinBackends, ...rest } = options;
  assertBackendName(prefer, backends, 'selectBackend: `prefer`');
  assertBackendOptions(rest, 'selectBackend');
  await registerGradients();
  const wanted = prefer === 'auto' && rest.wideVectors === true ? 'wasm' : prefer; // only wasm has wide vectors, and `true` insists
  if (rest.wideVectors === true) assertWideIsPossible(wanted, backends);
  const [rejected, skipped]: [string[], string[]] = [[], []];
  for (const setup of backends.filter(({ name }) => wanted === 'auto' || name === wanted)) {
    const against = wanted === 'auto' ? await whyNotByItself(setup, rest) : undefined;
    if (against !== undefined) {
      skipped.push(`${setup.name}: ${against}`);
      continue;
    }
    try {
      const { name, description, limits } = await prepareBackend(setup, rest);
      if (rest.wideVectors === true && name !== 'wasm') {
        await closeBackend(setup.name);
        throw noWide(`'${setup.name}' computes on ${name}`);
      }
      // A run on a slower backend than the one that was expected must not look like any other run.
      if (rejected.length > 0)
        console.warn(
          `selectBackend: ${description} is used, ${setup.name === 'cpu' ? 'many times slower than' : 'instead of'} ${rejected.length === 1 ? 'the backend' : 'those'} that failed:\n${list(rejected)}`,
        );
      return { name, description, ...(limits && { limits }), rejected, skipped };
    } catch (error) {
      if (wanted !== 'auto' || !isSelfsupError(error)) throw error;
      rejected.push(error.message);
    }
  }
  throw new SelfsupError('SELFSUP_BACKEND', `selectBackend: no backend can train here:\n${list([...rejected, ...skipped])}`);
}
