import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Answer, Case, Job } from './exchange.ts';
import type { Expected } from './expected.ts';
import type { Format, Subject } from './subjects.ts';
import { chromiumPath, runOnPage } from './web-page.ts';

/** Versions of the libraries that open exports. */
const MODULES = {
  'onnxruntime-node': '1.30.0',
  'onnxruntime-web': '1.30.0',
  '@huggingface/transformers': '4.3.2',
  '@tensorflow/tfjs': '4.22.0',
};
const LIMIT = 240_000;

const execute = promisify(execFile);
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Where consumers are. */
export interface Places {
  /** The folder whose node_modules hold {@link MODULES}; undefined where they could not be installed. */
  readonly modules: string | undefined;
  /** A Python with the libraries; undefined where none was given. */
  readonly python: string | undefined;
  /** A folder for what is passed on. */
  readonly scratch: string;
}

/** A library that opens exports. */
export interface Consumer {
  readonly name: string;
  readonly format: Format;
  /** Whether reduced precision is tried in it. */
  readonly opensReduced: boolean;
  /** What it can be asked of a subject. */
  cases(expected: Expected): readonly Case[];
  /** The output that has to be there. */
  required(subject: Subject): string;
  /** Its version; undefined where it is not installed. */
  version(places: Places): Promise<string | undefined>;
  /** Opens exports; of one that ended the process there is no answer. */
  run(jobs: readonly Job[], places: Places): Promise<readonly Answer[]>;
}

/** Installs the libraries of Node and the page; nothing is run while they are installed. */
export async function installModules(folder: string): Promise<void> {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies: MODULES }));
  await execute('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'], { cwd: folder, timeout: LIMIT });
}

/** Runs a program that appends answers to a file, one per line; of what it did not answer says how it ended. */
async function runProgram(
  program: readonly [string, string],
  consumer: string,
  { jobs, places }: { readonly jobs: readonly Job[]; readonly places: Places },
) {
  const name = consumer.replaceAll(/\W+/g, '-');
  const [asked, answered] = ['jobs.json', 'answers.jsonl'].map((end) => join(places.scratch, `${name}-${end}`)) as [string, string];
  writeFileSync(asked, JSON.stringify(jobs));
  writeFileSync(answered, '');
  const [command, script] = program;
  const options = { timeout: LIMIT, maxBuffer: 1 << 26, ...(places.modules && { cwd: places.modules }) };
  const ended = await execute(command, [script, consumer, asked, answered], options).then(
    () => 'it ended without an answer',
    (error: unknown) => String((error as { stderr?: string }).stderr ?? '').trim().split('\n').at(-1) || String(error), // prettier-ignore
  );
  const answers = readFileSync(answered, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line) as Answer); // prettier-ignore
  return jobs.map(({ id }): Answer => answers.find((answer) => answer.id === id) ?? { id, error: ended });
}

const moduleVersion = (name: string, { modules }: Places): string | undefined => {
  const file = modules === undefined ? undefined : join(modules, 'node_modules', name, 'package.json');
  return file !== undefined && existsSync(file)
    ? `${name} ${(JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version}`
    : undefined;
};

let pythonVersions: Promise<Record<string, string | null>> | undefined;
async function pythonVersion(name: string, { python }: Places): Promise<string | undefined> {
  if (python === undefined) return undefined;
  pythonVersions ??= execute(python, [here('python_consumers.py'), 'versions']).then(
    ({ stdout }) => JSON.parse(stdout) as Record<string, string | null>,
  );
  const version = (await pythonVersions)[name];
  return version ? `${name} ${version} (Python)` : undefined;
}

type Shape = Pick<Consumer, 'name' | 'format' | 'cases' | 'required'> & { readonly library: string; readonly opensReduced?: boolean };

const inNode = ({ library, opensReduced = false, ...consumer }: Shape): Consumer => ({
  ...consumer,
  opensReduced,
  version: (places) => Promise.resolve(moduleVersion(library, places)),
  run(jobs, places) {
    const script = join(places.modules!, 'node-consumers.mjs');
    copyFileSync(here('node-consumers.mjs'), script);
    copyFileSync(here('feed-models.mjs'), join(places.modules!, 'feed-models.mjs'));
    return runProgram([process.execPath, script], consumer.name, { jobs, places });
  },
});

const inChromium = ({ library, opensReduced = false, ...consumer }: Shape): Consumer => {
  let version = '';
  return {
    ...consumer,
    opensReduced,
    version: (places) =>
      Promise.resolve(
        chromiumPath() === undefined
          ? undefined
          : [moduleVersion(library, places), version].filter(Boolean).join(' in Chromium ') || undefined,
      ),
    async run(jobs, { modules }) {
      const result = await runOnPage(consumer.name, jobs, { modules: modules!, executablePath: chromiumPath()! });
      version = result.version;
      return result.answers;
    },
  };
};

const inPython = ({ library, opensReduced = false, ...consumer }: Shape): Consumer => ({
  ...consumer,
  opensReduced,
  version: (places) => pythonVersion(library, places),
  run: (jobs, places) => runProgram([places.python!, here('python_consumers.py')], library, { jobs, places }),
});

const all = ({ cases }: Expected) => cases;
/** Those that transformers.js can prepare itself: texts, and images in color, which it makes of all. */
const preparable = ({ cases }: Expected) => cases.filter(({ pixels, texts }) => texts !== undefined || pixels?.shape[3] === 3);
const features = () => 'features';

/** All libraries that open exports, in the order of the table. */
export const consumers: readonly Consumer[] = [
  inNode({ name: 'onnxruntime-node', library: 'onnxruntime-node', format: 'onnx', cases: all, required: features, opensReduced: true }),
  inChromium({ name: 'onnxruntime-web', library: 'onnxruntime-web', format: 'onnx', cases: all, required: features, opensReduced: true }),
  inPython({ name: 'onnxruntime in Python', library: 'onnxruntime', format: 'onnx', cases: all, required: features, opensReduced: true }),
  inNode({
    name: 'transformers.js',
    library: '@huggingface/transformers',
    format: 'onnx',
    cases: preparable,
    required: ({ kind }) => (kind === 'text' ? 'last_hidden_state' : 'features'),
  }),
  inNode({
    name: 'transformers.js fill-mask',
    library: '@huggingface/transformers',
    format: 'onnx',
    cases: ({ masks }) => masks,
    required: () => 'scores',
  }),
  inNode({ name: 'tfjs in Node', library: '@tensorflow/tfjs', format: 'tfjs', cases: all, required: features }),
  inChromium({ name: 'tfjs in Chromium', library: '@tensorflow/tfjs', format: 'tfjs', cases: all, required: features }),
  inPython({ name: 'timm', library: 'timm', format: 'safetensors-timm', cases: all, required: () => 'global' }),
  inPython({
    name: 'transformers',
    library: 'transformers',
    format: 'huggingface',
    cases: all,
    required: ({ name }) => (name.startsWith('ResNet') ? 'global' : 'last_hidden_state'),
  }),
];
