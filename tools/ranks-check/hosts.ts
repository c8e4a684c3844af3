// `npm run test:ranks -- --hosts`: on two hosts the same losses on four ranks, the time of a mean over ranks at full speed and at 1 Gbit/s, and a cable that is cut.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkCut } from './cut.ts';
import { makeHosts, missing } from './two-hosts.ts';

type Judge = (what: string, found: string, right: boolean) => void;
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** Runs it all, or the cut alone; `judge` is told of each. */
export async function checkHosts(
  root: string,
  equality: { names: readonly string[]; compare: (folder: string, place: string) => void } | undefined,
  judge: Judge,
): Promise<void> {
  const reason = missing();
  if (reason !== undefined) {
    console.log(`skipped two hosts: ${reason}`);
    return;
  }
  const hosts = makeHosts(root);
  const run = (ranks: number, program: readonly string[]) => {
    const launch = `mpirun.openmpi --bind-to none --host ${hosts.list(ranks / 2)} --map-by node -n ${ranks}`;
    const command = [launch, process.execPath, '--conditions=@selfsup/source', ...program].join(' ');
    return execFileSync('timeout', ['-k', '5', '300', hosts.enter, 'a', command], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...hosts.settings },
    });
  };
  try {
    if (equality) {
      const folder = join(root, 'two-hosts');
      run(4, [here('rank.ts'), folder, ...equality.names]);
      equality.compare(folder, 'two hosts, 4 ranks');
      for (const rate of [undefined, '1gbit']) {
        hosts.limit(rate);
        const said = run(2, [here('all-reduce.ts')]).trim();
        const times = JSON.parse(said.split('\n').at(-1)!) as Record<string, number>;
        const all = Object.entries(times).map(([compression, time]) => `${compression} ${time} ms`);
        judge(`two hosts${rate ? `, ${rate}/s` : ''}, mean of 45 MB`, all.join(', '), Object.keys(times).length === 3);
      }
      hosts.limit();
    }
    await checkCut(root, hosts, judge);
  } finally {
    hosts.tearDown();
  }
}
