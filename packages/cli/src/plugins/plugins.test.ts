import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { selfsup, succeed } from '../../fixtures/run-command.ts';
import { tinyImages } from '../../fixtures/tiny-images.ts';
import { loadConfig } from './load-config.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-plugins-'));
const at = (name: string) => join(root, name);
const write = (name: string, text: string) => {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), text);
  return at(name);
};
afterAll(() => {
  rmSync(root, { recursive: true });
});

/** Runs in the folder of these tests, where packages are installed. */
async function inFolder<T>(work: () => Promise<T>): Promise<T> {
  const before = process.cwd();
  process.chdir(root);
  return work().finally(() => {
    process.chdir(before);
  });
}

/** A task of one's own, without an installation of selfsup around it: a schema written by hand, the task of rotations under another name. */
const recipe = (name: string) => `
  const properties = { scale: { type: 'number', exclusiveMinimum: 0, default: 0.5, description: 'the smallest part that is seen' } };
  export const options = {
    '~standard': {
      version: 1,
      vendor: 'by-hand',
      validate: (value: { scale?: number }) => ({ value: { scale: 0.5, ...value } }),
      jsonSchema: { input: () => ({ type: 'object', properties }), output: () => ({ type: 'object', properties }) },
    },
  };
  export const recipe = defineImageTask({
    name: '${name}',
    title: 'Turned pictures',
    options,
    input: oneView,
    views: cropSource([0.5, 1]),
    hasProjectionHead: false,
    create: ({ backbone }) => rotation({ backbone, head: linear({ inputDim: backbone.outputDim, outputDim: 4 }) }),
  });`;
const imports = `
  import { linear } from '@selfsup/encoders';
  import { rotation } from '@selfsup/pretext-tasks/rotation';
  import { cropSource, defineImageTask, oneView } from '@selfsup/pretrain';`;
const image = tinyImages.filter((word, i) => word !== '--head-output' && tinyImages[i - 1] !== '--head-output');

describe('loadConfig', () => {
  it('brings zod along, with which recipes describe their options', async () => {
    write('schema.config.ts', `import { z } from 'zod'; export default { data: z.string().parse('shapes') };`);
    expect(await loadConfig('schema.config.ts', root)).toEqual({ data: 'shapes' });
  });

  it('loads a typed config that imports selfsup, from outside of any installation', async () => {
    write(
      'typed.config.ts',
      `import { defineRun, type RunConfig } from 'selfsup';
       const config: RunConfig = defineRun({ data: 'shapes', epochs: 2, views: () => () => [] });
       export default config;`,
    );
    const config = await loadConfig('typed.config.ts', root);
    expect(config).toMatchObject({ data: 'shapes', epochs: 2 });
    expect(typeof config.views).toBe('function');
  });

  it.each([
    ['nothing.ts', 'export const config = {};', /must have a default export made by defineRun\(\{ … \}\), got no default export/],
    ['list.ts', 'export default [];', /must have a default export .*got a list/],
    ['function.ts', 'export default () => "secret";', /must have a default export .*got a function$/],
    ['out.ts', 'export default { out: 3 };', /`out` in .*out\.ts must be a string, got the number 3/],
    ['broken.ts', 'throw new Error("out of order\\nsecond line");', /does not load: out of order$/],
  ])('refuses %s', async (name, text, message) => {
    await expect(loadConfig(write(name, text), root)).rejects.toThrow(message);
  });

  it.each<[string, string, RegExp]>([
    ['a field that nobody knows', 'export default { epoch: 2 };', /has no option `epoch`; did you mean --epochs\?/],
    ['views that are none', 'export default { views: 3 };', /`views` must be a function, got number/],
    ['a number of another type', 'export default { epochs: "2" };', /--epochs must be an integer >= 0, got '2'/],
    ['a plugin that is none', 'export default { plugins: ["./unplugged.ts"] };', /--plugin: there is no file .*unplugged\.ts/],
  ])('of %s is refused where the run is planned', async (name, text, message) => {
    const { stderr } = await selfsup(
      'train',
      '--data',
      'shapes',
      '--config',
      write(`planned-${name.length}.ts`, text),
      '--out',
      at('never'),
    );
    expect(stderr).toMatch(message);
  });

  it('of a run: flags go before its fields, parts of taskOptions alone', async () => {
    const config = write(
      'run.config.ts',
      `export default { data: 'shapes', limit: 32, epochs: 3, batchSize: 16, taskOptions: { headOutput: 8, temperature: 0.5 },
        encoderOptions: { widths: [4] }, imageSize: 16, out: ${JSON.stringify(at('from-config'))}, report: false,
        optimizer: () => { throw new Error('built by the config'); } };`,
    );
    const { stderr } = await selfsup('train', '--config', config);
    expect(stderr).toContain('built by the config');
    await succeed('train', '--config', config, '--epochs', '1', '--temperature', '0.2', '--optimizer', 'lars', '--overwrite');
    expect(JSON.parse(readFileSync(at('from-config/run.json'), 'utf8'))).toMatchObject({
      settings: { epochs: 1, batchSize: 16, optimizer: 'lars', taskOptions: { headOutput: 8, temperature: 0.2 } },
    });
  });
});

