import { SelfsupError } from '@selfsup/core';

/** The packages that bring TensorFlow, in the order in which they are tried. */
export const TFJS_NODE_PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;
/** One of the packages that bring TensorFlow. */
export type TfjsNodePackage = (typeof TFJS_NODE_PACKAGES)[number];

/** Where a package was found. */
export interface FoundPackage {
  readonly name: TfjsNodePackage;
  /** The URL of its entry point. */
  readonly url: string;
}

const BUILD = '`npx selfsup backends build-tensorflow --libtensorflow FOLDER`';

/**
 * Looks for tfjs-node where the program was started, then beside this package; nothing outside of Node.
 *
 * @param starts the folders and files to start from
 */
export function findTfjsNode(starts?: readonly string[]): FoundPackage | undefined {
  const node = (globalThis as { process?: NodeJS.Process }).process;
  if (node?.getBuiltinModule === undefined) return undefined;
  const { createRequire } = node.getBuiltinModule('node:module');
  const { pathToFileURL } = node.getBuiltinModule('node:url');
  for (const name of TFJS_NODE_PACKAGES)
    for (const from of starts ?? [`${node.cwd()}/`, import.meta.url])
      try {
        return { name, url: pathToFileURL(createRequire(from).resolve(name)).href };
      } catch {
        // not there
      }
  return undefined;
}

/** What to say when neither package is installed. */
export const NOT_INSTALLED =
  'neither @tensorflow/tfjs-node-gpu nor @tensorflow/tfjs-node is installed; run `npm install @tensorflow/tfjs-node` (Node only; `-gpu` for an NVIDIA GPU with CUDA 11.2)';

/** The error of importing tfjs-node, with the cure. */
export function importFailure(name: TfjsNodePackage, cause: unknown): SelfsupError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const fail = (what: string) => new SelfsupError('SELFSUP_BACKEND', `selectBackend: ${name} ${what}`, { cause });
  if (message.includes('native addon module'))
    return fail(
      'has no native part (tfjs_binding.node): npm did not run its install script, or that could not download it. ' +
        `Run \`npm rebuild ${name}\`, where npm asks for it after \`npm approve-scripts ${name}\`; or build it for a current TensorFlow: ${BUILD}`,
    );
  const library = /lib[\w.+-]*?(?:cud|cublas|cufft|cusparse|cusolver|curand|nccl|nvrtc)[\w.+-]*/.exec(message)?.[0];
  if (library !== undefined)
    return fail(
      `cannot load ${library}: as published it needs CUDA 11.2 with cuDNN 8.1. Add their folder to LD_LIBRARY_PATH, build it for the CUDA ` +
        `that is here (${BUILD}), or use @tensorflow/tfjs-node, which needs no GPU`,
    );
  const missing = /(\S*libtensorflow\S*?):/.exec(message)?.[1];
  if (missing !== undefined) return fail(`cannot load ${missing}: the folder of TensorFlow was moved or deleted. Build it again: ${BUILD}`);
  return fail(`does not load: ${message.split('\n')[0]!.trim()}. Reinstall it, or build it for a current TensorFlow: ${BUILD}`);
}

/** tfjs-node calls two functions of `node:util` that Node 23 removed. */
function bringBackUtil(): void {
  const util = process.getBuiltinModule('node:util') as unknown as Record<string, unknown>;
  util['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  util['isArray'] = Array.isArray; // still there, with a warning at each process
}

/** How TensorFlow is to start; what the environment says already stays. */
export interface TensorflowStart {
  /** How many threads compute. */
  readonly threads: number;
}

/**
 * Imports tfjs-node. It makes itself the current backend, as a side effect.
 *
 * @throws SelfsupError `SELFSUP_BACKEND` with the cure when it cannot be imported
 */
export async function importTfjsNode({ name, url }: FoundPackage, { threads }: TensorflowStart): Promise<void> {
  bringBackUtil();
  // TensorFlow reads them when it is loaded
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  process.env['TF_ENABLE_ONEDNN_OPTS'] ??= '1';
  process.env['TF_NUM_INTRAOP_THREADS'] ??= String(threads);
  try {
    await import(/* @vite-ignore */ /* webpackIgnore: true */ url);
  } catch (cause) {
    throw importFailure(name, cause);
  }
}
