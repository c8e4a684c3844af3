#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { runCreate } from './run-create.ts';

const { stdin, stdout } = process;
const lines = stdin.isTTY && stdout.isTTY ? createInterface({ input: stdin, output: stdout }) : undefined;
process.exitCode = await runCreate(process.argv.slice(2), {
  print: (line) => {
    console.log(line);
  },
  fail: (line) => {
    console.error(line);
  },
  ask: lines && ((question) => lines.question(question)),
});
lines?.close();
