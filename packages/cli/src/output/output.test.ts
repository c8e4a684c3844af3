import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createJsonOutput } from './json-output.ts';
import { formatSeconds } from '@selfsup/pretrain';
import { createPlainOutput } from './plain-output.ts';

function streams() {
  const written = { stdout: '', stderr: '' };
  return {
    written,
    stdout: { write: (text: string) => (written.stdout += text) },
    stderr: { write: (text: string) => (written.stderr += text) },
  };
}

describe('formatSeconds', () => {
  it.each([
    [0.26, '0.3 s'],
    [9.96, '10 s'],
    [59.4, '59 s'],
    [59.6, '1 min 00 s'],
    [125, '2 min 05 s'],
    [3840, '1 h 04 min'],
  ])('writes %d as %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });
});

describe('createJsonOutput', () => {
  it('writes objects to standard output, nothing for people, warnings to standard error', async () => {
    const to = streams();
    const output = createJsonOutput(to);
    output.line('for people');
    output.event('epoch', { loss: 1, absent: undefined });
    output.warn('careful');
    const stage = output.stage('Training', { total: 4, unit: 'updates' });
    stage.update(1);
    await wait(1050);
    stage.update(2, { loss: '3.2' });
    stage.update(3);
    stage.end();
    const lines = to.written.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toEqual({ type: 'epoch', loss: 1 });
    expect(lines.slice(1).map(({ type, done, total, loss }) => [type, done, total, loss])).toEqual([
      ['progress', 2, 4, '3.2'],
      ['progress', 3, 4, undefined],
    ]);
    expect(to.written.stderr).toBe('careful\n');
  });
});

describe('createPlainOutput', () => {
  it('writes results to standard output and is quiet about short stages', () => {
    const to = streams();
    const output = createPlainOutput(to);
    output.event('epoch', { loss: 1 });
    output.line('result');
    const stage = output.stage('Training', { total: 2, unit: 'updates' });
    stage.update(2);
    stage.end();
    expect(to.written).toEqual({ stdout: 'result\n', stderr: '' });
  });
});
