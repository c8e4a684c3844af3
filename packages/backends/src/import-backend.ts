import * as tf from '@tensorflow/tfjs-core';
import { SelfsupError } from '@selfsup/core';

/**
 * Imports the package of a backend and makes sure that it registered itself with the tfjs-core that this package uses.
 *
 * @param name the tfjs name of the backend
 * @param from the package, how it is imported, and how to see that it is bound to our copy; default: it registered a factory
 * @returns the module
 * @throws SelfsupError `SELFSUP_BACKEND` when it is not installed, or belongs to another copy of tfjs-core
 */
export async function importBackend<T>(
  name: string,
  from: { package: string; load: () => Promise<T>; isBound?: (loaded: T) => boolean },
): Promise<T> {
  const loaded = await from.load().catch((cause: unknown) => {
    throw new SelfsupError('SELFSUP_BACKEND', `selectBackend: the ${name} backend is not installed; run \`npm install ${from.package}\``, {
      cause,
    });
  });
  assertOneCore(name, from.package, from.isBound?.(loaded));
  return loaded;
}

/** Refuses a backend that is imported and yet unknown: it registered itself with another copy of tfjs-core, whose tensors are strangers here. */
export function assertOneCore(name: string, fromPackage: string, isBound = (tf.findBackendFactory(name) as unknown) != null): void {
  if (isBound) return;
  throw new SelfsupError(
    'SELFSUP_BACKEND',
    `selectBackend: ${fromPackage} registered its ${name} backend with another copy of @tensorflow/tfjs-core than the one that selfsup uses (${tf.version_core}); keep one copy: \`npm ls @tensorflow/tfjs-core\` shows them, \`npm dedupe\` or the same version everywhere mends it; in a bundle, let both resolve to one file`,
  );
}
