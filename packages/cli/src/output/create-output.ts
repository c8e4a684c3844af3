import { createJsonOutput } from './json-output.ts';
import type { Output, Streams } from './output.ts';
import { createPlainOutput } from './plain-output.ts';
import { createTerminalOutput } from './terminal-output.ts';

const isTerminal = (streams: Streams): streams is Streams & { stderr: NodeJS.WritableStream } => streams.stderr.isTTY === true;

/**
 * Chooses how to report.
 *
 * @param streams where to write
 * @param options `json`: one JSON object per line
 * @returns JSON lines, a progress bar at a terminal, or plain lines elsewhere
 */
export function createOutput(streams: Streams, options: { json?: boolean | undefined }): Output {
  const { json = false } = options;
  if (json) return createJsonOutput(streams);
  return isTerminal(streams) ? createTerminalOutput(streams) : createPlainOutput(streams);
}
