import { expect, test } from 'vitest';
import { findCircles } from './find-circles.ts';

const circlesOf = (edges: Readonly<Record<string, string>>) =>
  findCircles(new Map(Object.entries(edges).map(([from, to]) => [from, to === '' ? [] : to.split(' ')])));

test('a graph without circles has none, however many ways lead to a node', () => {
  expect(circlesOf({ a: 'b c', b: 'd', c: 'd', d: '', e: 'a d' })).toEqual([]);
});

test('two nodes that lead to each other, and a node that leads to itself', () => {
  expect(circlesOf({ a: 'b', b: 'a', c: 'c a', d: 'c' })).toEqual([
    { members: ['a', 'b'], path: ['a', 'b', 'a'] },
    { members: ['c'], path: ['c', 'c'] },
  ]);
});

test('one circle for each component, with the shortest way around', () => {
  // a → b → c → d → a, and c → b closes a shorter one
  expect(circlesOf({ a: 'b', b: 'c', c: 'd b', d: 'a', x: 'a y', y: 'z', z: 'x' })).toEqual([
    { members: ['a', 'b', 'c', 'd'], path: ['b', 'c', 'b'] },
    { members: ['x', 'y', 'z'], path: ['x', 'y', 'z', 'x'] },
  ]);
});

test('edges out of the graph lead nowhere', () => {
  expect(circlesOf({ a: 'elsewhere b', b: 'elsewhere' })).toEqual([]);
});

test('a long chain that closes at its end is one circle', () => {
  const edges = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`n${String(i)}`, `n${String((i + 1) % 200)}`]));
  const [circle] = circlesOf(edges);
  expect(circle?.members).toHaveLength(200);
  expect(circle?.path).toHaveLength(201);
});
