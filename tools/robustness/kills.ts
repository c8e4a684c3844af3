// `node --conditions=@selfsup/source tools/robustness/kills.ts [--rounds 5] [--seed 1]`: runs that are killed at random moments and resumed until they end must
// come to what an undisturbed run comes to, bit for bit, whatever the number of threads of each session. Exits with 1 when one does not.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseMetrics, type RunConfig } from '@selfsup/pretrain';
import { createChance, type Chance } from './chance.ts';
import { readCounts } from './read-counts.ts';
import { tinyRuns, type TinyRun } from './tiny-runs.ts';
import { workInTurns } from './work-in-turns.ts';

const WORKERS = 2;
/** Every so many rounds the command itself is killed from outside; in the others a child kills itself at a certain write. */
const FROM_OUTSIDE = 4;
/** Each session of a round has from one to so many threads; the undisturbed runs have one. */
const MOST_THREADS = 2;

const { rounds, seed } = readCounts({ rounds: 5, seed: 1 });
const here = mkdtempSync(join(tmpdir(), 'selfsup-kills-'));
const script = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const [command, dying] = [script('./run-selfsup.ts'), script('./die-while-writing.ts')];

interface Ended {
  /** 0, an exit code, or null when it was killed. */
  readonly code: number | null;
  readonly words: string;
  readonly milliseconds: number;
}

