import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SelfsupError } from '@selfsup/core';

/** Headers and libraries of an unpacked TensorFlow. */
export interface Libtensorflow {
  /** The folder of `tensorflow/c/c_api.h`. */
  readonly include: string;
  /** The folder of the libraries. */
  readonly libraries: string;
  /** The files to link, whole paths. */
  readonly files: readonly string[];
  /** Whether the headers allow to add operations. */
  readonly hasKernelHeaders: boolean;
}

const WHERE =
  'Give the folder of a Python wheel (`pip download --no-deps tensorflow-cpu`, then unzip it; or the folder `tensorflow` in site-packages) ' +
  'or of a release of libtensorflow';

/** Names of a library from the most exact on; a link without a version comes last. */
function libraryIn(folder: string, stem: string): string | undefined {
  const pattern = new RegExp(`^${stem}(\\.so(\\.\\d+)*|(\\.\\d+)*\\.dylib)$`);
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => pattern.test(name)) : [];
  // the name with one number is the one that programs ask for
  const rank = (name: string) => (/\.so\.\d+$|\.\d+\.dylib$/.test(name) && !/\d+\.\d+/.test(name) ? 0 : 1);
  const [best] = names.toSorted((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  return best === undefined ? undefined : join(folder, best);
}

/**
 * Finds headers and libraries in the folder of an unpacked TensorFlow.
 *
 * @param folder a wheel unzipped, its folder `tensorflow`, `site-packages`, or a release of libtensorflow
 * @returns see {@link Libtensorflow}
 * @throws SelfsupError `SELFSUP_OPTION` naming what is missing
 */
export function findLibtensorflow(folder: string): Libtensorflow {
  const refuse = (what: string): never => {
    throw new SelfsupError('SELFSUP_OPTION', `buildTensorflowBinding: \`libtensorflow\`: ${what}. ${WHERE}`);
  };
  const given = resolve(folder);
  if (!existsSync(given)) return refuse(`${given} does not exist`);
  if (!statSync(given).isDirectory()) return refuse(`${given} is a file; unpack it first`);
  const roots = [given, join(given, 'tensorflow'), join(given, '..')];
  const root = roots.find((candidate) => existsSync(join(candidate, 'include/tensorflow/c/c_api.h')));
  if (root === undefined) return refuse(`${given} has no include/tensorflow/c/c_api.h`);
  const include = join(root, 'include');
  const libraries = [root, join(root, 'lib')].find(
    (candidate) => libraryIn(candidate, 'libtensorflow_cc') ?? libraryIn(candidate, 'libtensorflow'),
  );
  if (libraries === undefined) return refuse(`${root} has headers and no libtensorflow_cc or libtensorflow`);
  const main = libraryIn(libraries, 'libtensorflow_cc') ?? libraryIn(libraries, 'libtensorflow')!;
  const framework = libraryIn(libraries, 'libtensorflow_framework');
  const hasKernelHeaders = ['kernels.h', 'ops.h'].every((name) => existsSync(join(include, 'tensorflow/c', name)));
  return { include, libraries, files: [main, ...(framework === undefined ? [] : [framework])], hasKernelHeaders };
}
