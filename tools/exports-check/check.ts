// `npm run test:exports`: encoders of all architectures, exported by the command in all formats, opened by the libraries that the formats are for, and compared with
// what our encoder computes. Prints the largest differences and writes docs/exports.md.
//   --python PATH        a Python with onnxruntime, timm and transformers; without it these are skipped
//   --consumers FOLDER   where onnxruntime-node, onnxruntime-web, transformers.js and tfjs are installed, or will be; default a temporary folder
//   --only TEXT          encoders with it in their names; --format NAME formats; --in TEXT consumers; then docs/exports.md stays as it is
//   --no-reduced         without int8 and fp16
//   --findings FILE      adds what was found to what is in the file, and writes docs/exports.md of all: for a check in pieces
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { selectBackend } from '@selfsup/backends';
import { format as prettify, resolveConfig } from 'prettier';
import { runCli } from 'selfsup';
import { compare } from './compare.ts';
import { consumers, installModules, type Places } from './consumers.ts';
import type { Answer, Job } from './exchange.ts';
import { computeExpected, type Expected } from './expected.ts';
import { mergeFindings } from './merge-findings.ts';
import { FORMATS, makeSubjects, type Format, type Subject } from './subjects.ts';
import { writeTable, type Cell, type Findings, type Refusal } from './table.ts';

const { values: flags } = parseArgs({
  options: {
    python: { type: 'string' },
    consumers: { type: 'string' },
    only: { type: 'string' },
    format: { type: 'string' },
    in: { type: 'string' },
    findings: { type: 'string' },
    'no-reduced': { type: 'boolean', default: false },
  },
});
const TOLERANCE = 1e-4;
const LEAST_COSINE = 0.99;
const TABLE = fileURLToPath(new URL('../../docs/exports.md', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'selfsup-exports-'));

/** A folder that the command wrote. */
interface Written {
  readonly id: string;
  readonly subject: Subject;
  readonly format: Format;
  readonly precision?: string;
  readonly folder: string;
}

