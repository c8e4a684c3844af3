import { isSelfsupError } from '@selfsup/core';
import { CommanderError } from 'commander';
import type { Streams } from './output/output.ts';
import { createProgram } from './program.ts';

/** Exit code of a process that an error ended. */
const FAILED = 1;

interface Failure {
  /** For scripts. */
  readonly code: string;
  /** For people: one line. */
  readonly message: string;
}

const oneLine = (text: string) => text.trim().replace(/\s*\n\s*/g, ' ');

function explain(error: unknown): Failure {
  if (error instanceof CommanderError)
    return { code: 'SELFSUP_OPTION', message: `${oneLine(error.message).replace(/^error: |\.$/g, '')}; see selfsup -h` };
  if (isSelfsupError(error)) return { code: error.code, message: oneLine(error.message) };
  const message = oneLine(error instanceof Error ? error.message : String(error));
  return { code: 'SELFSUP_UNEXPECTED', message: `unexpected error: ${message} (run again with --verbose for the place where it happened)` };
}

/**
 * Runs a command line and sets `process.exitCode`; errors become one line on standard error, and an event with `--json`.
 *
 * @param argv the arguments without node and the script
 * @param streams where errors go
 */
export async function runCli(argv: readonly string[], streams: Streams = process): Promise<void> {
  try {
    await createProgram().parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return; // help or version
    if (error instanceof CommanderError && error.code === 'commander.help') {
      process.exitCode = FAILED;
      return;
    }
    const { code, message } = explain(error);
    if (argv.includes('--json')) streams.stdout.write(`${JSON.stringify({ type: 'error', code, message })}\n`);
    streams.stderr.write(`selfsup: ${message}\n`);
    if (argv.includes('--verbose') && error instanceof Error) streams.stderr.write(`${error.stack ?? ''}\n`);
    process.exitCode = FAILED;
  }
}
