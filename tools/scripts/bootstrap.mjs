// Runs before `npm start` and `npm test` on a bare Node: installs the dependencies when they are absent or older than the lock file.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`selfsup needs Node 20.19 or newer, this is ${process.version}. Install a current Node and run the command again.`);
  process.exit(1);
}
const lock = `${root}package-lock.json`;
const hash = createHash('sha256').update(readFileSync(lock)).digest('hex');
const stamp = `${root}node_modules/.selfsup-lock-hash`; // the lock file that the folder was installed from
const hidden = `${root}node_modules/.package-lock.json`; // npm's own record of the last install
const sameLock = existsSync(stamp) && readFileSync(stamp, 'utf8') === hash;
const fresh = existsSync(hidden) && (sameLock || statSync(hidden).mtimeMs >= statSync(lock).mtimeMs);
if (!fresh) {
  console.error('Installing dependencies (npm ci) …');
  const npm = process.env.npm_execpath;
  const [command, args] = npm ? [process.execPath, [npm, 'ci']] : [process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci']];
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (result.status !== 0) {
    console.error('npm ci failed: see the lines above. The registry must be reachable for the first run.');
    process.exit(result.status ?? 1);
  }
}
if (!sameLock) writeFileSync(stamp, hash);
