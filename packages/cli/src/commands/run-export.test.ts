import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '@selfsup/core';
import { saveWeights } from '@selfsup/encoders';
import { decodeSafetensors } from '@selfsup/safetensors';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { writeTextRun } from '../../fixtures/text-run.ts';
import { readHuggingFace } from '../hugging-face/read-hugging-face.ts';
import { runCli } from '../run-cli.ts';

const root = mkdtempSync(join(tmpdir(), 'selfsup-run-export-'));
const at = (name: string) => join(root, name);
const encoder = { numLayers: 2, width: 16, numHeads: 4, vocabularySize: 24, maxPositions: 8, dropoutRate: 0, attentionDropoutRate: 0.25 };

async function run(...argv: string[]): Promise<{ code: unknown; stderr: string }> {
  let stderr = '';
  await runCli(argv, { stdout: { write: () => undefined }, stderr: { write: (text) => (stderr += text) } });
  return { code: process.exitCode, stderr };
}

beforeAll(async () => {
  await tf.setBackend('cpu');
  await writeTextRun(at('run'), { encoder });
  await writeTextRun(at('pairs'), { encoder, nextSentence: true });
});
afterEach(() => {
  process.exitCode = 0;
});

it.each([
  ['run', 'BertForMaskedLM', ['options', 'backbone', 'head']],
  ['pairs', 'BertForPreTraining', ['options', 'backbone', 'head', 'nextSentenceHead']],
])('exports what masked-language trained: %s as %s', async (name, architecture, parts) => {
  const out = at(`${name}-bert`);
  const { code, stderr } = await run('export', '--run', at(name), '--format', 'huggingface', '--out', out);
  expect([code, stderr]).toEqual([0, '']);
  expect(readdirSync(out).sort()).toEqual(['config.json', 'model.safetensors', 'vocab.txt']);
  expect(JSON.parse(readFileSync(join(out, 'config.json'), 'utf8'))).toMatchObject({ architectures: [architecture] });

  const pretrained = await readHuggingFace(out);
  expect(Object.keys(pretrained)).toEqual(parts);
  expect(pretrained.options).toMatchObject(encoder);
  const backbone = pretrained.backbone(createRng(0));
  const trained = decodeSafetensors(readFileSync(join(at(name), 'checkpoint.safetensors'))).tensors;
  for (const [path, { shape, data }] of Object.entries(await saveWeights(backbone)))
    expect(trained.get(`trainable/backbone/${path}`), path).toEqual({ dtype: 'F32', shape, data });
  backbone.dispose();
});

it('says once what is wrong, and writes nothing', async () => {
  const fails = async (folder: string, message: RegExp) => {
    const { code, stderr } = await run('export', '--run', folder, '--out', at('never'));
    expect(code).not.toBe(0);
    expect(stderr).toMatch(message);
    expect(readdirSync(root)).not.toContain('never');
  };
  await fails(at('nowhere'), /holds no run/);
  await writeTextRun(at('damaged'), { encoder, steps: 1 });
  const checkpoint = join(at('damaged'), 'checkpoint.safetensors');
  writeFileSync(checkpoint, readFileSync(checkpoint).subarray(0, -4));
  await fails(at('damaged'), /damaged/);
  copyFileSync(new URL('../../fixtures/hugging-face/model.safetensors', import.meta.url), checkpoint);
  await fails(at('damaged'), /the checkpoint holds no BERT: its `backbone\/embeddings\/word\/weight` must have rank 2, got none/);
  rmSync(checkpoint);
  await fails(at('damaged'), /has no checkpoint yet/);
});
