export { createCollective, type CollectiveOptions, type RankCollective } from './create-collective.ts';
export type { Compression } from './half-floats.ts';
export { joinRanks, type Engine, type JoinedRanks, type JoinRanksOptions } from './join-ranks.ts';
export { findShard, shardRange, type FindShardOptions, type Shard } from './find-shard.ts';
export { findLauncher, type Launcher } from './launcher.ts';
export { mpiTransport, type MpiTransportOptions } from './mpi/mpi-transport.ts';
export { loseRank, shareRanks, threadTransport, type SharedRanks, type ShareRanksOptions } from './threads/shared-ranks.ts';
export { isRankThread, joinThreads, runThreads, type JoinedThread, type RunThreadsOptions } from './threads/run-threads.ts';
export type { SharedSlots, Transport } from './transport.ts';
