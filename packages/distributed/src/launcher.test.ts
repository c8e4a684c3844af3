import { describe, expect, it } from 'vitest';
import { findLauncher } from './launcher.ts';

describe('findLauncher', () => {
  it.each([
    [
      { OMPI_COMM_WORLD_SIZE: '4', OMPI_COMM_WORLD_RANK: '3', OMPI_COMM_WORLD_LOCAL_RANK: '1' },
      ['mpirun of Open MPI', 'open-mpi', 3, 4, 1],
    ],
    [{ PMI_SIZE: '2', PMI_RANK: '0' }, ['mpirun of MPICH', 'mpich', 0, 2, undefined]],
    [{ SLURM_STEP_NUM_TASKS: '8', SLURM_PROCID: '7', SLURM_LOCALID: '3' }, ['srun of Slurm', undefined, 7, 8, 3]],
    [{ MV2_COMM_WORLD_SIZE: '1', MV2_COMM_WORLD_RANK: '0' }, ['mpirun of MVAPICH', 'mpich', 0, 1, undefined]],
    // srun that starts the ranks of an MPI sets both; what it knows of the machine counts
    [
      { SLURM_STEP_NUM_TASKS: '2', SLURM_PROCID: '1', SLURM_LOCALID: '1', OMPI_COMM_WORLD_SIZE: '2', OMPI_COMM_WORLD_RANK: '1' },
      ['srun of Slurm', 'open-mpi', 1, 2, 1],
    ],
    [
      { SLURM_STEP_NUM_TASKS: '4', SLURM_PROCID: '3', SLURM_LOCALID: '1', PMI_SIZE: '4', PMI_RANK: '3' },
      ['srun of Slurm', 'mpich', 3, 4, 1],
    ],
    // mpirun of MPICH within a step of srun, which started its helpers
    [
      { SLURM_STEP_NUM_TASKS: '2', SLURM_PROCID: '1', SLURM_LOCALID: '0', PMI_SIZE: '4', PMI_RANK: '3' },
      ['mpirun of MPICH', 'mpich', 3, 4, undefined],
    ],
  ])('reads %j', (environment, expected) => {
    const { name, mpi, rank, worldSize, localRank } = findLauncher(environment)!;
    expect([name, mpi, rank, worldSize, localRank]).toEqual(expected);
  });

  it('finds none in a batch script, under torchrun, and where numbers are not numbers', () => {
    for (const environment of [
      {},
      { SLURM_NTASKS: '8', SLURM_PROCID: '0' },
      { WORLD_SIZE: '2', RANK: '1', LOCAL_RANK: '1' },
      { OMPI_COMM_WORLD_SIZE: 'four', OMPI_COMM_WORLD_RANK: '0' },
      { PMI_SIZE: '2', PMI_RANK: '2' },
    ])
      expect(findLauncher(environment)).toBeUndefined();
  });
});
