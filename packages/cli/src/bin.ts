#!/usr/bin/env node
import { INTERRUPTED } from './exit-codes.ts';
import { runCli } from './run-cli.ts';

// a reader that has seen enough, such as `| head`, is no error
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

const code = await runCli(process.argv.slice(2));
if (code === INTERRUPTED) process.exit(code); // whatever is still going on
process.exitCode = code;