describe('a task of the user', () => {
  it('is trained from a file, with flags for its options; resuming asks for it and never loads what run.json names', async () => {
    const file = write('my-task.ts', `${imports}${recipe('turned')}\nexport default recipe;`);
    const out = at('turned');
    const { stdout: help } = await selfsup('train', '--task', file, '-h');
    expect(help).toMatch(/Options of Turned pictures:\n {2}--scale <n> +the smallest part that is seen \(default: 0\.5\)/);
    const { result } = await succeed('train', ...image, '--task', file, '--scale', '0.25', '--max-seconds', '0.01', '--out', out);
    expect(result).toMatchObject({ task: 'turned', stoppedBy: 'time' });
    expect(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'))).toMatchObject({
      settings: { taskOptions: { scale: 0.25 } },
      brought: { plugins: [file] },
    });
    const { stderr } = await selfsup('train', '--resume', '--out', out);
    expect(stderr).toBe(
      `selfsup: the task turned of this run came from ${file}; nothing that a run's file names is loaded by itself, so give it again: selfsup train --resume --out ${out} --task <file or package>\n`,
    );
    expect((await succeed('train', '--resume', '--out', out, '--task', file, '--no-report')).result).toMatchObject({ stoppedBy: 'end' });
    expect((await succeed('evaluate', 'knn', '--run', out)).result).toMatchObject({ testSamples: 13 }); // the encoder is selfsup's own
    expect((await succeed('report', '--run', out, '--plugin', file)).result).toMatchObject({ command: 'report' });
  });

  it('is found beside the config that names it, as is an encoder, wherever the command is started', async () => {
    write('beside/turns.ts', `${imports}${recipe('beside')}\nexport default recipe;`);
    write(
      'beside/net.ts',
      `import { imageEncoders } from '@selfsup/pretrain';\nexport default { ...imageEncoders[0], name: 'small-net' };`,
    );
    const config = write('beside/selfsup.config.ts', `export default { task: './turns.ts', encoder: './net.ts' };`);
    const { stdout } = await selfsup('train', '--config', config, '-h');
    expect(stdout).toContain('Options of Turned pictures:');
    expect(stdout).toMatch(/Encoders for beside:[\s\S]*small-net/);
  });

  it('may come from an installed package, by its name or as one of its plugin', async () => {
    write(
      'node_modules/selfsup-task-turns/package.json',
      '{ "name": "selfsup-task-turns", "type": "module", "exports": { "import": "./index.js" } }',
    );
    const plain = recipe('turns').replace('value: { scale?: number }', 'value');
    const two = plain
      .replace('export const recipe', 'export const other')
      .replace("'turns'", "'whirls'")
      .replace(/export const options[\s\S]*?\};\n {2}export/, 'export');
    const index = (list: string) =>
      `${imports}${plain}${two.slice(two.indexOf('export const other'))}\nexport default { name: 'selfsup-task-turns', tasks: [${list}] };`;
    write('node_modules/selfsup-task-turns/index.js', index('recipe'));
    write(
      'node_modules/selfsup-tasks/package.json',
      '{ "name": "selfsup-tasks", "type": "module", "exports": { "import": "./index.js" } }',
    );
    write('node_modules/selfsup-tasks/index.js', index('recipe, other').replaceAll('selfsup-task-turns', 'selfsup-tasks'));
    await inFolder(async () => {
      const { result } = await succeed('train', ...image, '--task', 'selfsup-task-turns', '--max-seconds', '0.01', '--no-report');
      expect(result).toMatchObject({ task: 'turns', run: 'runs/turns-shapes-conv-net' });
      const several = await selfsup('train', ...image, '--task', 'selfsup-tasks', '--out', 'several');
      expect(several.stderr).toContain('--task selfsup-tasks brings turns, whirls; choose one: --plugin selfsup-tasks --task turns');
      const { stdout } = await selfsup('train', '--plugin', 'selfsup-tasks', '--task', 'whirls', '-h');
      expect(stdout).toContain('Options of Turned pictures');
      expect((await selfsup('train', '--task', 'selfsup-task-none', '--data', 'shapes')).stderr).toContain(
        "unknown task 'selfsup-task-none'",
      );
      expect((await selfsup('train', '--plugin', 'selfsup-task-none')).stderr).toContain(
        '--plugin: there is no package selfsup-task-none installed here; install it, or give the path of a file',
      );
    });
  });

  it('needs its functions again, too', async () => {
    const config = write(
      'head.config.ts',
      `import { adamW } from '@selfsup/optim';\nexport default { optimizer: ({ learningRate }) => adamW({ learningRate }) };`,
    );
    await succeed('train', ...image, '--config', config, '--max-seconds', '0.01', '--no-report', '--out', at('functions'));
    const { stderr } = await selfsup('train', '--resume', '--out', at('functions'));
    expect(stderr).toMatch(
      /begun with functions of a config \(optimizer\); .* selfsup train --resume --out .*functions --config <file>\n$/,
    );
    expect((await succeed('train', '--resume', '--out', at('functions'), '--config', config, '--no-report')).result).toMatchObject({
      steps: 16,
    });
  });

  it.each<[string, string, RegExp]>([
    ['no default export', 'export const task = 3;', /must have the recipe of a task .* as its default export, got no default export$/],
    ['a function', 'export default function task() { return "secret"; }', /got a function; a pretext task becomes trainable by a recipe/],
    [
      'a bare pretext task',
      'export default { api: 1, name: "bare", create: () => ({}) };',
      /got an object with api, name, create; a pretext task becomes trainable by a recipe/,
    ],
    [
      'another contract',
      'export default { api: 2, name: "x", modality: "image", create() {}, options: {} };',
      /x is written for contract 2, this is contract 1/,
    ],
    [
      'options that are no schema',
      'export default { api: 1, name: "x", modality: "image", create() {}, options: { a: 1 } };',
      /`options` of x must be a schema, .* got an object with a/,
    ],
    [
      'another kind of data',
      `${recipe('sung').replace('defineImageTask', '((task) => ({ ...task, api: 1, modality: "audio" }))').replace('oneView', '0').replace('cropSource([0.5, 1])', '0')}\nexport default recipe;`,
      /the task sung learns from data of the kind audio, which nobody brings; add it with --plugin/,
    ],
    [
      'an encoder',
      'export default { name: "net", modalities: ["image"], create() {}, options: { "~standard": {} } };',
      /brings no task; what else it brings comes in with --plugin/,
    ],
    [
      'a list of what is none',
      'export default { name: "x", tasks: [() => 1] };',
      /`tasks` must hold the recipe of a task .*, got a function$/,
    ],
  ])('that is %s is refused in one line', async (name, text, message) => {
    const { code, stderr } = await selfsup(
      'train',
      '--data',
      'shapes',
      '--out',
      at('never'),
      '--task',
      write(`bad/${name.replaceAll(' ', '-')}.ts`, text),
    );
    expect(stderr.trimEnd()).toMatch(message);
    expect(stderr).toMatch(/^selfsup: [^\n]+\n$/);
    expect(stderr).not.toContain('secret');
    expect(code).toBe(1);
  });

  it('may learn from data of a kind of its own, which then has flags without a line here', async () => {
    const schema = (properties: string) => `{ '~standard': { version: 1, vendor: 'by-hand', validate: (value) => ({ value }),
      jsonSchema: { input: () => ({ type: 'object', properties: ${properties} }), output: () => ({}) } } }`;
    const file = write(
      'series.js',
      `const none = () => { throw new Error('not in this test'); };
      export default {
        name: 'series',
        tasks: [{ api: 1, name: 'next-window', title: 'The next window', modality: 'series', options: ${schema('{}')}, create: none }],
        modalities: [{ api: 1, name: 'series', title: 'time series', open: none, prepare: none, encode: none,
          options: ${schema("{ windowLength: { type: 'integer', minimum: 1, default: 64, description: 'steps of a window' } }")} }],
        encoders: [{ name: 'waves', title: 'Waves', modalities: ['series'], options: ${schema('{}')}, create: none }],
      };`,
    );
    const { stdout } = await selfsup('train', '--task', file, '-h');
    expect(stdout).toMatch(/Options of time series:\n {2}--window-length <n> +steps of a window \(default: 64\)/);
    expect(stdout).toMatch(/Encoders for next-window:\n {2}waves +Waves\n/);
    expect((await selfsup('train', '--plugin', file, '-h')).stdout).toMatch(/Tasks on time series:\n {2}next-window +The next window\n/);
    const { stderr } = await selfsup('train', '--task', file, '--image-size', '3');
    expect(stderr).toContain('--image-size is for images, videos and images with texts; next-window learns from time series');
  });

  it('must be there', async () => {
    expect((await selfsup('train', '--task', './nowhere.ts')).stderr).toContain('--task: there is no file ./nowhere.ts');
  });
});

