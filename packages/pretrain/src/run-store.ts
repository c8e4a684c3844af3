import { toCheckedJson } from './checked-json.ts';

/** Where a run keeps its files: a folder, or memory. Names are plain, such as `run.json`. */
export interface RunStore {
  /** As it is called in messages, such as the path of the folder. */
  readonly name: string;
  /** The content of a file; undefined where there is none. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Writes a file whole or not at all, after what was appended to others. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Adds text to the end of a file, which is made where there is none. */
  append(name: string, text: string): Promise<void>;
  /** Removes a file, if there is one. */
  remove(name: string): Promise<void>;
  /** All names. */
  list(): Promise<readonly string[]>;
  /** Makes sure that nobody else writes here; the function that it gives ends that. */
  lock(): Promise<() => Promise<void>>;
}

/** The files that a run owns. */
export const runFileNames = {
  run: 'run.json',
  config: 'selfsup.config.json',
  start: 'start.safetensors',
  teacher: 'teacher.safetensors',
  metrics: 'metrics.jsonl',
  checkpoint: 'checkpoint.safetensors',
  encoder: 'encoder.safetensors',
  adapters: 'adapters.safetensors',
  result: 'result.json',
  report: 'report.html',
} as const;

/** A store in memory: for web pages, workers and tests. */
export function memoryStore(name = '(in memory)'): RunStore {
  const files = new Map<string, Uint8Array>();
  return {
    name,
    read: (file) => Promise.resolve(files.get(file)),
    write: (file, bytes) => {
      files.set(file, Uint8Array.from(bytes));
      return Promise.resolve();
    },
    append(file, text) {
      const [before, added] = [files.get(file) ?? new Uint8Array(0), new TextEncoder().encode(text)];
      const joined = new Uint8Array(before.length + added.length);
      joined.set(before);
      joined.set(added, before.length);
      files.set(file, joined);
      return Promise.resolve();
    },
    remove: (file) => {
      files.delete(file);
      return Promise.resolve();
    },
    list: () => Promise.resolve([...files.keys()]),
    lock: () => Promise.resolve(() => Promise.resolve()),
  };
}

/** The text of a file of a store; undefined where there is none. */
export async function readText(store: RunStore, name: string): Promise<string | undefined> {
  const bytes = await store.read(name);
  return bytes && new TextDecoder().decode(bytes);
}

/**
 * Whether a store holds a run with something to lose: one that made an update, or came to its end. One that failed before is none.
 *
 * @param store where runs are kept
 * @returns false also where there is nothing
 */
export async function holdsRun(store: RunStore): Promise<boolean> {
  const names = await store.list();
  const { run, checkpoint, encoder, result, metrics } = runFileNames;
  if (!names.includes(run)) return false;
  if ([checkpoint, encoder, result].some((name) => names.includes(name))) return true;
  return (await readText(store, metrics))?.includes('"type":"step"') === true;
}

/** Writes an object as JSON with a `check`, by which `fromCheckedJson` finds damage. */
export function writeChecked(store: RunStore, name: string, value: object): Promise<void> {
  return store.write(name, new TextEncoder().encode(toCheckedJson(value)));
}
