import * as tf from '@tensorflow/tfjs-core';
import { isSelfsupError, printableValue, SelfsupError } from '@selfsup/core';
import type { BackendOptions, BackendSetup, PreparedBackend } from './backend-setup.ts';
import { proveBackend } from './prove-backend.ts';

/** What the backends in this process want to be closed by, by their name. */
const open = new Map<string, () => void | Promise<void>>();

/** Whether a backend was set up here and waits to be closed. */
export const isOpen = (name: string): boolean => open.has(name);

/** What a set-up throws that is no SelfsupError, with the name of the backend; others are said as they are. */
const failureOf = (name: string, cause: unknown): SelfsupError =>
  isSelfsupError(cause)
    ? cause
    : new SelfsupError(
        'SELFSUP_BACKEND',
        `selectBackend: the backend '${name}' cannot be set up: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );

/**
 * Why `auto` leaves a backend alone, or why even that cannot be said; undefined when it may be tried.
 *
 * @param setup of which backend
 * @param options as for its set-up
 */
export async function whyNotByItself(setup: BackendSetup, options: BackendOptions): Promise<string | undefined> {
  try {
    return await setup.reasonToSkip?.(options);
  } catch (error) {
    return failureOf(setup.name, error).message.replace(/^selectBackend: /, '');
  }
}

/** Runs the set-up of a backend, which others may have written, and sees that it did what it says. */
async function setUpBackend(setup: BackendSetup, options: BackendOptions): Promise<PreparedBackend> {
  let prepared: PreparedBackend;
  try {
    prepared = await setup.setUp(options);
  } catch (cause) {
    throw failureOf(setup.name, cause);
  }
  const says = `selectBackend: the set-up of the backend '${setup.name}' must`;
  const { name, description } = (prepared as Partial<PreparedBackend> | undefined) ?? {};
  if (typeof name !== 'string' || typeof description !== 'string')
    throw new SelfsupError(
      'SELFSUP_BACKEND',
      `${says} return an object with \`name\` and \`description\`, got ${printableValue(prepared)}`,
    );
  if (tf.getBackend() !== name)
    throw new SelfsupError(
      'SELFSUP_BACKEND',
      `${says} make its backend current (\`await tf.setBackend('${name}')\`), but tfjs computes on '${tf.getBackend()}'`,
    );
  return prepared;
}

/** Sets a backend up and proves it; one that fails is closed again. */
export async function prepareBackend(setup: BackendSetup, options: BackendOptions): Promise<PreparedBackend> {
  const prepared = await setUpBackend(setup, options);
  if (prepared.close) open.set(setup.name, prepared.close.bind(prepared));
  try {
    await proveBackend();
  } catch (error) {
    await closeBackend(setup.name);
    throw error;
  }
  return prepared;
}

/** Closes one backend, where it has something to close. */
export async function closeBackend(name: string): Promise<void> {
  const close = open.get(name);
  open.delete(name);
  await close?.();
}

/**
 * Closes the backends that would keep a Node process alive, such as webgpu; call it when all work is done. Their tensors are gone afterwards. Backends that
 * keep nothing alive (wasm, cpu) stay as they are. Calling it again does nothing.
 *
 * @example
 * ```ts
 * import { closeBackends, selectBackend } from '@selfsup/backends';
 * await selectBackend();
 * // … train, embed …
 * await closeBackends();
 * ```
 */
export async function closeBackends(): Promise<void> {
  for (const name of [...open.keys()]) await closeBackend(name);
}
