import { expect, it } from 'vitest';
import { coresHere, countCores } from './count-cores.ts';

/** A Linux machine of so many processors, two to a core, with these other files. */
const linux = (processors: number, files: Readonly<Record<string, string>> = {}) => ({
  platform: 'linux',
  arch: 'x64',
  parallelism: processors,
  read: (path: string) => {
    const cpu = /cpu(\d+)\/topology\/core_cpus_list$/.exec(path)?.[1];
    if (cpu !== undefined) return `${Number(cpu) % (processors / 2)},${(Number(cpu) % (processors / 2)) + processors / 2}\n`;
    return { '/proc/self/status': `Name:\tnode\nCpus_allowed_list:\t0-${processors - 1}\n`, '/proc/self/cgroup': '0::/\n', ...files }[path];
  },
});

it('counts cores, not the threads of a core', () => {
  expect(countCores(linux(16))).toBe(8);
});

it('counts the cores that the process may run on', () => {
  expect(countCores(linux(16, { '/proc/self/status': 'Cpus_allowed_list:\t0-1,3,9\n' }))).toBe(3); // 1 and 9 are one core
});

it.each([
  ['300000 100000\n', 3],
  ['150000 100000\n', 1],
  ['50000 100000\n', 1],
  ['max 100000\n', 8],
])('respects the quota of a control group, %j', (quota, cores) => {
  expect(countCores(linux(16, { '/sys/fs/cgroup/cpu.max': quota }))).toBe(cores);
});

it('respects the quotas of the groups above, and of version 1', () => {
  const nested = {
    '/proc/self/cgroup': '0::/a/b\n',
    '/sys/fs/cgroup/a/b/cpu.max': 'max 100000',
    '/sys/fs/cgroup/a/cpu.max': '400000 100000',
  };
  expect(countCores(linux(16, nested))).toBe(4);
  const first = {
    '/proc/self/cgroup': '5:cpuacct,cpu:/box\n',
    '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '200000\n',
    '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
  };
  expect(countCores(linux(16, first))).toBe(2);
});

it('goes by the threads that Node counts elsewhere', () => {
  const elsewhere = { platform: 'darwin', parallelism: 10, read: () => undefined };
  expect(countCores({ ...elsewhere, arch: 'arm64' })).toBe(10);
  expect(countCores({ ...elsewhere, arch: 'x64' })).toBe(5);
  expect(countCores({ ...elsewhere, platform: 'linux', arch: 'x64' })).toBe(10); // files that say nothing
});

it('finds at least one core here', () => {
  expect(coresHere()).toBeGreaterThanOrEqual(1);
});
