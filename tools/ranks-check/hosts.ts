// `npm run test:ranks -- --hosts`: two hosts on one machine, network namespaces with names of their own that reach each other by a cable (veth) and by TCP alone. The
// same losses on four ranks, the time of an all-reduce at full speed and at 1 Gbit/s, and what happens when the cable is cut. Needs root, Open MPI, iproute2.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NET = '10.77.0';
const HOSTS = ['a', 'b'] as const;
const CUT_AFTER = 3;
const WAIT = 10;

const sh = (command: string): string => execFileSync('sh', ['-c', command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** Why it cannot be done here; undefined where it can. */
function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root, for network namespaces';
  for (const program of ['ip', 'tc', 'unshare', 'mpirun.openmpi'])
    if (spawnSync('which', [program]).status !== 0) return `${program} is not installed`;
  const made = spawnSync('ip', ['netns', 'add', 'selfsup-try']);
  if (made.status !== 0) return `network namespaces cannot be made: ${made.stderr.toString().trim()}`;
  sh('ip netns del selfsup-try');
  return undefined;
}

/** Makes the hosts; gives what runs a command on one, and what takes them down. */
function setUp(root: string) {
  const tearDown = () => {
    for (const host of HOSTS) {
      spawnSync('ip', ['netns', 'del', `selfsup-${host}`]);
      rmSync(`/etc/netns/selfsup-${host}`, { recursive: true, force: true });
    }
  };
  tearDown();
  const names = HOSTS.map((host, i) => `${NET}.${i + 1} host-${host}`).join('\n');
  for (const host of HOSTS) {
    sh(`ip netns add selfsup-${host}`);
    mkdirSync(`/etc/netns/selfsup-${host}`, { recursive: true });
    writeFileSync(`/etc/netns/selfsup-${host}/hosts`, `127.0.0.1 localhost\n${names}\n`);
  }
  sh('ip link add selfsup-va netns selfsup-a type veth peer name selfsup-vb netns selfsup-b');
  HOSTS.forEach((host, i) => {
    const inside = `ip netns exec selfsup-${host}`;
    sh(
      `${inside} ip addr add ${NET}.${i + 1}/24 dev selfsup-v${host} && ${inside} ip link set selfsup-v${host} up && ${inside} ip link set lo up`,
    );
  });
  const enter = join(root, 'enter.sh'); // enter.sh HOST COMMAND…
  writeFileSync(enter, '#!/bin/sh\nhost=$1; shift\nexec ip netns exec selfsup-$host unshare -u sh -c "hostname host-$host; exec $*"\n');
  const remote = join(root, 'remote.sh'); // what mpirun calls in the place of ssh: remote.sh host-b COMMAND…
  writeFileSync(remote, `#!/bin/sh\nhost=\${1#host-}; shift\nexec ${enter} $host "$*"\n`);
  for (const file of [enter, remote]) chmodSync(file, 0o755);
  return { enter, remote, tearDown };
}

/** Runs it all; `judge` is told of each. */
export async function checkHosts(
  root: string,
  { names, compare }: { names: readonly string[]; compare: (folder: string, place: string) => void },
  judge: (what: string, found: string, right: boolean) => void,
): Promise<void> {
  const reason = missing();
  if (reason !== undefined) {
    console.log(`skipped two hosts: ${reason}`);
    return;
  }
  const { enter, remote, tearDown } = setUp(root);
  const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
  const mpirun = (ranks: number, program: readonly string[]) =>
    [
      ...['mpirun.openmpi', '--allow-run-as-root', '--bind-to', 'none', '--mca', 'plm_rsh_agent', remote],
      ...['--mca', 'oob_tcp_if_include', `${NET}.0/24`, '--mca', 'btl_tcp_if_include', `${NET}.0/24`],
      ...['--host', `host-a:${ranks / 2},host-b:${ranks / 2}`, '--map-by', 'node', '-n', `${ranks}`, process.execPath, '--conditions=@selfsup/source'],
      ...program,
    ].join(' '); // prettier-ignore
  const run = (ranks: number, program: readonly string[]) => sh(`timeout -k 5 300 ${enter} a '${mpirun(ranks, program)}'`);
  const speed = (limit: string | undefined) => {
    for (const host of HOSTS) {
      const on = `ip netns exec selfsup-${host} tc qdisc`;
      spawnSync('sh', ['-c', `${on} del dev selfsup-v${host} root`]);
      if (limit) sh(`${on} add dev selfsup-v${host} root tbf rate ${limit} burst 1mb latency 50ms`);
    }
  };
  try {
    const folder = join(root, 'two-hosts');
    run(4, [here('rank.ts'), folder, ...names]);
    compare(folder, 'two hosts, 4 ranks');
    for (const limit of [undefined, '1gbit']) {
      speed(limit);
      const times = JSON.parse(
        run(2, [here('all-reduce.ts')])
          .trim()
          .split('\n')
          .at(-1)!,
      ) as Record<string, number>;
      const all = Object.entries(times).map(([compression, time]) => `${compression} ${time} ms`);
      judge(`two hosts${limit ? `, ${limit}/s` : ''}, mean of 45 MB`, all.join(', '), Object.keys(times).length === 3);
    }
    speed(undefined);
    await checkCut(root, { enter, command: (out) => mpirun(2, cutRun(out)) }, judge);
  } finally {
    tearDown();
  }
}

/** A run that is long enough to be cut. */
const cutRun = (out: string): string[] => [
  fileURLToPath(new URL('../../packages/cli/src/bin.ts', import.meta.url)),
  ...'train --task mae --data shapes --limit 2048 --test-limit 16 --image-size 16 --batch-size 16 --epochs 50 --checkpoint-every 1'.split(' '),
  ...`--encoder-option width=16 --encoder-option numLayers=1 --encoder-option numHeads=2 --backend wasm --no-report --probe-every 0 --rank-timeout ${WAIT} --out ${out}`.split(' '),
]; // prettier-ignore

async function checkCut(
  root: string,
  { enter, command }: { enter: string; command: (out: string) => string },
  judge: (what: string, found: string, right: boolean) => void,
): Promise<void> {
  const out = join(root, 'cut');
  const child = spawn('sh', ['-c', `timeout -k 5 240 ${enter} a '${command(out)}'`], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const metrics = join(out, 'metrics.jsonl');
  const stepsOf = () =>
    existsSync(metrics)
      ? readFileSync(metrics, 'utf8')
          .split('\n')
          .filter((line) => line.includes('"type":"step"')).length
      : 0;
  while (stepsOf() < CUT_AFTER && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 200));
  sh('ip netns exec selfsup-a ip link set selfsup-va down');
  const cut = performance.now();
  const code = await ended;
  const seconds = (performance.now() - cut) / 1000;
  const told = said.split('\n').find((line) => /waited for the others|stands still|lost|unreachable/i.test(line));
  const whole = existsSync(join(out, 'checkpoint.safetensors'));
  judge(
    'two hosts, the cable is cut',
    `ended with ${code} ${seconds.toFixed(0)} s after the cut, ${whole ? 'a checkpoint is there' : 'no checkpoint'}; said: ${(told ?? said.slice(-200)).trim().slice(0, 200)}`,
    code !== 0 && whole && seconds < 10 * WAIT && told !== undefined,
  );
}
