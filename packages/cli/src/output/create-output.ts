import { createJsonOutput } from './json-output.ts';
import type { Output } from './output.ts';
import { createPlainOutput } from './plain-output.ts';
import { createTerminalOutput } from './terminal-output.ts';

/**
 * Chooses how to report.
 *
 * @param options `json`: one JSON object per line
 * @returns JSON lines, a progress bar at a terminal, or plain lines elsewhere
 */
export function createOutput(options: { json?: boolean | undefined }): Output {
  const { json = false } = options;
  if (json) return createJsonOutput(process);
  return process.stderr.isTTY ? createTerminalOutput(process) : createPlainOutput(process);
}
