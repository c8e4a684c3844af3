import { printable } from '@selfsup/core';
import { failPytorch as fail } from './fail-pytorch.ts';
import type { PickledTensor, PickledValue } from './pickle-value.ts';

const DEEPEST = 64;
const MOST_VALUES = 1_000_000;

/** The members of a container with the parts of their names, or undefined. */
function membersOf(value: PickledValue): (readonly [name: string, member: PickledValue])[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (value.kind === 'list' || value.kind === 'tuple') return value.items.map((item, i) => [String(i), item] as const);
  if (value.kind !== 'dict') return undefined;
  return value.items.map(([key, item]) => [typeof key === 'string' || typeof key === 'number' ? String(key) : '?', item] as const);
}

const isTensor = (value: PickledValue): value is PickledTensor => typeof value === 'object' && value !== null && value.kind === 'tensor';

/**
 * The tensors of a pickle under dotted names, and the names of all else. Internal.
 *
 * @param root what the pickle holds
 * @returns `left` names the outermost containers without a tensor
 * @throws SelfsupError `SELFSUP_CHECKPOINT` when containers nest too deeply or in a circle, are too many, or two tensors have one name
 */
export function collectTensors(root: PickledValue): { tensors: Map<string, PickledTensor>; left: string[] } {
  const known = new Map<PickledValue, boolean>(); // whether a container holds a tensor: pickles may name one container many times
  const tensors = new Map<string, PickledTensor>();
  const left: string[] = [];
  let seen = 0;

  function holdsTensor(value: PickledValue, depth: number): boolean {
    if (isTensor(value)) return true;
    const earlier = known.get(value);
    if (earlier !== undefined) return earlier;
    const members = membersOf(value);
    if (!members) return false;
    if (depth > DEEPEST) fail(`values must nest at most ${DEEPEST} levels deep`);
    let holds = false;
    for (const [, member] of members) holds = holdsTensor(member, depth + 1) || holds;
    known.set(value, holds);
    return holds;
  }

  function collect(name: string, value: PickledValue): void {
    if (++seen > MOST_VALUES) fail(`the file must hold at most ${MOST_VALUES} values`);
    if (isTensor(value)) {
      if (tensors.has(name)) fail(`two tensors are called \`${printable(name, { maxLength: 120 })}\``);
      tensors.set(name, value);
    } else if (!holdsTensor(value, 0)) left.push(name);
    else for (const [part, member] of membersOf(value)!) collect(name === '' ? part : `${name}.${part}`, member);
  }

  if (membersOf(root) === undefined) fail('the file must hold a dictionary of tensors');
  if (!holdsTensor(root, 0)) left.push(...membersOf(root)!.map(([name]) => name));
  else collect('', root);
  return { tensors, left };
}
