// Trainings on TensorFlow through the command, where its binding is installed, beside the same on wasm.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selectBackend } from '@selfsup/backends';
import { createRng, drawUniform, isSelfsupError } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from './run-cli.ts';

/** Why TensorFlow is not there, if it is not. */
async function whyNot(): Promise<string | undefined> {
  try {
    await selectBackend({ prefer: 'tensorflow' });
    return undefined;
  } catch (error) {
    if (!isSelfsupError(error)) throw error;
    return error.message;
  }
}

const reason = await whyNot();

describe.skipIf(reason !== undefined)(`selfsup train --backend tensorflow${reason === undefined ? '' : `, skipped: ${reason}`}`, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'selfsup-tensorflow-'));
    const words = ['tree', 'river', 'stone', 'cloud', 'grass', 'under', 'over', 'beside', 'the', 'a'];
    const lines = Array.from({ length: 160 }, (_, line) =>
      [...drawUniform(createRng(2).fold(line), 12, { min: 0, max: words.length })].map((at) => words[Math.floor(at)]!).join(' '),
    );
    await writeFile(join(folder, 'text.txt'), lines.join('\n\n'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
    await tf.setBackend('cpu');
  });

  const train = async (out: string, args: readonly string[]): Promise<number[]> => {
    const before = tf.memory().numTensors;
    let said = '';
    const streams = { stdout: { write: () => true }, stderr: { write: (text: string) => (said += text) } };
    expect(await runCli(['train', '--out', join(folder, out), ...args], streams), said).toBe(0);
    expect(tf.memory().numTensors).toBe(before);
    const lines = (await readFile(join(folder, out, 'metrics.jsonl'), 'utf8')).trim().split('\n');
    const steps = lines.map((line) => JSON.parse(line) as { type: string; loss: number }).filter(({ type }) => type === 'step');
    return steps.map(({ loss }) => loss);
  };

  it.each([
    // a rate at which no ReLU that rounds to the other side grows to a difference
    ['simclr', ['--data', 'shapes', '--limit', '160', '--encoder', 'conv-net', '--batch-size', '16', '--learning-rate', '0.001']],
    ['masked-language', ['--data', 'TEXT', '--encoder', 'bert-tiny', '--batch-size', '16', '--documents', 'blank-line']],
  ])('%s has the losses of wasm', async (task, flags) => {
    const all = ['--task', task, '--seed', '3', ...flags.map((flag) => (flag === 'TEXT' ? join(folder, 'text.txt') : flag))];
    const [wasm, tensorflow] = [
      await train(`${task}-wasm`, [...all, '--epochs', '1', '--backend', 'wasm']),
      await train(`${task}-tensorflow`, [...all, '--epochs', '1', '--backend', 'tensorflow']),
    ];
    expect(tensorflow.length).toBeGreaterThanOrEqual(9);
    expect(tensorflow).toHaveLength(wasm.length);
    tensorflow.forEach((loss, step) => {
      expect(Math.abs(loss - wasm[step]!), `step ${step + 1}`).toBeLessThan(1e-3);
    });
  });
});
