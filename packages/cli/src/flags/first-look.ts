/** What must be known of a command line before its flags are: they depend on the task and its modality. */
export interface FirstLook {
  readonly task?: string;
  readonly encoder?: string;
  readonly config?: string;
  readonly out?: string;
  readonly data?: string;
  readonly resume: boolean;
  /** The values of `--plugin`, in order. */
  readonly plugins: readonly string[];
}

/**
 * Looks at a command line for the first time.
 *
 * @param argv the arguments
 * @returns see {@link FirstLook}; the last value of a flag counts
 */
export function firstLook(argv: readonly string[]): FirstLook {
  const values = new Map<string, string[]>();
  const end = argv.indexOf('--');
  const flags = end < 0 ? argv : argv.slice(0, end);
  for (const [at, word] of flags.entries()) {
    const [, name, value = flags[at + 1]] = /^--(task|encoder|config|out|data|plugin)(?:=(.*))?$/s.exec(word) ?? [];
    if (name !== undefined && value !== undefined) values.set(name, [...(values.get(name) ?? []), value]);
  }
  const last = (name: 'task' | 'encoder' | 'config' | 'out' | 'data') => {
    const value = values.get(name)?.at(-1);
    return value === undefined ? {} : { [name]: value };
  };
  return {
    ...last('task'),
    ...last('encoder'),
    ...last('config'),
    ...last('out'),
    ...last('data'),
    resume: flags.includes('--resume'),
    plugins: values.get('plugin') ?? [],
  };
}
