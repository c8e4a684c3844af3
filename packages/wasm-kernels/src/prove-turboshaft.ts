import { assertAssetsUrl, compileKernels, compileUnder, markBinary, readKernels, supportedSimd } from './load-kernels.ts';
import { race, trial } from './race-builds.ts';

/** How many times as fast the newer compiler must make the kernels: 2.1 to 2.3 where this was measured. */
const LEAST_GAIN = 1.2;
/** Milliseconds until the engine's better compiler has come, for each, and then for the measurement. */
const WARM_UP = 60;
const MEASURE = 60;
const FLAG = 'turboshaft-wasm';
/** The versions of Node whose V8 has the newer compiler for WebAssembly but does not use it by itself. */
const VERSIONS = [22, 23];

interface NodeProcess {
  readonly execArgv: readonly string[];
  readonly versions: Readonly<Record<string, string | undefined>>;
  getBuiltinModule: (name: 'node:v8') => typeof import('node:v8');
}

/** What was compiled without the flag: as long as it is kept, a proof in another thread, which starts with the flag on, gets it as it is. */
const kept: WebAssembly.Module[] = [];

async function prove(assetsUrl: string | URL | undefined): Promise<string | undefined> {
  const node = (globalThis as { process?: NodeProcess }).process;
  const major = Number.parseInt(node?.versions['node'] ?? '', 10);
  if (node === undefined || !VERSIONS.includes(major) || node.versions['bun'] !== undefined || node.versions['deno'] !== undefined)
    return `no --${FLAG}: it is for Node 22 and 23`;
  if (supportedSimd() === 'plain') return `no --${FLAG}: this engine lacks relaxed SIMD`;
  if (node.execArgv.some((flag) => /^--turboshaft[-_]wasm$/.test(flag))) return undefined; // its user has decided
  const { setFlagsFromString } = node.getBuiltinModule('node:v8');
  const leave = (reason: string): string => {
    setFlagsFromString(`--no-${FLAG}`);
    compileUnder();
    return `no --${FLAG}: ${reason}`;
  };
  try {
    const binary = await readKernels('relaxed', false, assetsUrl);
    const slow = await WebAssembly.compile(markBinary(binary, `no-${FLAG}`));
    kept.push(slow);
    const before = trial(slow);
    race([before.run], WARM_UP); // what is compiled better from here on stays as it is
    setFlagsFromString(`--${FLAG}`);
    compileUnder(FLAG);
    const after = trial(await compileKernels('relaxed', false, assetsUrl));
    race([after.run], WARM_UP);
    const [timeBefore, timeAfter] = race([before.run, after.run], MEASURE);
    const [one, other] = [before.result(), after.result()];
    if (!one.every((bits, i) => bits === other[i])) return leave('the kernels do not give the same bits with it here');
    const gain = timeBefore! / timeAfter!;
    return gain >= LEAST_GAIN
      ? undefined
      : leave(`the kernels are ${gain.toFixed(2)} times as fast with it here, at least ${LEAST_GAIN} is needed`);
  } catch (error) {
    return leave((error as Error).message);
  }
}

let proved: Promise<string | undefined> | undefined;

/**
 * Finds out, once per process and in about 0.2 s, whether V8's newer compiler makes the kernels faster here. Node 22 and 23 have it behind the flag
 * `--turboshaft-wasm`, later versions use it by themselves. The flag is switched on for the whole process, and off again when the proof fails. Kernels that
 * were registered before stay as they were until `registerTrainingKernels` is called again, which compiles them anew.
 *
 * @param assetsUrl folder (ending in `/`) of the `.wasm` files; default: `assets/` of this package
 * @returns nothing when the relaxed build, compiled from now on, computes the same bits faster, else the reason why not
 * @throws SelfsupError `SELFSUP_OPTION` where `assetsUrl` is no URL
 */
export async function proveTurboshaft(assetsUrl?: string | URL): Promise<string | undefined> {
  assertAssetsUrl('proveTurboshaft', assetsUrl);
  proved ??= prove(assetsUrl);
  return proved;
}
