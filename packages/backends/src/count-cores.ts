/** What a machine says of its cores; `read` gives a file of the system or nothing. */
export interface CoreSources {
  readonly platform: string;
  readonly arch: string;
  /** Threads that may run at a time, as Node counts them. */
  readonly parallelism: number;
  readonly read: (path: string) => string | undefined;
}

/** `0-3,8` as [0, 1, 2, 3, 8]. */
function readList(text: string): number[] {
  return text
    .trim()
    .split(',')
    .flatMap((part) => {
      const [low = NaN, high = low] = part.split('-').map(Number);
      return low <= high ? Array.from({ length: high - low + 1 }, (_, i) => low + i) : [];
    });
}

/** Physical cores among those that this process may run on; nothing where Linux does not tell. */
function physicalCores({ read }: CoreSources): number | undefined {
  const allowed = /^Cpus_allowed_list:\s*(\S+)/m.exec(read('/proc/self/status') ?? '')?.[1] ?? read('/sys/devices/system/cpu/online');
  if (allowed === undefined) return undefined;
  const cores = new Set<string>();
  for (const cpu of readList(allowed)) {
    const folder = `/sys/devices/system/cpu/cpu${cpu}/topology`;
    const siblings = read(`${folder}/core_cpus_list`) ?? read(`${folder}/thread_siblings_list`);
    if (siblings === undefined) return undefined;
    cores.add(siblings.trim());
  }
  return cores.size || undefined;
}

/** Whole cores' worth of time that the control groups of this process allow. */
function quota({ read }: CoreSources): number {
  const groups = (read('/proc/self/cgroup') ?? '').split('\n');
  const limits: number[] = [];
  const add = (time: string | undefined, period: string | undefined): void => {
    const share = Number(time) / Number(period);
    if (Number(time) > 0 && share > 0) limits.push(share);
  };
  const up = (path: string, look: (folder: string) => void): void => {
    for (let folder = path.replace(/\/+$/, ''); ; folder = folder.slice(0, folder.lastIndexOf('/'))) {
      look(folder);
      if (folder === '') return;
    }
  };
  for (const group of groups) {
    const [, controllers, path = '/'] = /^\d+:([^:]*):(.*)$/.exec(group) ?? [];
    if (controllers === '')
      up(path, (folder) => {
        const [time, period] = read(`/sys/fs/cgroup${folder}/cpu.max`)?.split(/\s/) ?? [];
        add(time, period);
      });
    else if (controllers?.split(',').includes('cpu')) {
      up(path, (folder) => {
        const base = `/sys/fs/cgroup/cpu${folder}/cpu.cfs_`;
        add(read(`${base}quota_us`), read(`${base}period_us`));
      });
    }
  }
  return Math.max(1, Math.floor(Math.min(Infinity, ...limits)));
}

/**
 * Physical cores that this process may use. On Linux: the cores behind the processors that it may run on, and no more than its control groups allow. On other
 * systems the threads that Node counts, half of them on x64, where a core usually shows as two.
 */
export function countCores(sources: CoreSources): number {
  const { platform, arch, parallelism } = sources;
  if (platform === 'linux') return Math.max(1, Math.min(parallelism, physicalCores(sources) ?? parallelism, quota(sources)));
  return Math.max(1, arch === 'x64' ? Math.ceil(parallelism / 2) : parallelism);
}

/** The same for the machine that this runs on; in a browser, which does not tell cores from threads, half of what it counts. */
export function coresHere(): number {
  const node = (globalThis as { process?: NodeJS.Process }).process;
  if (node?.getBuiltinModule === undefined)
    return Math.max(1, Math.ceil(((globalThis as { navigator?: Navigator }).navigator?.hardwareConcurrency ?? 1) / 2));
  const fs = node.getBuiltinModule('node:fs');
  const read = (path: string): string | undefined => {
    try {
      return fs.readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  };
  return countCores({
    platform: node.platform,
    arch: node.arch,
    parallelism: node.getBuiltinModule('node:os').availableParallelism(),
    read,
  });
}
