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
    expect(tasks.names).toEqual(['simclr', 'dcl', 'moco', 'moco-v3', 'byol', 'sim-siam', 'barlow-twins', 'vicreg']);
    expect(encoders.names).toEqual(['conv-net', 'resnet18', 'resnet34', 'resnet50']);
  });

  it.each([
    ['conv-net', 256],
    ['resnet18', 512],
    ['resnet34', 512],
    ['resnet50', 2048],
  ])('build %s with %i outputs', (name, outputDim) => {
    expect(encoders.get(name)({ channels: 1, imageSize: 32, options: {} }).outputDim).toBe(outputDim);
  });

  it('pass encoder options on', () => {
    expect(encoders.get('conv-net')({ channels: 3, imageSize: 32, options: { widths: [4, 8] } }).outputDim).toBe(8);
  });
});