function report(where: string, ok: boolean, detail: string): void {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${where}: ${detail}`);
  if (!ok) process.exitCode = 1;
}

/** Exports by the command; gives what it said where it refuses. */
async function exportBy(written: Omit<Written, 'id'>): Promise<string | undefined> {
  const { subject, format, precision, folder } = written;
  let said = '';
  const streams = { stdout: { write: () => true }, stderr: { write: (text: string) => (said += text) } };
  const classifier =
    subject.classifier !== undefined && (format === 'onnx' || format === 'tfjs') ? ['--classifier', subject.classifier] : [];
  const argv = ['export', '--run', subject.run, '--format', format, '--out', folder, ...(precision ? ['--precision', precision] : []), ...classifier]; // prettier-ignore
  return (await runCli(argv, streams)) === 0 ? undefined : said.trim().replace(/^selfsup: /, '');
}

/** The file that a consumer opens. */
function fileOf({ folder, format }: Written): string | undefined {
  const end = { onnx: '.onnx', tfjs: 'model.json' }[format as string];
  if (end === undefined) return undefined;
  const names = readdirSync(folder, { recursive: true }) as string[];
  return names.find((name) => name.endsWith(end));
}

async function exportAll(subjects: readonly Subject[]): Promise<{ readonly written: Written[]; readonly refusals: Refusal[] }> {
  const written: Written[] = [];
  const refusals: Refusal[] = [];
  for (const subject of subjects)
    for (const format of FORMATS.filter((name) => flags.format === undefined || name === flags.format))
      for (const precision of [undefined, ...(format === 'onnx' && !flags['no-reduced'] ? ['fp16', 'int8'] : [])]) {
        const id = `${written.length + refusals.length}`;
        const one = { subject, format, folder: join(scratch, `export-${id}`), ...(precision && { precision }) };
        const message = await exportBy(one);
        const where = `${subject.name}, export as ${[format, precision].filter(Boolean).join(' ')}`;
        const isExpected = precision === undefined ? subject.refused.includes(format) : message !== undefined && /cosine/i.test(message);
        if (message === undefined) {
          if (precision === undefined && isExpected) report(where, false, 'was written, although the format has no place for it');
          if (!existsSync(join(one.folder, 'README.md'))) report(where, false, 'has no model card');
          written.push({ id, ...one });
        } else {
          report(where, isExpected, `refused: ${message}`);
          refusals.push({ subject: subject.name, format, message, ok: isExpected, ...(precision && { precision }) });
        }
      }
  return { written, refusals };
}

function judge(
  { subject, precision }: Written,
  answer: Answer,
  { consumer, job }: { readonly consumer: (typeof consumers)[number]; readonly job: Job },
): Cell {
  const cell = { subject: subject.name, consumer: consumer.name, ...(precision && { precision }) };
  const where = `${subject.name}, ${consumer.name}${precision ? `, ${precision}` : ''}`;
  try {
    const { error, cosine, names } = compare(answer, job.cases, consumer.required(subject));
    const ok = precision === undefined ? error <= TOLERANCE : cosine >= LEAST_COSINE;
    const detail = `error ${error.toExponential(1)}, cosine ${cosine.toFixed(5)} of ${names.join(', ')}`;
    report(where, ok, [detail, ...(answer.notes ?? [])].join('; '));
    return { ...cell, ok, error, cosine, ...(!ok && { problem: detail }) };
  } catch (problem) {
    report(where, false, (problem as Error).message);
    return { ...cell, ok: false, problem: (problem as Error).message };
  }
}

async function openAll(written: readonly Written[], expected: ReadonlyMap<Subject, Expected>, places: Places) {
  const cells: Cell[] = [];
  const found: Findings['consumers'][number][] = [];
  const notes = new Set<string>();
  for (const consumer of consumers.filter(({ name }) => flags.in === undefined || name.includes(flags.in))) {
    const { name, format } = consumer;
    const installed = (await consumer.version(places)) !== undefined;
    const pairs = written
      .filter((one) => one.format === format && (consumer.opensReduced || one.precision === undefined))
      .map((one) => ({
        one,
        job: { id: one.id, folder: one.folder, file: fileOf(one), cases: consumer.cases(expected.get(one.subject)!) },
      }))
      .filter(({ job }) => job.cases.length > 0);
    if (!installed) console.log(`skipped: ${name} is not installed`);
    else if (pairs.length > 0) {
      const answers = await consumer.run(
        pairs.map(({ job }) => job),
        places,
      );
      for (const { one, job } of pairs) {
        const answer = answers.find(({ id }) => id === job.id)!;
        cells.push(judge(one, answer, { consumer, job }));
        for (const note of answer.notes ?? []) notes.add(`${name}: ${note}`);
      }
    }
    if (!installed || pairs.length > 0) found.push({ name, format, version: await consumer.version(places) });
  }
  return { cells, consumers: found, notes: [...notes] };
}

async function findPlaces(): Promise<Places> {
  const modules = flags.consumers ?? join(scratch, 'modules');
  mkdirSync(modules, { recursive: true });
  try {
    if (!existsSync(join(modules, 'node_modules'))) await installModules(modules);
    return { modules, python: flags.python, scratch };
  } catch (error) {
    console.log(`skipped: the consumers of Node could not be installed: ${(error as Error).message.split('\n')[0]!}`);
    return { modules: undefined, python: flags.python, scratch };
  }
}

/** What is in a file of findings, and what was found now. */
function addTo(file: string, now: Findings): Findings {
  const all = existsSync(file)
    ? mergeFindings(JSON.parse(readFileSync(file, 'utf8')) as Findings, now, { order: consumers.map(({ name }) => name) })
    : now;
  writeFileSync(file, JSON.stringify(all));
  return all;
}

async function check(): Promise<void> {
  const wanted = flags.only;
  await selectBackend();
  const subjects = await makeSubjects(scratch, (name) => wanted === undefined || name.includes(wanted));
  await selectBackend();
  const expected = new Map<Subject, Expected>();
  for (const subject of subjects) expected.set(subject, await computeExpected(subject));
  const { written, refusals } = await exportAll(subjects);
  const opened = await openAll(written, expected, await findPlaces());
  const found = { subjects: subjects.map(({ name }) => name), refusals, ...opened };
  const markdown = writeTable(flags.findings === undefined ? found : addTo(flags.findings, found));
  const isPart = wanted !== undefined || flags.format !== undefined || flags.in !== undefined || flags['no-reduced'];
  if (isPart && flags.findings === undefined) console.log(`\n${markdown}`);
  else writeFileSync(TABLE, await prettify(markdown, { ...(await resolveConfig(TABLE)), parser: 'markdown' }));
  const failures = [...opened.cells, ...refusals].filter(({ ok }) => !ok).length;
  console.log(`${opened.cells.length} models opened, ${refusals.length} exports refused, ${failures} not as they should be`);
}

try {
  await check();
} finally {
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}
