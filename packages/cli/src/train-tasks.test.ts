import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtinPlugins, createRegistry } from '@selfsup/pretrain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseLines, succeed } from '../fixtures/run-command.ts';
import { tinyText, writeTinyCorpus } from '../fixtures/tiny-text.ts';
import { writeVideos } from '../fixtures/write-videos.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-tasks-'));
const at = (name: string) => join(root, name);
const { tasks } = createRegistry(builtinPlugins);

beforeAll(async () => {
  process.env['XDG_CACHE_HOME'] = at('cache');
  await writeVideos(at('videos'), { perClass: 10 });
  writeTinyCorpus(at('corpus'));
});
afterAll(() => {
  delete process.env['XDG_CACHE_HOME'];
  rmSync(root, { recursive: true });
});

/** Flags of a run that takes a moment, with an encoder of those that fit the task. */
function tiny(task: string): string[] {
  const { modality, encoders } = tasks.get(task);
  const few = `--task ${task} --epochs 1 --probe-every 0 --no-report --backend wasm`.split(' ');
  const dropout = task === 'sim-cse' ? ['--encoder-option', 'dropoutRate=0.1'] : []; // what its views differ by
  if (modality === 'text') return [...tinyText(at('corpus')), ...few, ...dropout, '--limit', '64'];
  const size = encoders?.[0]?.startsWith('vit-') ? ['numLayers=1', 'width=8', 'numHeads=2'] : ['widths=[4,8]'];
  const data = [
    '--data',
    modality === 'video' ? at('videos') : modality === 'image-text' ? 'captioned-shapes' : 'shapes',
    ...'--limit 16 --test-limit 8 --image-size 16 --batch-size 8'.split(' '),
  ];
  const own = task === 'beit' ? ['--task-option', 'vocabularySize=8'] : []; // 256 patches are all there are
  return [...few, ...own, ...data, ...size.flatMap((option) => ['--encoder-option', option])];
}

const checkpointOf = (out: string) => readFile(join(at(out), 'checkpoint.safetensors'));
const losses = (out: string) =>
  parseLines(readFileSync(join(at(out), 'metrics.jsonl'), 'utf8')).flatMap(({ type, step, loss }) =>
    type === 'step' ? [[step, loss]] : [],
  );

/** One of each kind of state: none, queue, prototypes, centers, clusters, memory, tokens; the conformance kit restores all tasks. */
const resumed = [
  'simclr',
  'moco',
  'swav',
  'dino',
  'deep-cluster-v2',
  'pirl',
  'beit',
  'masked-language',
  'replaced-token',
  'clip',
  'time-contrastive',
];

// distillation needs a teacher and is tested with one in train-images
describe.each(tasks.names.filter((name) => tasks.get(name).teacher !== true))('selfsup train --task %s', (task) => {
  it('trains, its encoder is loaded again, and where it has a state of another kind it resumes to the same', async () => {
    const whole = `${task}-whole`;
    const { result } = await succeed('train', ...tiny(task), '--out', at(whole));
    expect(result).toMatchObject({ task, steps: 2, stoppedBy: 'end' });
    expect(Number.isFinite(result['lastLoss'])).toBe(true);
    const { result: embedded } = await succeed('embed', '--run', at(whole), '--out', at(`${task}.csv`), '--split', 'test');
    expect(embedded['rows']).toBeGreaterThan(0);
    if (!resumed.includes(task)) return;
    const parts = `${task}-parts`;
    const stopped = await succeed('train', ...tiny(task), '--out', at(parts), '--max-seconds', '0.000001');
    expect(stopped.result).toMatchObject({ steps: 1, stoppedBy: 'time' });
    await succeed('train', '--resume', '--no-report', '--out', at(parts));
    expect(await checkpointOf(parts)).toEqual(await checkpointOf(whole));
    expect(losses(parts)).toEqual(losses(whole));
  });
});
