import { describe, expect, it } from 'vitest';
import { joinRanks } from './join-ranks.ts';

describe('joinRanks', () => {
  it('gives nothing to a process on its own, to one that wants none, and to a job of one rank', async () => {
    expect(await joinRanks({ environment: {} })).toBeUndefined();
    expect(await joinRanks({ engine: 'off', environment: { PMI_SIZE: '4', PMI_RANK: '0' } })).toBeUndefined();
    expect(await joinRanks({ environment: { OMPI_COMM_WORLD_SIZE: '1', OMPI_COMM_WORLD_RANK: '0' } })).toBeUndefined();
    expect(await joinRanks({ environment: { WORLD_SIZE: '1', RANK: '0' } })).toBeUndefined();
  });

  it('refuses processes that do not know of one another, and an engine that did not start this one', async () => {
    await expect(joinRanks({ environment: { WORLD_SIZE: '4', RANK: '2' } })).rejects.toMatchObject({
      code: 'SELFSUP_COLLECTIVE',
      message: expect.stringContaining('WORLD_SIZE is 4 and RANK is 2, as torchrun sets them') as string,
    });
    await expect(joinRanks({ engine: 'mpi', environment: {} })).rejects.toMatchObject({ code: 'SELFSUP_STATE' });
    await expect(joinRanks({ engine: 'threads', environment: {} })).rejects.toMatchObject({ code: 'SELFSUP_STATE' });
  });
});