describe('a backend of the user', () => {
  const watched = write(
    'night.ts',
    `import { builtinBackends } from '@selfsup/backends';
    import { definePlugin } from '@selfsup/pretrain';
    const cpu = builtinBackends.find(({ name }) => name === 'cpu')!;
    const night = { ...cpu, name: 'night', reasonToSkip: () => Promise.resolve('it is day') };
    export default definePlugin({ name: 'night', backends: [night] });`,
  );

  it('is shown beside the others, with the reason why it is not taken by itself', async () => {
    const plain = await selfsup('backends', '--plugin', watched);
    expect(plain.stdout).toMatch(
      / {2}night {7}cpu \(plain JavaScript\)\n.* GFLOP\/s in products, .*\n.*only by its name \(--backend night\): it is day/,
    );
    expect([plain.code, plain.stdout]).toEqual([0, expect.stringMatching(/\n\* wasm .*[\s\S]*\* is what --backend auto takes here\./)]);
  }, 60_000);

  it('computes where its name is given, and refuses what is none', async () => {
    const out = at('runs/night');
    await succeed('train', ...tinyImages, '--limit', '16', '--test-limit', '10', '--plugin', watched, '--backend', 'night', '--out', out);
    expect(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'))).toMatchObject({ backend: 'cpu' });
    const bad = write('bad-backend.ts', `export default { name: 'bad', backends: [{ name: 'bad' }] };`);
    expect((await selfsup('backends', '--plugin', bad)).stderr).toMatch(
      /`backends` must hold the set-up of a backend \(BackendSetup\), got/,
    );
  });
});
