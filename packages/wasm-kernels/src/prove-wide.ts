import { assertAssetsUrl, compileKernels, compileUnder, supportedSimd } from './load-kernels.ts';
import { race, trial } from './race-builds.ts';

/** How many times as fast as the narrow build the wide one must be. Where the engine joins pairs of vectors it is 1.3 to 2, elsewhere 0.6 to 0.8. */
const LEAST_GAIN = 1.1;
/** Milliseconds for both builds: until the engine's better compiler has come, and then for the measurement. */
const WARM_UP = 90;
const MEASURE = 60;
const FLAG = 'experimental-wasm-revectorize';

interface NodeProcess {
  readonly arch: string;
  readonly versions: Readonly<Record<string, string | undefined>>;
  getBuiltinModule: (name: 'node:v8') => typeof import('node:v8');
}

async function prove(assetsUrl: string | URL | undefined): Promise<string | undefined> {
  const node = (globalThis as { process?: NodeProcess }).process;
  const major = Number.parseInt(node?.versions['node'] ?? '', 10);
  if (node === undefined || !(major >= 24) || node.versions['bun'] !== undefined || node.versions['deno'] !== undefined)
    return 'no 256-bit vectors: they need Node 24 or newer';
  if (node.arch !== 'x64') return `no 256-bit vectors: they need an x64 processor, this is ${node.arch}`;
  if (supportedSimd() === 'plain') return 'no 256-bit vectors: this engine lacks relaxed SIMD';
  const { setFlagsFromString } = node.getBuiltinModule('node:v8');
  setFlagsFromString(`--${FLAG}`);
  compileUnder(FLAG);
  const leave = (reason: string): string => {
    setFlagsFromString(`--no-${FLAG}`);
    compileUnder();
    return `no 256-bit vectors: ${reason}`;
  };
  try {
    const [wide, narrow] = (await Promise.all([compileKernels('wide', false, assetsUrl), compileKernels('relaxed', false, assetsUrl)])).map(
      trial,
    );
    race([wide!.run, narrow!.run], WARM_UP);
    const [wideTime, narrowTime] = race([wide!.run, narrow!.run], MEASURE);
    const [one, other] = [wide!.result(), narrow!.result()];
    if (!one.every((bits, i) => bits === other[i])) return leave('the wide build does not give the bits of the narrow one here');
    const gain = narrowTime! / wideTime!;
    return gain >= LEAST_GAIN
      ? undefined
      : leave(`the wide build is ${gain.toFixed(2)} times as fast as the narrow one here, at least ${LEAST_GAIN} is needed`);
  } catch (error) {
    return leave((error as Error).message);
  }
}

let proved: Promise<string | undefined> | undefined;

/**
 * Finds out, once per process and in about 0.2 s, whether the wide build pays here. V8 joins pairs of 128-bit operations into 256-bit ones when its
 * experimental flag `--experimental-wasm-revectorize` is on; it is switched on for the whole process, and off again when the proof fails. Kernels that were
 * registered before stay as they were until `registerTrainingKernels` is called again, which compiles them anew.
 *
 * @param assetsUrl folder (ending in `/`) of the `.wasm` files; default: `assets/` of this package
 * @returns nothing when `registerTrainingKernels({ simd: 'wide' })` computes the same bits faster, else the reason why not
 * @throws SelfsupError `SELFSUP_OPTION` where `assetsUrl` is no URL
 */
export async function proveWideVectors(assetsUrl?: string | URL): Promise<string | undefined> {
  assertAssetsUrl('proveWideVectors', assetsUrl);
  proved ??= prove(assetsUrl);
  return proved;
}
