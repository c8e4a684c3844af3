// Packs the package in the current folder and checks the tarball, not the folder: publint --strict and attw.
// Entries are checked as Node 16+ and bundlers resolve them; Node 10 knows no subpath exports.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packPackage } from './pack-package.mjs';
import { runCommand } from './run-command.mjs';

const directory = process.cwd();
const folder = mkdtempSync(join(tmpdir(), 'selfsup-check-'));
let failed = 0;
try {
  const { tarball, files } = await packPackage(directory, folder);
  const stray = files.filter((file) => !file.startsWith('template/') && /\.test\.ts$|(^|\/)fixtures\/|\.tsbuildinfo$/.test(file));
  if (stray.length > 0) {
    console.error(`the tarball carries files that only tests need: ${stray.join(', ')}`);
    failed += 1;
  }
  for (const file of ['README.md', 'LICENSE', 'package.json']) {
    if (!files.includes(file)) {
      console.error(`the tarball has no ${file}`);
      failed += 1;
    }
  }
  const checks = [
    ['publint', 'run', tarball, '--strict'],
    ['attw', tarball, '--profile', 'node16', '--format', 'table-flipped', '--no-emoji', '--exclude-entrypoints', './package.json'],
  ];
  for (const [command, ...args] of checks) {
    const { status, output } = await runCommand(command, args, { cwd: directory });
    console.log(output.trim());
    if (status !== 0) failed += 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;