/** Runs a child; `disturb` is told how to kill it, and gives back how to stop waiting for that. */
function run(args: readonly string[], disturb?: (kill: () => void) => () => void): Promise<Ended> {
  return new Promise((settle) => {
    const start = performance.now();
    const child = spawn(process.execPath, ['--conditions=@selfsup/source', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let words = '';
    child.stdout.resume();
    child.stderr.on('data', (text: Buffer) => (words += text.toString()));
    const calm = disturb?.(() => child.kill('SIGKILL'));
    child.on('close', (code) => {
      calm?.();
      settle({ code, words: words.trim(), milliseconds: performance.now() - start });
    });
  });
}

const afterTime = (milliseconds: number) => (kill: () => void) => {
  const timer = setTimeout(kill, milliseconds);
  return () => {
    clearTimeout(timer);
  };
};

/** Kills when the temporary file of a checkpoint or another file is seen in the folder for the n-th time: while it is written, or just after. */
const atFile =
  (folder: string, { n, pattern }: { n: number; pattern: RegExp }) =>
  (kill: () => void) => {
    let [left, inner] = [n, undefined as ReturnType<typeof watch> | undefined];
    const look = () => {
      inner ??= existsSync(folder)
        ? watch(folder, (_, name) => {
            if (name !== null && pattern.test(name) && left-- === 0) kill();
          })
        : undefined;
    };
    const outer = watch(here, (_, name) => {
      if (name === basename(folder)) look();
    });
    look();
    return () => {
      outer.close();
      inner?.close();
    };
  };

/** Depends on time, or on the place. */
const timely = { seconds: 0, throughput: undefined, facts: undefined, run: undefined, metrics: undefined, check: undefined };
/** Depends on the machine and on the threads. */
const ofMachine = { backendDescription: undefined };

/** What a run came to, without seconds. */
function outcomeOf(folder: string): Record<string, string> {
  const sha = (name: string) =>
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
  const metrics = parseMetrics(readFileSync(join(folder, 'metrics.jsonl'), 'utf8')).map((record) =>
    JSON.stringify({ ...record, seconds: 0 }),
  );
  const result = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as object;
  return {
    'checkpoint.safetensors': sha('checkpoint.safetensors'),
    'encoder.safetensors': sha('encoder.safetensors'),
    'metrics.jsonl': metrics.join('\n'),
    'result.json': JSON.stringify({ ...result, ...timely, ...ofMachine }),
  };
}

interface Undisturbed {
  readonly run: TinyRun;
  readonly outcome: Record<string, string>;
  readonly milliseconds: number;
  /** Writes and appends of the run. */
  readonly writes: number;
}

async function undisturbed(tiny: TinyRun): Promise<Undisturbed> {
  const folder = join(here, `whole ${tiny.name}`);
  const { code, words, milliseconds } = await run([command, 'train', ...tiny.flags, '--threads', '1', '--out', folder]);
  if (code !== 0) throw new Error(`the undisturbed run of ${tiny.name} ended with ${String(code)}: ${words}`);
  const lines = readFileSync(join(folder, 'metrics.jsonl'), 'utf8').split('\n').length - 1;
  return { run: tiny, outcome: outcomeOf(folder), milliseconds, writes: lines + 8 };
}

/** A session that is killed, or ends before that: the first begins the run, the others resume it. */
function session(
  folder: string,
  whole: Undisturbed,
  { chance, outside, threads }: { chance: Chance; outside: boolean; threads: number },
): Promise<Ended> {
  const { run: tiny, milliseconds, writes } = whole;
  const resume = existsSync(join(folder, 'run.json'));
  const checkpointEvery = chance.happens(0.3) ? 1 + chance.whole(3) : undefined;
  if (!outside) {
    const config: RunConfig = {
      ...(resume ? { resume, probeEvery: 1 } : tiny.config),
      ...(checkpointEvery !== undefined && { checkpointEvery }),
      threads,
    };
    const moment = chance.pick(['before', 'within', 'after']);
    return run([dying, folder, JSON.stringify(config), String(chance.whole(writes)), moment]);
  }
  const args = [
    command,
    'train',
    ...(resume ? ['--resume', '--no-report', '--probe-every', '1'] : tiny.flags),
    '--threads',
    String(threads),
    '--out',
    folder,
  ];
  const seldom = checkpointEvery === undefined ? [] : ['--checkpoint-every', String(checkpointEvery)];
  const disturb = chance.pick([
    afterTime(chance.whole(milliseconds)),
    afterTime(milliseconds * 0.4 + chance.whole(milliseconds * 0.7)),
    atFile(folder, { n: chance.whole(8), pattern: /^\.checkpoint/ }),
    atFile(folder, { n: chance.whole(12), pattern: /./ }),
  ]);
  return run([...args, ...seldom], disturb);
}

interface Round {
  readonly killed: number;
  readonly fromOutside: number;
  /** Killed with two threads. */
  readonly threaded: number;
  readonly failure?: string;
}

async function playRound(number: number, wholes: readonly Undisturbed[]): Promise<Round> {
  const chance = createChance(seed, 'kills', number);
  const whole = wholes[number % wholes.length]!;
  const outside = Math.floor(number / wholes.length) % FROM_OUTSIDE === 0;
  const folder = join(here, `round ${number}`);
  const [most, at] = [1 + chance.whole(3), `round ${number} (${whole.run.name})`];
  let [killed, threaded] = [0, 0];
  const count = () => ({ killed, threaded, fromOutside: outside ? killed : 0 });
  const drawThreads = () => 1 + chance.whole(MOST_THREADS);
  for (let sessions = 0; sessions < most; sessions++) {
    const threads = drawThreads();
    const { code, words } = await session(folder, whole, { chance, outside, threads });
    if (code === 0) break;
    if (code !== null) return { ...count(), failure: `${at}: a session ended with ${code}: ${words}` };
    killed++;
    if (threads > 1) threaded++;
  }
  // the last session is not disturbed
  const resume = existsSync(join(folder, 'run.json'));
  const args = resume ? ['--resume', '--no-report', '--probe-every', '1'] : whole.run.flags;
  const { code, words } = await run([command, 'train', ...args, '--threads', String(drawThreads()), '--out', folder]);
  if (code !== 0) return { ...count(), failure: `${at}: the last session ended with ${String(code)}: ${words}` };
  const found = outcomeOf(folder);
  const other = Object.keys(found).filter((name) => found[name] !== whole.outcome[name]);
  if (other.length > 0) return { ...count(), failure: `${at}: other ${other.join(', ')} than the undisturbed run, in ${folder}` };
  const left = readdirSync(folder).filter((name) => name === 'run.lock');
  if (left.length > 0) return { ...count(), failure: `${at}: left ${left.join(', ')}` };
  rmSync(folder, { recursive: true });
  return count();
}

const wholes: Undisturbed[] = [];
for (const tiny of tinyRuns(here)) wholes.push(await undisturbed(tiny));
let [equal, killed, fromOutside, threaded, done] = [0, 0, 0, 0, 0];
await workInTurns(rounds, WORKERS, async (number) => {
  const round = await playRound(number, wholes);
  killed += round.killed;
  fromOutside += round.fromOutside;
  threaded += round.threaded;
  if (round.failure === undefined) equal++;
  else console.log(`FAIL ${round.failure}`);
  if (++done % 20 === 0) process.stderr.write(`${done} of ${rounds} rounds\n`);
});
console.log(
  `seed ${seed}, Node ${process.version}: ${killed} kills, ${fromOutside} of them of the command from outside, ${threaded} with two threads`,
);
console.log(`${equal} of ${rounds} rounds equal`);
if (equal === rounds) rmSync(here, { recursive: true });
else process.exitCode = 1;
