#!/usr/bin/env node
import { runCli } from './run-cli.ts';

// a reader that has seen enough, such as `| head`, is no error
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

await runCli(process.argv.slice(2));
