import type { BackendOptions, BackendSetup, PreparedBackend } from './backend-setup.ts';
import { proveBackend } from './prove-backend.ts';

/** What the backends in this process want to be closed by, by their name. */
const open = new Map<string, () => void | Promise<void>>();

/** Whether a backend was set up here and waits to be closed. */
export const isOpen = (name: string): boolean => open.has(name);

/** Sets a backend up and proves it; one that fails is closed again. */
export async function prepareBackend(setup: BackendSetup, options: BackendOptions): Promise<PreparedBackend> {
  const prepared = await setup.setUp(options);
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
