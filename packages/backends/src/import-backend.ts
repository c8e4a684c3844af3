import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';

/** A package, and how it is imported. */
export interface BackendPackage<T> {
  readonly package: string;
  readonly load: () => Promise<T>;
}

/**
 * Imports the package of a backend.
 *
 * @param name the tfjs name of the backend
 * @param from see {@link BackendPackage}
 * @returns the module
 * @throws SelfsupError `SELFSUP_BACKEND` when it is not installed
 */
export async function importPackage<T>(name: string, from: BackendPackage<T>): Promise<T> {
  return from.load().catch((cause: unknown) => {
    throw new SelfsupError('SELFSUP_BACKEND', `selectBackend: the ${name} backend is not installed; run \`npm install ${from.package}\``, {
      cause,
    });
  });
}

/**
 * Imports the package of a backend and makes sure that tfjs knows it afterwards; see {@link ensureRegistered}.
 *
 * @param name the tfjs name of the backend
 * @param from see {@link BackendPackage}
 * @returns the module
 * @throws SelfsupError `SELFSUP_BACKEND` when it is not installed, or tfjs does not know it
 */
export async function importBackend<T>(name: string, from: BackendPackage<T>): Promise<T> {
  const loaded = await importPackage(name, from);
  ensureRegistered(name, from.package);
  return loaded;
}

type Registration = (typeof tf.engine extends () => infer E ? E : never)['registryFactory'][string];

/** How backends were registered: `tf.removeBackend` forgets it, and importing a package again does not bring it back. */
const known = new Map<string, Registration>();

/**
 * Makes sure that tfjs knows a backend whose package was imported, also after `tf.removeBackend`.
 *
 * @param name the tfjs name of the backend
 * @param fromPackage the package, for the message
 * @throws SelfsupError `SELFSUP_BACKEND` when it does not and never did here: it was removed before, or belongs to a copy of tfjs-core in another realm. Other
 * copies in one realm share their engine and its kernels through `globalThis`.
 */
export function ensureRegistered(name: string, fromPackage: string): void {
  const { registryFactory } = tf.engine();
  const now = Object.hasOwn(registryFactory, name) ? registryFactory[name] : undefined;
  if (now !== undefined) {
    known.set(name, now);
    return;
  }
  const before = known.get(name);
  if (before === undefined)
    throw new SelfsupError(
      'SELFSUP_BACKEND',
      `selectBackend: ${fromPackage} is imported, and yet @tensorflow/tfjs-core ${tf.version_core} has no ${name} backend. Was it removed with tf.removeBackend()? Then select it before that, or in a new process. Or did it register itself with another copy of @tensorflow/tfjs-core? \`npm ls @tensorflow/tfjs-core\` shows them, \`npm dedupe\` or the same version everywhere mends it; in a bundle, let both resolve to one file`,
    );
  tf.registerBackend(name, before.factory, before.priority);
}
