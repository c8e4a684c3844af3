#!/usr/bin/env node
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { catchEarlyInterrupt } from './early-interrupt.ts';
import { INTERRUPTED } from './exit-codes.ts';

catchEarlyInterrupt(); // before anything else is loaded, which takes a second

// a reader that has seen enough, such as `| head`, is no error
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

const { runCli } = await import('./run-cli.ts');
if (isMainThread) {
  const code = await runCli(process.argv.slice(2));
  if (code === INTERRUPTED) process.exit(code); // whatever is still going on
  process.exitCode = code;
} else {
  // a rank of `--ranks`; what others than the first complain of is told by the launcher, once
  const { rank, data } = workerData as { rank: number; data: { argv: readonly string[] } };
  let complaint = '';
  const write = (text: string) => {
    complaint += text;
    if (rank === 0) process.stderr.write(text);
  };
  const code = await runCli(data.argv, { stdout: process.stdout, stderr: { write } });
  parentPort!.postMessage({ exitCode: code, complaint });
  process.exitCode = code === INTERRUPTED ? 0 : code;
}
