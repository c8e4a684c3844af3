import { decodeSafetensors, encodeSafetensors, type SafetensorsTensor } from '@selfsup/safetensors';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createRng, drawUniform } from '@selfsup/core';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint-file.ts';

const file = () => ({
  metadata: { format: 'selfsup', task: 'toy', step: '12', ünïcode: 'größe "sha256":"' },
  tensors: new Map<string, SafetensorsTensor>([
    ['weight', { dtype: 'F32', shape: [40, 30], data: drawUniform(createRng(3), 1200) }],
    ['count', { dtype: 'I32', shape: [], data: Int32Array.of(7) }],
    ['sha256', { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) }],
  ]),
});
/** 200 integers below `count`. */
const places = (name: string, count: number) =>
  Array.from(drawUniform(createRng(4).fold(name), 200), (value) => Math.min(count - 1, Math.floor(value * count)));

describe('a checkpoint', () => {
  it('has the hash of its content in its metadata, which anyone can compute', async () => {
    const bytes = await encodeCheckpoint(file());
    const { metadata, tensors } = await decodeCheckpoint('test', bytes);
    const { sha256, ...rest } = metadata;
    expect(rest).toEqual(file().metadata);
    expect(tensors).toEqual(file().tensors);
    // the recipe of the README
    const end = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    const header = Buffer.from(bytes.slice(0, end));
    header.write('0'.repeat(64), header.indexOf(`"sha256":"${sha256!}"`) + 10);
    const data = createHash('sha256').update(bytes.slice(end)).digest('hex');
    expect(createHash('sha256').update(header).update(data).digest('hex')).toBe(sha256);
  });

  it('has the same bytes for the same content, whatever hash it came with', async () => {
    const bytes = await encodeCheckpoint(file());
    expect(await encodeCheckpoint(decodeSafetensors(bytes))).toEqual(bytes);
  });

  it('is refused when one bit has changed, wherever it is', async () => {
    const bytes = await encodeCheckpoint(file());
    const messages = new Set<string>();
    for (const bit of places('bits', 8 * bytes.length)) {
      const damaged = bytes.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const error: unknown = await decodeCheckpoint('test', damaged).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'SELFSUP_CHECKPOINT' });
      messages.add((error as Error).message.replace(/[0-9a-f]{12}…/g, '#'));
    }
    expect(messages).toContain(
      'test: the checkpoint is damaged: its content does not match its sha256 #, it has #; restore a copy or start again',
    );
  });

  it('is refused when any bit of its header has changed', async () => {
    const bytes = await encodeCheckpoint(file());
    const end = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    for (let bit = 0; bit < 8 * end; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      await expect(decodeCheckpoint('test', damaged)).rejects.toMatchObject({ code: 'SELFSUP_CHECKPOINT' });
    }
  });

  it('is refused when a block of 512 bytes has become zero, as after a lost write', async () => {
    const bytes = await encodeCheckpoint(file());
    for (const start of places('blocks', bytes.length - 512))
      await expect(decodeCheckpoint('test', bytes.slice().fill(0, start, start + 512))).rejects.toMatchObject({
        code: 'SELFSUP_CHECKPOINT',
      });
  });

  it('is refused when values are exchanged without a new hash, and when it has none', async () => {
    const { metadata, tensors } = await decodeCheckpoint('test', await encodeCheckpoint(file()));
    const other = encodeSafetensors({ metadata: { ...metadata, step: '13' }, tensors });
    await expect(decodeCheckpoint('test', other)).rejects.toThrow('test: the checkpoint is damaged: its content does not match its sha256');
    await expect(decodeCheckpoint('test', encodeSafetensors(file()))).rejects.toThrow(
      'test: the checkpoint must have a sha256 of its content in its metadata, got none',
    );
  });

  it('is read from shared memory and from the middle of a buffer', async () => {
    const bytes = await encodeCheckpoint(file());
    for (const buffer of [new SharedArrayBuffer(bytes.length + 5), new ArrayBuffer(bytes.length + 5)]) {
      const view = new Uint8Array(buffer, 5);
      view.set(bytes);
      expect((await decodeCheckpoint('test', view)).tensors).toEqual(file().tensors);
    }
  });
});
