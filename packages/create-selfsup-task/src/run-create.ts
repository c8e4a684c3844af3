import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { createTask, modalities, type CreatedTask, type TaskModality } from './create-task.ts';

/** How {@link runCreate} talks to people. */
export interface Terminal {
  /** Prints a line. */
  print: (line: string) => void;
  /** Prints a line about a failure. */
  fail: (line: string) => void;
  /** Asks for a line of text; absent where nobody can answer. */
  ask?: ((question: string) => Promise<string>) | undefined;
}

const HELP = `npm create selfsup-task@latest [folder] -- [options]

Writes a package with a pretext task of your own: source, recipe, conformance tests, example, CI.

  folder                   where to write; must be empty or not exist yet
  --name <name>            the name of the task, such as shuffled-patches; default: that of the folder
  --modality <modality>    what it learns from: ${modalities.join(' or ')}; default ${modalities[0]}
  --help                   shows this`;

function nextSteps({ folder, title, modality, files }: CreatedTask): readonly string[] {
  const near = relative(process.cwd(), folder) || '.';
  const place = near.startsWith('..') ? folder : near;
  return [
    `${title}, a task on ${modality}: ${files.length} files in ${place}`,
    '',
    'Next:',
    ...(place === '.' ? [] : [`  cd ${/\s/.test(place) ? `"${place}"` : place}`]),
    '  npm install',
    '  npm test            the checks of the contract',
    '  npm run train       pretrains a small encoder with it and writes a report',
  ];
}

/**
 * What the command does.
 *
 * @param args of the command line, after the script
 * @param terminal see {@link Terminal}
 * @returns the exit status: 0, 1 when nothing could be written, 2 when the arguments make no sense
 */
export async function runCreate(args: readonly string[], terminal: Terminal): Promise<number> {
  const { print, fail, ask } = terminal;
  let given;
  try {
    const options = { name: { type: 'string' }, modality: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;
    given = parseArgs({ args: [...args], options, allowPositionals: true });
    if (given.positionals.length > 1) throw new Error(`one folder at most, got ${given.positionals.join(', ')}`);
  } catch (error) {
    fail(`create-selfsup-task: ${(error as Error).message}`);
    fail('See --help.');
    return 2;
  }
  const { values, positionals } = given;
  if (values.help) {
    print(HELP);
    return 0;
  }
  try {
    const folder = positionals[0] ?? values.name ?? (await ask?.('Folder for the new task (such as my-task): '))?.trim();
    if (!folder) throw new Error('give a folder: npm create selfsup-task@latest my-task');
    const asked = ask && values.modality === undefined ? (await ask(`What does it learn from, ${modalities.join(' or ')}? (${modalities[0]}) `)).trim() : undefined; // prettier-ignore
    const modality = (values.modality ?? (asked || undefined)) as TaskModality | undefined;
    for (const line of nextSteps(createTask({ folder, name: values.name, modality }))) print(line);
    return 0;
  } catch (error) {
    fail(`create-selfsup-task: ${(error as Error).message}`);
    return 1;
  }
}
