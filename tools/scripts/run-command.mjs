// Starts a program the same way everywhere: the workspace's node_modules/.bin first in PATH, no stdin.
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { workspaceRoot } from '../workspace/packages.ts';

/**
 * Runs `command` and resolves with its exit status and, unless `live` is set, everything it printed.
 * It never rejects: a program that cannot be started has status 127 and the reason as its output.
 */
export const runCommand = (command, args, { cwd = workspaceRoot, env = {}, live = false, timeout = 0 } = {}) =>
  new Promise((resolve) => {
    const PATH = [join(workspaceRoot, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, PATH, ...env },
      stdio: ['ignore', live ? 'inherit' : 'pipe', live ? 'inherit' : 'pipe'],
      shell: process.platform === 'win32',
      timeout,
    });
    const output = [];
    child.stdout?.on('data', (data) => output.push(data));
    child.stderr?.on('data', (data) => output.push(data));
    child.on('error', (error) => resolve({ status: 127, output: `${command}: ${error.message}\n` }));
    child.on('close', (status, signal) => {
      const ended = signal ? `${command} was ended by ${signal}\n` : '';
      resolve({ status: status ?? 1, output: Buffer.concat(output).toString('utf8') + ended });
    });
  });
