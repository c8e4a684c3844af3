import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createRegistry } from './registry.ts';
import { encoders } from './registry-encoders.ts';
import { tasks } from './registry-tasks.ts';

describe('createRegistry', () => {
  it('finds entries and names the known ones otherwise', () => {
    const registry = createRegistry('fruit', { apple: 1, pear: 2 });
    expect(registry.get('pear')).toBe(2);
    expect(() => registry.get('plum')).toThrow("unknown fruit 'plum'; known: apple, pear");
  });

  it('does not find what every object has', () => {
    expect(() => createRegistry('fruit', { apple: 1 }).get('toString')).toThrow('unknown fruit');
  });
});

describe('the registries', () => {
  it('know the tasks and encoders of the documentation', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    for (const name of [...tasks.names, ...encoders.names]) expect(readme).toContain(`\`${name}\``);
    expect(tasks.names).toEqual(
      expect.arrayContaining(['simclr', 'moco', 'byol', 'mae', 'sim-mim', 'rotation', 'jigsaw', 'relative-patch']),
    );
    expect(encoders.names).toEqual(['conv-net', 'resnet18', 'resnet34', 'resnet50', 'vit-tiny', 'vit-small', 'vit-base']);
  });

  it.each([
    ['conv-net', 256],
    ['resnet18', 512],
    ['resnet34', 512],
    ['resnet50', 2048],
    ['vit-tiny', 192],
    ['vit-small', 384],
    ['vit-base', 768],
  ])('build %s with %i outputs', (name, outputDim) => {
    expect(encoders.get(name)({ channels: 1, imageSize: 32, options: {} }).outputDim).toBe(outputDim);
  });

  it('pass encoder options on', () => {
    expect(encoders.get('conv-net')({ channels: 3, imageSize: 32, options: { widths: [4, 8] } }).outputDim).toBe(8);
  });

  it.each([
    [32, {}, 8],
    [64, {}, 16],
    [96, {}, 6],
    [32, { patchSize: 8 }, 4],
  ])('cut images of %i pixels with %j into %i² patches', (imageSize, options, gridSize) => {
    expect({ ...encoders.get('vit-tiny')({ channels: 3, imageSize, options }) }).toMatchObject({ gridSize });
  });
});
