// `node --conditions=@selfsup/source tools/robustness/damaged.ts [--rounds 10] [--seed 1]`: files of finished and interrupted runs are damaged; each command must
// then end with a clear error or with what it gives without the damage. Exits with 1 when one does not.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSelfsupError } from '@selfsup/core';
import { builtinPlugins, createRegistry, parseMetrics, pretrain } from '@selfsup/pretrain';
import { loadEncoder, nodePlugins, runFolder } from '@selfsup/pretrain/node';
import { createChance, type Chance } from './chance.ts';
import { damage, damages } from './damage.ts';
import { readCounts } from './read-counts.ts';
import { faultOf, runCommand } from './run-command.ts';
import { tinyRuns, type TinyRun } from './tiny-runs.ts';

const { rounds, seed } = readCounts({ rounds: 10, seed: 1 });
const here = mkdtempSync(join(tmpdir(), 'selfsup-damaged-'));
/** All commands work on this folder, so that paths are the same in what they write. */
const work = join(here, 'run');
const out = join(here, 'embeddings.npy');

/** What came of an action: an error, or something that can be compared. */
type Outcome = { readonly error: string } | { readonly found: string };
type Action = () => Promise<Outcome & { readonly fault?: string }>;

const sha = (...contents: (string | Uint8Array)[]) =>
  contents.map((content) => createHash('sha256').update(content).digest('hex')).join(' ');
const text = (name: string) => readFileSync(join(work, name), 'utf8');

/** A command; `find` says what it came to. */
const command =
  (args: readonly string[], find: (result: Readonly<Record<string, unknown>>) => string): Action =>
  async () => {
    const end = await runCommand(args);
    if (end.code === 0) return { found: find(end.events.find(({ type }) => type === 'result') ?? {}) };
    const fault = faultOf(end);
    return { error: end.errors.trim(), ...(fault !== undefined && { fault }) };
  };

/** Depends on time. */
const timely = { seconds: 0, throughput: undefined, facts: undefined, metrics: undefined, check: undefined, backendDescription: undefined };

const resume = command(['train', '--resume', '--no-report', '--probe-every', '1', '--out', work], () => {
  const metrics = parseMetrics(text('metrics.jsonl')).map((record) => JSON.stringify({ ...record, seconds: 0 }));
  const result = JSON.stringify({ ...(JSON.parse(text('result.json')) as object), ...timely });
  return [
    sha(readFileSync(join(work, 'checkpoint.safetensors')), readFileSync(join(work, 'encoder.safetensors'))),
    ...metrics,
    result,
  ].join('\n');
});

const embedding = command(['embed', '--run', work, '--out', out], () =>
  sha(readFileSync(out), readFileSync(out.replace('.npy', '.index.json'))),
);
const report = command(['report', '--run', work], () => sha(text('report.html')));
const judging = command(['evaluate', 'knn', '--run', work], (result) => JSON.stringify(result));
const guessing = command(['predict-mask', '--run', work, 'the [MASK] sat on a mat'], (result) => JSON.stringify(result));

/** The encoder file alone, as a web page loads it. */
const loading: Action = async () => {
  const path = join(work, 'encoder.safetensors');
  if (!existsSync(path)) return { error: 'there is none' };
  try {
    const encoder = await loadEncoder(new Uint8Array(readFileSync(path)));
    try {
      const { trainable, buffers } = encoder.module;
      const values = Object.entries({ ...trainable, ...buffers }).map(
        ([name, variable]) => `${name} ${sha(new Uint8Array(variable.dataSync().slice().buffer))}`,
      );
      return { found: [JSON.stringify(encoder.run), JSON.stringify(encoder.files), ...values].join('\n') };
    } finally {
      encoder.dispose();
    }
  } catch (error) {
    if (isSelfsupError(error)) return { error: error.message };
    return { error: String(error), fault: `raw: ${String(error)}` };
  }
};

interface Case {
  readonly name: string;
  readonly folder: string;
  readonly files: readonly string[];
  readonly actions: Readonly<Record<string, Action>>;
  readonly outcomes: Readonly<Record<string, string | undefined>>;
}

