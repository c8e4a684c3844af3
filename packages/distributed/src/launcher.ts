/** What the environment says of the job that this process belongs to. */
export interface Launcher {
  /** Who started it, such as `mpirun of Open MPI`. */
  readonly name: string;
  /** Which MPI the launcher speaks, where it tells. */
  readonly mpi?: 'open-mpi' | 'mpich';
  /** This process's number. */
  readonly rank: number;
  /** How many there are. */
  readonly worldSize: number;
  /** This process's number on its machine, where it is told. */
  readonly localRank?: number;
  /** How many processes of the job are on this machine, where it is told. */
  readonly localSize?: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

const SRUN = 'srun of Slurm';

const launchers: readonly { name: string; mpi?: Launcher['mpi']; size: string; rank: string; local: string; localSize: string }[] = [
  {
    name: 'mpirun of Open MPI',
    mpi: 'open-mpi',
    size: 'OMPI_COMM_WORLD_SIZE',
    rank: 'OMPI_COMM_WORLD_RANK',
    local: 'OMPI_COMM_WORLD_LOCAL_RANK',
    localSize: 'OMPI_COMM_WORLD_LOCAL_SIZE',
  },
  { name: 'mpirun of MPICH', mpi: 'mpich', size: 'PMI_SIZE', rank: 'PMI_RANK', local: 'MPI_LOCALRANKID', localSize: 'MPI_LOCALNRANKS' },
  {
    name: 'mpirun of MVAPICH',
    mpi: 'mpich',
    size: 'MV2_COMM_WORLD_SIZE',
    rank: 'MV2_COMM_WORLD_RANK',
    local: 'MV2_COMM_WORLD_LOCAL_RANK',
    localSize: 'MV2_COMM_WORLD_LOCAL_SIZE',
  },
  // a step, not the allocation: SLURM_NTASKS also stands in a batch script, which is no rank
  {
    name: SRUN,
    size: 'SLURM_STEP_NUM_TASKS',
    rank: 'SLURM_PROCID',
    local: 'SLURM_LOCALID',
    localSize: 'SLURM_STEP_TASKS_PER_NODE',
  },
];

/** A whole number, also that of Slurm's `2(x3)`: two on each of three machines. */
const wholeNumber = (text: string | undefined): number | undefined => {
  const [, digits] = /^(\d{1,9})(\(x\d+\))?$/.exec(text ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits);
};

/**
 * Who started this process as one of several.
 *
 * @param environment default that of the process
 * @returns undefined for a process on its own; a job of one rank is a job
 * @remarks Read, in this order: the variables of Open MPI, of the PMI of MPICH and Intel MPI, of MVAPICH, of a Slurm step. Those of torchrun describe processes
 * that MPI does not know, and are left alone.
 */
export function findLauncher(environment: Environment = process.env): Launcher | undefined {
  const [first, ...others] = launchers.flatMap((launcher) => launcherIn(environment, launcher) ?? []);
  if (first?.localSize !== undefined) return first;
  // srun by PMI or PMIx (--mpi=pmi2, --mpi=pmix) sets the variables of an MPI, too, but not all: its own say who is on the same machine
  const srun = others.find(({ name, rank, worldSize }) => name === SRUN && rank === first!.rank && worldSize === first!.worldSize);
  return srun ? { ...srun, ...(first!.mpi && { mpi: first!.mpi }) } : first;
}

function launcherIn(
  environment: Environment,
  { name, mpi, size, rank: rankName, ...local }: (typeof launchers)[number],
): Launcher | undefined {
  const variables = [size, rankName, local.local, local.localSize];
  const [worldSize, rank, localRank, localSize] = variables.map((variable) => wholeNumber(environment[variable]));
  if (worldSize === undefined || rank === undefined || rank >= worldSize) return undefined;
  return {
    ...{ name, rank, worldSize },
    ...(mpi && { mpi }),
    ...(localRank !== undefined && { localRank }),
    ...(localSize !== undefined && { localSize }),
  };
}
