// Two hosts on one machine: network namespaces with names of their own that reach each other by a cable (veth) and by TCP alone. Needs root, Open MPI, iproute2.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NET = '10.77.0';
const HOSTS = ['a', 'b'] as const;

const sh = (command: string): string => execFileSync('sh', ['-c', command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const inside = (host: string) => `ip netns exec selfsup-${host}`;

/** Two hosts that are there. */
export interface TwoHosts {
  /** Runs what follows `a` or `b`, one line for a shell, on that host. */
  readonly enter: string;
  /** What launchers call in the place of `ssh`. */
  readonly remote: string;
  /** The network card of the first host. */
  readonly device: string;
  /** What Open MPI must know of this network. */
  readonly settings: Readonly<Record<string, string>>;
  /** Each host with so many slots, as `--host` wants it. */
  list(slots: number): string;
  /** The line of a shell that cuts the cable. */
  readonly cut: string;
  /** Mends it. */
  mend(): void;
  /** What it carries, such as `1gbit`; all that it can, unless given. */
  limit(rate?: string): void;
  /** Ends what runs on the hosts, and takes them away. */
  tearDown(): void;
}

/** Why hosts cannot be made here; undefined where they can. */
export function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root, for network namespaces';
  for (const program of ['ip', 'tc', 'unshare', 'mpirun.openmpi'])
    if (spawnSync('which', [program]).status !== 0) return `${program} is not installed`;
  const made = spawnSync('ip', ['netns', 'add', 'selfsup-try']);
  if (made.status !== 0) return `network namespaces cannot be made: ${made.stderr.toString().trim()}`;
  sh('ip netns del selfsup-try');
  return undefined;
}

/** Makes two hosts, whose scripts lie in a folder. */
export function makeHosts(folder: string): TwoHosts {
  const tearDown = () => {
    for (const host of HOSTS) {
      for (const pid of spawnSync('ip', ['netns', 'pids', `selfsup-${host}`])
        .stdout.toString()
        .split('\n'))
        // prettier-ignore
        if (pid) spawnSync('kill', ['-9', pid]);
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
    sh(`${inside(host)} ip addr add ${NET}.${i + 1}/24 dev selfsup-v${host}`);
    for (const device of [`selfsup-v${host}`, 'lo']) sh(`${inside(host)} ip link set ${device} up`);
  });
  const enter = join(folder, 'enter.sh');
  writeFileSync(enter, '#!/bin/sh\nhost=$1; shift\nexec ip netns exec selfsup-$host unshare -u sh -c "hostname host-$host; exec $*"\n');
  const remote = join(folder, 'remote.sh'); // remote.sh [-x] host-b COMMAND…
  writeFileSync(remote, `#!/bin/sh\n[ "$1" = -x ] && shift\nhost=\${1#host-}; shift\nexec ${enter} $host "$*"\n`);
  for (const file of [enter, remote]) chmodSync(file, 0o755);
  return {
    ...{ enter, remote, device: 'selfsup-va' },
    settings: {
      OMPI_ALLOW_RUN_AS_ROOT: '1',
      OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
      OMPI_MCA_plm_rsh_agent: remote,
      OMPI_MCA_oob_tcp_if_include: `${NET}.0/24`,
      OMPI_MCA_btl_tcp_if_include: `${NET}.0/24`,
    },
    list: (slots) => HOSTS.map((host) => `host-${host}:${slots}`).join(','),
    cut: `${inside('a')} ip link set selfsup-va down`,
    mend: () => sh(`${inside('a')} ip link set selfsup-va up`),
    limit(rate) {
      for (const host of HOSTS) {
        const on = `${inside(host)} tc qdisc`;
        spawnSync('sh', ['-c', `${on} del dev selfsup-v${host} root`]);
        if (rate) sh(`${on} add dev selfsup-v${host} root tbf rate ${rate} burst 1mb latency 50ms`);
      }
    },
    tearDown,
  };
}