/** A run that is finished, or was stopped by its user in the middle of an epoch. */
async function makeRun({ name, config }: TinyRun, { finished }: { finished: boolean }): Promise<Case> {
  const folder = join(here, `${name} ${finished ? 'finished' : 'interrupted'}`);
  const registry = createRegistry([...builtinPlugins, ...nodePlugins]);
  const controller = new AbortController();
  for await (const event of pretrain(config, { store: runFolder(work), registry, signal: controller.signal }))
    if (!finished && event.type === 'step' && event.step === 6) controller.abort();
  const isText = name === 'masked-language';
  if (finished && !isText) {
    const flags = ['--method', 'full', '--scratch', '--seeds', '0', '--epochs', '1', '--min-steps', '1'];
    const { code, errors } = await runCommand(['fine-tune', '--run', work, ...flags]);
    if (code !== 0) throw new Error(`${name}, fine-tune: ${errors}`);
  }
  cpSync(work, folder, { recursive: true });
  const actions = {
    ...(isText ? { 'predict-mask': guessing } : { 'evaluate knn': judging }),
    ...{ embed: embedding, report, 'load the encoder': loading, resume },
  };
  const outcomes: Record<string, string | undefined> = {};
  for (const [action, act] of Object.entries(actions)) {
    const outcome = await act();
    outcomes[action] = 'found' in outcome ? outcome.found : undefined;
    if (outcome.fault !== undefined || ('error' in outcome && finished))
      throw new Error(`${name}, ${action}, without damage: ${JSON.stringify(outcome)}`);
  }
  const files = readdirSync(folder).filter((file) => /\.(safetensors|json|jsonl)$/.test(file));
  return { name: folder.slice(here.length + 1), folder, files, actions, outcomes };
}

const counts = { detected: 0, unaffected: 0, WRONG: 0 };

async function playRound(number: number, { name, folder, files, actions, outcomes }: Case, chance: Chance): Promise<void> {
  const [file, how] = [chance.pick(files), chance.pick(damages)];
  for (const [action, act] of Object.entries(actions)) {
    rmSync(work, { recursive: true, force: true });
    cpSync(folder, work, { recursive: true });
    const path = join(work, file);
    const damaged = damage(new Uint8Array(readFileSync(path)), how, createChance(seed, 'damage', number));
    writeFileSync(path, damaged);
    let wrong: string | undefined;
    try {
      const outcome = await act();
      wrong = outcome.fault;
      if ('error' in outcome) counts.detected += wrong === undefined ? 1 : 0;
      else if (outcome.found === outcomes[action]) counts.unaffected++;
      else wrong = `another result:\n${outcome.found}\ninstead of\n${outcomes[action] ?? 'an error'}`;
    } catch (error) {
      wrong = `it threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    }
    if (wrong === undefined) continue;
    counts.WRONG++;
    const kept = join(here, `wrong ${number} ${action}`);
    cpSync(folder, kept, { recursive: true });
    writeFileSync(join(kept, file), damaged);
    console.log(`WRONG round ${number}: ${file} of ${name}, ${how.name}, ${action}: ${wrong}\nkept in ${kept}`);
  }
}

const cases: Case[] = [];
async function addCase(tiny: TinyRun, finished: boolean): Promise<void> {
  rmSync(work, { recursive: true, force: true });
  cases.push(await makeRun(tiny, { finished }));
}
const tiny = tinyRuns(here).filter(({ name }) => name === 'simclr' || name === 'masked-language');
for (const one of tiny) for (const finished of [true, false]) await addCase(one, finished);
const init = new Uint8Array(readFileSync(join(cases[0]!.folder, 'encoder.safetensors')));
await addCase({ ...tiny[0]!, name: 'simclr from an encoder', config: { ...tiny[0]!.config, init } }, false);
for (let number = 0; number < rounds; number++) {
  await playRound(number, cases[number % cases.length]!, createChance(seed, 'damaged', number));
  if ((number + 1) % 20 === 0) process.stderr.write(`${number + 1} of ${rounds} rounds\n`);
}
const actions = counts.detected + counts.unaffected + counts.WRONG;
console.log(`seed ${seed}, Node ${process.version}: ${rounds} damaged files, ${actions} commands`);
console.log(`${counts.detected} detected, ${counts.unaffected} unaffected, ${counts.WRONG} WRONG`);
if (counts.WRONG === 0) rmSync(here, { recursive: true });
else process.exitCode = 1;
