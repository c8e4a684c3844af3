// A child of kills.ts: `die-while-writing.ts <folder> <config> <write> <moment>` trains, and kills itself before, within or after its write of that number.
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { builtinPlugins, createRegistry, pretrain, type RunConfig, type RunStore } from '@selfsup/pretrain';
import { nodePlugins, runFolder } from '@selfsup/pretrain/node';

const [folder, config, count, moment] = process.argv.slice(2) as [string, string, string, 'before' | 'within' | 'after'];
const die = (): never => {
  process.kill(process.pid, 'SIGKILL');
  for (;;); // until it is heard
};
let left = Number(count);

async function counted(half: () => void, whole: () => Promise<void>): Promise<void> {
  const last = left-- === 0;
  if (last && moment === 'before') die();
  if (last && moment === 'within') {
    half();
    die();
  }
  await whole();
  if (last) die();
}

const store = runFolder(folder);
const dying: RunStore = {
  ...store,
  write: (name, bytes) =>
    counted(
      // what `write` has on the disk at that time
      () => {
        writeFileSync(join(folder, `.${name}.${process.pid}-half.tmp`), bytes.subarray(0, bytes.length / 2));
      },
      () => store.write(name, bytes),
    ),
  append: (name, text) =>
    counted(
      () => {
        appendFileSync(join(folder, name), text.slice(0, text.length / 2));
      },
      () => store.append(name, text),
    ),
};
const registry = createRegistry([...builtinPlugins, ...nodePlugins]);
const events = pretrain(JSON.parse(config) as RunConfig, { store: dying, registry });
while (!(await events.next()).done);
