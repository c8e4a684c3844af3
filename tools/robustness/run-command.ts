import { runCli } from 'selfsup';

/** How a command ended. */
export interface CommandEnd {
  readonly code: number;
  /** The events of standard output. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
  readonly errors: string;
}

/**
 * Runs a command in this process, with `--json`.
 *
 * @param args the arguments after `selfsup`
 * @returns how it ended
 * @throws whatever the command lets through, which should be nothing
 */
export async function runCommand(args: readonly string[]): Promise<CommandEnd> {
  let [out, errors] = ['', ''];
  const code = await runCli([...args, '--json'], {
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (errors += text) },
  });
  const events = out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, events, errors };
}

/** What is wrong with how a command reports its failure; undefined where nothing is. */
export function faultOf({ code, events, errors }: CommandEnd): string | undefined {
  const said =
    errors
      .trim()
      .split('\n')
      .filter((line) => line.startsWith('selfsup: '))
      .at(-1) ?? '';
  const error = events.find(({ type }) => type === 'error');
  if (code !== 1) return `exit code ${code}`;
  if (!error) return 'no error event';
  if (error['code'] === 'SELFSUP_UNEXPECTED') return `raw: ${String(error['message'])}`;
  if (!said.includes(String(error['message']))) return `not one line: ${errors}`;
  return undefined;
}
