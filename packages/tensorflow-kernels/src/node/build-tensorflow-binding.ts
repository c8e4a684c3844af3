import { execFile, type ExecFileException } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { SelfsupError } from '@selfsup/core';
import { findLibtensorflow, type Libtensorflow } from './find-libtensorflow.ts';
import { findCompiler, findNodeHeaders, findTfjsNodeFolder } from './find-tools.ts';

/** Options of {@link buildTensorflowBinding}. */
export interface BuildTensorflowBindingOptions {
  /** The folder of an unpacked TensorFlow 2: a Python wheel (`tensorflow-cpu`, `tensorflow`) or a release of libtensorflow. It must stay where it is. */
  libtensorflow: string;
  /** The folder of tfjs-node, which gets the result; default the one that is installed. */
  tfjsNode?: string;
  /** The C++ compiler; default `$CXX`, then c++, g++, clang++. */
  compiler?: string;
  /** The folder of `node_api.h`; default beside Node, in `node-api-headers`, in `/usr/include/node`, in node-gyp's cache. */
  nodeHeaders?: string;
  /** True compiles for any processor of this kind; false (default) for the one that is here, which the result then needs. */
  portable?: boolean;
  /** Called with what is done next. */
  onProgress?: (step: { readonly now: string; readonly done: number; readonly total: number }) => void;
}

/** What {@link buildTensorflowBinding} made. */
export interface TensorflowBinding {
  /** The file that tfjs-node loads. */
  readonly file: string;
  /** TensorFlow's version, as the loaded library says it. */
  readonly tensorflow: string;
  /** Whether TensorFlow lists a GPU. */
  readonly isUsingGpu: boolean;
  /** Whether the fused operations of selfsup are compiled in. */
  readonly hasKernels: boolean;
  /** Why not, where they are not. */
  readonly whyNoKernels?: string;
}

const STEPS = ['tfjs_backend.cc', 'tfjs_binding.cc', 'selfsup_kernels.cc', 'linking', 'trying it'] as const;
const MINUTES = 60_000;

const refuse = (message: string, cause?: unknown): SelfsupError =>
  new SelfsupError('SELFSUP_BACKEND', `buildTensorflowBinding: ${message}`, { cause });

/** Runs a program; fails with the last lines of what it printed. */
function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { maxBuffer: 2 ** 26, timeout: 20 * MINUTES }, (error: ExecFileException | null, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(stderr.trim().split('\n').slice(-12).join('\n') || error.message));
    });
  });
}

/** The folder in which tfjs-node looks for the binding: that of the newest Node-API that both know. */
async function placeIn(tfjsNode: string): Promise<{ folder: string; api: number }> {
  const text = await readFile(join(tfjsNode, 'package.json'), 'utf8').catch((cause: unknown) => {
    throw refuse(`${tfjsNode} is no folder of @tensorflow/tfjs-node: it has no package.json`, cause);
  });
  const { binary } = JSON.parse(text) as { binary?: { napi_versions?: number[]; module_path?: string } };
  const known = (binary?.napi_versions ?? [8]).filter((version) => version <= Number(process.versions.napi));
  const api = Math.max(...known);
  return {
    api,
    folder: join(tfjsNode, (binary?.module_path ?? './lib/napi-v{napi_build_version}').replace('{napi_build_version}', `${api}`)),
  };
}

/** Tries a binding in a process of its own: a library that does not fit may end it. */
const TRIAL = `
const binding = require(process.argv[1]);
const id = binding.createTensor([2], binding.TF_FLOAT, Float32Array.of(2, 3));
const [square] = binding.executeOp('Square', [{ name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT }], [id], 1);
const squares = [...binding.tensorDataSync(square.id)];
let hasKernels = true;
try { binding.executeOp('SelfsupVersion', [], [], 1); } catch { hasKernels = false; }
console.log(JSON.stringify({ tensorflow: binding.TF_Version, isUsingGpu: binding.isUsingGpuDevice(), hasKernels, squares }));
`;

interface Trial extends Pick<TensorflowBinding, 'tensorflow' | 'isUsingGpu' | 'hasKernels'> {
  readonly squares: readonly number[];
}

async function tryBinding(file: string): Promise<Trial> {
  const printed = await run(process.execPath, ['-e', TRIAL, file]).catch((cause: unknown) => {
    throw refuse(`the result does not load; does this TensorFlow fit this machine?\n${(cause as Error).message}`, cause);
  });
  const trial = JSON.parse(printed.trim().split('\n').at(-1)!) as Trial;
  if (trial.squares.join() !== '4,9')
    throw refuse(`the result computes wrongly: the squares of 2 and 3 are ${trial.squares.join(' and ')}`);
  if (!trial.tensorflow.startsWith('2.')) throw refuse(`needs TensorFlow 2, got ${trial.tensorflow}`);
  return trial;
}

