// Adds the optional platform packages that the registry could not give to package-lock.json
// (os/cpu/libc from their names), so that `npm ci` finds every edge. Run after each change of dependencies.
import { readFileSync, writeFileSync } from 'node:fs';
const file = 'package-lock.json';
const lock = JSON.parse(readFileSync(file, 'utf8'));
const OS = /\b(android|darwin|freebsd|linux|win32|openbsd|netbsd|openharmony|sunos|aix)\b/;
const CPU = [
  [/arm64|aarch64/, 'arm64'],
  [/\barm\b|armv7/, 'arm'],
  [/x64/, 'x64'],
  [/ia32/, 'ia32'],
  [/ppc64/, 'ppc64'],
  [/riscv64/, 'riscv64'],
  [/s390x/, 's390x'],
  [/loong64/, 'loong64'],
];
let added = 0;
for (const [at, pkg] of Object.entries({ ...lock.packages })) {
  for (const [name, version] of Object.entries(pkg.optionalDependencies ?? {})) {
    const nested = `${at}/node_modules/${name}`;
    let here = at,
      found = false;
    for (;;) {
      if (lock.packages[`${here ? here + '/' : ''}node_modules/${name}`]) {
        found = true;
        break;
      }
      if (!here) break;
      here = here.includes('/node_modules/') ? here.slice(0, here.lastIndexOf('/node_modules/')) : '';
    }
    if (found) continue;
    const os = OS.exec(name)?.[1];
    const cpu = CPU.find(([re]) => re.test(name))?.[1];
    if (!os || !/^\d+\.\d+\.\d+/.test(version)) {
      console.error('cannot complete', name, version, 'of', at);
      continue;
    }
    const libc = /musl/.test(name) ? ['musl'] : os === 'linux' && /gnu/.test(name) ? ['glibc'] : undefined;
    lock.packages[at.split('/node_modules/').length > 1 || !at ? nested : `node_modules/${name}`] = {
      version,
      ...(cpu ? { cpu: [cpu] } : {}),
      dev: true,
      ...(libc ? { libc } : {}),
      optional: true,
      os: [os],
    };
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
if (added > 0) writeFileSync(file, JSON.stringify(lock, null, 2) + '\n'); // an untouched file keeps its date
console.log('added', added);
