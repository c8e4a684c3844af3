import { printable, SelfsupError } from '@selfsup/core';
import type { SavedWeight, SavedWeights } from '../save-weights.ts';
import { toOurs } from './turn-values.ts';
import type { Entry, ReadTensor } from './name-table.ts';
import type { FoundNetwork } from './recognize-family.ts';

/** Named beside the first of many. */
const SHOWN = 3;
/** What optimizers and loops leave in a checkpoint. */
const TRAINING =
  /^(optim\w*|fp16_scaler|scaler|amp|\w*scheduler|epoch|iteration|step|global_step|args|arch|config|meta|hyper_parameters|best_\w+|\w*loss|criterion|queue\w*|callbacks|loops)(\.|$)/;

const shapeOf = (shape: readonly number[]) => `[${shape.join(', ')}]`;
const quoted = (name: string) => `\`${printable(name, { maxLength: 120 })}\``;

/** The first in full, the count and the names of some of the others. */
function listed<T>(items: readonly T[], describe: (item: T) => string, nameOf: (item: T) => string): string {
  const [first, ...others] = items as [T, ...T[]];
  if (others.length === 0) return describe(first);
  const names = others.slice(0, SHOWN - 1).map((item) => quoted(nameOf(item)));
  return `${describe(first)} (and ${others.length} more: ${names.join(', ')}${others.length >= SHOWN ? ', …' : ''})`;
}

/**
 * The weights of entries, in our paths and shapes.
 *
 * @param tensors theirs by name without prefix
 * @param source the word for what says which tensors there are: `config` or `architecture`
 * @throws SelfsupError `SELFSUP_CHECKPOINT` naming what is missing and what has another shape or type; with `known`, also what has no place there
 */
export function readEntries(
  who: string,
  tensors: ReadonlyMap<string, ReadTensor>,
  { entries, source, unexpected = [] }: { entries: readonly Entry[]; source: string; unexpected?: readonly string[] },
): SavedWeights {
  const missing = entries.filter(({ name }) => !tensors.has(name));
  const present = entries.flatMap((entry) => {
    const tensor = tensors.get(entry.name);
    return tensor ? [{ entry, tensor }] : [];
  });
  const misshapen = present.filter(({ entry, tensor }) => tensor.shape.join() !== entry.shape.join());
  const complaints = [
    missing.length > 0 &&
      listed(
        missing,
        ({ name, shape }) => `the ${source} asks for ${quoted(name)} ${shapeOf(shape)}, which the file lacks`,
        ({ name }) => name,
      ),
    misshapen.length > 0 &&
      listed(
        misshapen,
        ({ entry, tensor }) =>
          `by the ${source} ${quoted(entry.name)} must have shape ${shapeOf(entry.shape)}, got ${shapeOf(tensor.shape)}`,
        ({ entry }) => entry.name,
      ),
    unexpected.length > 0 &&
      listed(
        unexpected,
        (name) => `the file has ${quoted(name)} ${shapeOf(tensors.get(name)?.shape ?? [])}, for which the ${source} has no place`,
        (name) => name,
      ),
  ].filter((complaint) => complaint !== false);
  const fail = (message: string): never => {
    throw new SelfsupError('SELFSUP_CHECKPOINT', `${who}: ${message}`);
  };
  if (complaints.length > 0) fail(complaints.join('; '));
  const weights: [string, SavedWeight][] = present.flatMap(({ entry, tensor: { dtype, data } }) => {
    if (!(data instanceof Float32Array)) return fail(`${quoted(entry.name)} must be of F32, got ${printable(dtype, { maxLength: 20 })}`);
    const size = entry.shape.reduce((product, side) => product * side, 1);
    if (data.length !== size) fail(`${quoted(entry.name)} ${shapeOf(entry.shape)} must have ${size} values, got ${data.length}`);
    return toOurs(entry, data);
  });
  return Object.fromEntries(weights);
}

/** What of a file belongs to the network, and what is left out of it. */
export function readNetwork(
  who: string,
  found: FoundNetwork,
  { entries, source }: { entries: readonly Entry[]; source: string },
): { weights: SavedWeights; left: string[] } {
  const { table, network, beside, others } = found;
  const known = new Set(entries.map(({ name }) => name));
  const left = new Set(others);
  const headOf = (name: string) => Object.entries(table.heads).find(([, pattern]) => pattern.test(name))?.[0];
  const unexpected: string[] = [];
  for (const name of network.keys()) {
    if (known.has(name) || table.ignored.test(name)) continue;
    const head = headOf(name) ?? (TRAINING.test(name) ? 'training state' : undefined);
    if (head) left.add(head);
    else unexpected.push(name);
  }
  for (const name of beside.keys())
    left.add(headOf(name) ?? (TRAINING.test(name) ? 'training state' : printable(name.replace(/\..*$/, ''), { maxLength: 40 })));
  return { weights: readEntries(who, network, { entries, source, unexpected }), left: [...left] };
}
