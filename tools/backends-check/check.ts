// `npm run test:backends`: what must be the same on every backend. Makes the checks of `backendChecks` and trains briefly, on each backend that this machine has,
// in a process of its own, continues checkpoints of one on the others, and writes docs/backends.md. What is not there is skipped, with the reason.
//   --only A,B              places with one of these in their names, such as cpu,wasm, or failures; then docs/backends.md stays as it is
//   --operations A,B        only these operations, and no trainings; docs/backends.md stays as it is
//   --no-trainings          the operations alone, which is quick where a GPU is simulated
//   --write                 docs/backends.md from all that is kept, also after a part
//   --findings FOLDER       where the findings of each place are kept between runs, and those of `npm run test:browser`; default .cache/backends-check
//   --libtensorflow FOLDER  a TensorFlow, whose binding is built on the spot
//                           (before: npm install --no-save --ignore-scripts @tensorflow/tfjs-node node-api-headers)
//   --no-write              docs/backends.md stays as it is
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runCli } from 'selfsup';
import { CHECKPOINT } from './curves.ts';
import type { CheckFinding, Continued, PlaceFindings } from './findings.ts';
import { failuresInNode, notAsExpected, type FailureFinding, type ForcedFailure } from './forced-failures.ts';
import { failuresOf } from './judge.ts';
import { HOME, places, slugOf, type Place } from './places.ts';
import { keepFailure, keepFindings, writeDocument } from './record.ts';
import { softwareGpu } from '../presets/software-gpu.ts';

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    operations: { type: 'string' },
    findings: { type: 'string' },
    'no-trainings': { type: 'boolean', default: false },
    libtensorflow: { type: 'string' },
    'no-write': { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const root = fileURLToPath(new URL('../../', import.meta.url));
const findings = flags.findings ?? join(root, '.cache/backends-check');
const scratch = mkdtempSync(join(tmpdir(), 'selfsup-backends-'));
/** Places that continue each other's checkpoints, not only those of home. */
const AMONG_EACH_OTHER = ['webgpu', 'tensorflow, 1 thread'];
const LIMIT = 30 * 60_000;

/** Runs one place; gives its answer, or throws what the process said. */
async function ask<T>(place: Place, ...task: readonly string[]): Promise<T> {
  const file = join(scratch, `answer-${slugOf(place.name)}.json`);
  rmSync(file, { force: true });
  const script = fileURLToPath(new URL('run-place.ts', import.meta.url));
  const argv = [...(place.flags ?? []), '--conditions=@selfsup/source', script, place.name, scratch, ...task];
  const child = spawn(process.execPath, argv, { env: { ...process.env, ...place.env }, stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => child.once('close', (...how) => { resolve(how); })); // prettier-ignore
  if (code !== 0 || !existsSync(file)) throw new Error(`the process ended with ${signal ?? code}: ${said.trim().slice(-600)}`);
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

async function runPlace(place: Place): Promise<PlaceFindings> {
  const about = { place: place.name, platform: `Node ${process.versions.node}`, date: new Date().toISOString().slice(0, 10) };
  if (place.skipped !== undefined) return { ...about, skipped: place.skipped };
  try {
    if (place.backend === 'tensorflow' && flags.libtensorflow !== undefined) await buildTensorflow(flags.libtensorflow);
    return await ask<PlaceFindings>(place, 'run', flags.operations ?? '', flags['no-trainings'] ? 'no trainings' : '');
  } catch (error) {
    return { ...about, checks: [{ operation: 'the process', kind: 'values', problem: (error as Error).message }] };
  }
}

let isBuilt = false;

/** Compiles tfjs-node's native part, as a user would; once. */
async function buildTensorflow(folder: string): Promise<void> {
  if (isBuilt) return;
  let said = '';
  const streams = { stdout: { write: () => true }, stderr: { write: (text: string) => (said += text) } };
  if ((await runCli(['backends', 'build-tensorflow', '--libtensorflow', folder], streams)) !== 0) throw new Error(said.trim());
  isBuilt = true;
}

/** Whether trainings that went on in another process have the losses that they had, bit by bit. */
function sameBits({ curves = {} }: PlaceFindings, again: readonly Continued[]): CheckFinding {
  const found = { operation: 'all trainings, the same bits in another process', kind: 'values' as const };
  const other = again.find(({ curve, losses }) => losses.some((loss, i) => loss !== curves[curve]![CHECKPOINT + i]));
  if (again.length > 0 && other === undefined) return found;
  return { ...found, problem: other === undefined ? 'nothing was repeated' : `the losses of ${other.curve} are other ones` };
}

/** Carries checkpoints from home to each other place and back, and between webgpu and tensorflow; and each place's own to another process. */
async function exchange(found: PlaceFindings[]): Promise<PlaceFindings[]> {
  const home = found.find(({ place }) => place === HOME);
  const trained = found.filter(({ curves }) => curves !== undefined && Object.keys(curves).length > 0);
  if (home === undefined || !trained.includes(home)) return found;
  const goOn = async (to: string, from: string): Promise<readonly Continued[]> => {
    console.log(`     the checkpoints of ${from} on ${to}`);
    try {
      return await ask<readonly Continued[]>(
        places.find(({ name }) => name === to)!,
        'continue',
        from,
      );
    } catch (error) {
      report(false, to, `does not continue from ${from}: ${(error as Error).message}`);
      return [];
    }
  };
  const result: PlaceFindings[] = [];
  const back: Continued[] = [];
  for (const one of found) {
    // other builds of wasm write the same bits as home, or are compared with it anyway
    const isOther = trained.includes(one) && !one.place.startsWith('wasm');
    const froms = isOther ? [HOME, ...trained.filter((from) => from !== one && AMONG_EACH_OTHER.includes(from.place) && AMONG_EACH_OTHER.includes(one.place)).map(({ place }) => place)] : []; // prettier-ignore
    const continued: Continued[] = [];
    for (const from of froms) continued.push(...(await goOn(one.place, from)));
    const again = isOther || one === home ? [sameBits(one, await goOn(one.place, one.place))] : [];
    result.push({ ...one, ...(isOther && { continued }), ...(one.checks && { checks: [...one.checks, ...again] }) });
    if (isOther) back.push(...(await goOn(HOME, one.place)));
  }
  return result.map((one) => (one.place === HOME && back.length > 0 ? { ...one, continued: back } : one));
}

function report(ok: boolean, where: string, detail: string): void {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${where}: ${detail}`);
  if (!ok) process.exitCode = 1;
}

/** Forces a failure in a process of its own; gives what was said. */
async function force({ name, what, env }: ForcedFailure): Promise<FailureFinding> {
  const about = { what, platform: `Node ${process.versions.node}`, date: new Date().toISOString().slice(0, 10) };
  const script = fileURLToPath(new URL('force-failure.ts', import.meta.url));
  const argv = ['--conditions=@selfsup/source', script, name];
  const child = spawn(process.execPath, argv, { env: { ...process.env, ...softwareGpu(), ...env }, timeout: LIMIT });
  let [printed, said] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) return { ...about, said: `the process ended with ${code}: ${said.trim().slice(-300)}` };
  const line = JSON.parse(printed.trim().split('\n').at(-1)!) as string;
  const skipped = /^skipped: (.*)$/s.exec(line)?.[1] ?? (/SELFSUP_BACKEND .*(neither @tensorflow|WebGPU finds no adapter)/.test(line) && env === undefined ? line : undefined); // prettier-ignore
  return { ...about, ...(skipped === undefined ? { said: line } : { skipped }) };
}

async function forceAll(): Promise<void> {
  for (const [order, failure] of failuresInNode.entries()) {
    const finding = await force(failure);
    keepFailure(findings, finding, order);
    const wrong = notAsExpected(failure, finding);
    report(wrong === undefined, `forced, ${failure.what}`, wrong ?? finding.said ?? `skipped: ${finding.skipped!}`);
  }
}

async function check(): Promise<void> {
  mkdirSync(findings, { recursive: true });
  const wanted = places.filter(({ name }) => flags.only?.split(',').some((part) => name.includes(part)) ?? true);
  const ran: PlaceFindings[] = [];
  for (const place of wanted) {
    const found = await runPlace(place);
    const { skipped, checks = [], seconds = 0, description } = found;
    if (skipped !== undefined) console.log(`skipped: ${place.name}: ${skipped}`);
    else console.log(`     ${place.name}: ${checks.length} checks and the trainings in ${seconds.toFixed(0)} s on ${description ?? '?'}`);
    ran.push(found);
    keepFindings(findings, [found]); // what follows takes minutes on slow backends
  }
  const all = flags.operations === undefined && !flags['no-trainings'] ? await exchange(ran) : ran;
  const known = keepFindings(findings, all);
  const reference = (all.find(({ place }) => place === 'cpu') ?? known.find(({ place }) => place === 'cpu'))?.curves ?? {};
  for (const found of all.filter(({ skipped }) => skipped === undefined)) {
    const failures = failuresOf(found, reference);
    for (const { place, what } of failures) report(false, place, what);
    if (failures.length === 0)
      report(true, found.place, `${found.checks?.length ?? 0} checks, ${Object.keys(found.curves ?? {}).length} trainings as on cpu`);
  }
  if (flags.operations === undefined && (flags.only?.split(',').includes('failures') ?? true)) await forceAll();
  const isWhole = flags.only === undefined && flags.operations === undefined;
  if ((isWhole && !flags['no-write']) || flags.write) await writeDocument(findings);
}

try {
  await check();
} finally {
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}