/** Flags of the compiler for all files. */
function compileFlags({
  library,
  headers,
  tfjsNode,
  api,
}: {
  library: Libtensorflow;
  headers: string;
  tfjsNode: string;
  api: number;
}): string[] {
  const defines = [`NAPI_VERSION=${api}`, 'NODE_GYP_MODULE_NAME=tfjs_binding', 'BUILDING_NODE_EXTENSION'];
  const includes = [headers, library.include, dirname(tfjsNode), tfjsNode];
  return ['-std=c++17', '-fPIC', '-c', ...defines.map((define) => `-D${define}`), ...includes.map((folder) => `-I${folder}`)];
}

/** Flags of the fused operations: loops become vectors. */
const kernelFlags = (isPortable: boolean): string[] => [
  '-O3',
  '-fopenmp-simd',
  '-fno-math-errno',
  '-fno-trapping-math',
  ...(isPortable ? [] : process.arch === 'x64' ? ['-march=native'] : ['-mcpu=native']),
];

/** The flags that make a library of Node out of compiled files. */
function linkFlags({ files, libraries }: Libtensorflow): string[] {
  const shared = process.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared'];
  return [...shared, ...files, `-Wl,-rpath,${libraries}`];
}

/**
 * Compiles the native part of `@tensorflow/tfjs-node` against a TensorFlow of your choice, with the fused operations of selfsup in it, and puts it where
 * tfjs-node loads it. As published, tfjs-node brings TensorFlow 2.9 with CUDA 11.2, which newer GPUs do not know. For Linux and macOS.
 *
 * @param options see {@link BuildTensorflowBindingOptions}
 * @returns see {@link TensorflowBinding}; it was loaded and computed in a process of its own
 * @throws SelfsupError `SELFSUP_OPTION` when the folder is no TensorFlow; `SELFSUP_BACKEND` when tfjs-node, a compiler or headers are missing, naming the
 * cure, or when it does not compile, load or compute, with what was printed. What was there before stays then
 * @example
 * ```ts no-run
 * import { buildTensorflowBinding } from '@selfsup/tensorflow-kernels/node';
 * const { tensorflow, file } = await buildTensorflowBinding({ libtensorflow: 'wheel/tensorflow' });
 * console.log(tensorflow, file);
 * ```
 */
export async function buildTensorflowBinding(options: BuildTensorflowBindingOptions): Promise<TensorflowBinding> {
  const { libtensorflow, portable = false, onProgress } = options;
  if (process.platform === 'win32') throw refuse('works on Linux and macOS; on Windows take the binary that npm installs');
  const library = findLibtensorflow(libtensorflow);
  const tfjsNode = options.tfjsNode ?? findTfjsNodeFolder();
  const { folder, api } = await placeIn(tfjsNode);
  const compiler = findCompiler(options.compiler);
  const flags = compileFlags({ library, headers: findNodeHeaders(options.nodeHeaders), tfjsNode, api });
  const own = dirname(createRequire(import.meta.url).resolve('@selfsup/tensorflow-kernels/package.json'));
  const sources = [join(tfjsNode, 'binding/tfjs_backend.cc'), join(tfjsNode, 'binding/tfjs_binding.cc')];
  const kernels = join(own, 'binding/selfsup_kernels.cc');

  let done = 0;
  const next = (): void => onProgress?.({ now: STEPS[done]!, done: done++, total: STEPS.length });
  const place = await mkdtemp(join(tmpdir(), 'selfsup-binding-'));
  try {
    const objects: string[] = [];
    const compile = async (source: string, more: readonly string[]): Promise<void> => {
      next();
      const object = join(place, `${basename(source)}.o`);
      await run(compiler, [...flags, ...more, source, '-o', object]);
      objects.push(object);
    };
    for (const source of sources)
      await compile(source, ['-O2']).catch((cause: unknown) => {
        throw refuse(`${basename(source)} does not compile against this TensorFlow:\n${(cause as Error).message}`, cause);
      });
    let whyNoKernels: string | undefined;
    if (library.hasKernelHeaders)
      await compile(kernels, kernelFlags(portable)).catch((cause: unknown) => {
        whyNoKernels = `they do not compile here: ${(cause as Error).message}`;
      });
    else {
      next();
      whyNoKernels = `${library.include} has no tensorflow/c/kernels.h and ops.h, which the Python wheel has`;
    }
    next();
    await mkdir(folder, { recursive: true });
    const built = join(folder, `tfjs_binding.${process.pid}.node`);
    try {
      await run(compiler, [...objects, '-o', built, ...linkFlags(library)]).catch((cause: unknown) => {
        throw refuse(`it does not link:\n${(cause as Error).message}`, cause);
      });
      next();
      const { tensorflow, isUsingGpu, hasKernels } = await tryBinding(built);
      const file = join(folder, 'tfjs_binding.node');
      await rename(built, file);
      return { file, tensorflow, isUsingGpu, hasKernels, ...(whyNoKernels !== undefined && { whyNoKernels }) };
    } finally {
      await rm(built, { force: true });
    }
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}
