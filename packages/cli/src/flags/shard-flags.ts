import { SelfsupError } from '@selfsup/core';
import type { Shard } from '@selfsup/distributed';
import { Option, type Command } from 'commander';
import { parseNumber } from './parse-value.ts';

/** Flags of commands whose work several processes can share. */
export interface ShardFlags {
  readonly shard?: string;
  readonly shards?: number;
  readonly merge?: boolean;
}

/** What a process is to do: all of the work, one part of it, or joining the parts. */
export type Share = { readonly kind: 'all' } | { readonly kind: 'part'; readonly shard: Shard } | { readonly kind: 'merge' };

/**
 * Adds `--shard`, `--shards`, `--merge`.
 *
 * @param command that gets them
 * @param into the flag that names what is written, such as `--out`
 */
export function addShardFlags(command: Command, into: string): Command {
  return command
    .addOption(
      new Option(
        '--shard <auto|i/n>',
        `do one part of the work, of those numbered 0 to n - 1, into the folder <${into}>.parts; auto: that of the Slurm array, the Kubernetes Indexed Job, mpirun or srun`,
      ),
    )
    .option('--shards <n>', 'how many parts there are, where --shard auto cannot know it; or the variable SELFSUP_SHARDS', parseNumber)
    .option('--merge', `check the parts and join them into <${into}>`);
}

/**
 * Says what a process is to do.
 *
 * @param flags see {@link ShardFlags}
 * @returns see {@link Share}
 * @throws SelfsupError `SELFSUP_OPTION` on flags that do not go together, where nothing says which part it is, and where several processes would each do all
 */
export async function findShare({ shard, shards, merge = false }: ShardFlags): Promise<Share> {
  if (merge && (shard !== undefined || shards !== undefined))
    throw new SelfsupError('SELFSUP_OPTION', 'first make the parts with --shard, then join them with --merge: give one of them');
  if (merge) return { kind: 'merge' };
  if (shard === undefined && shards !== undefined)
    throw new SelfsupError('SELFSUP_OPTION', '--shards says how many parts there are; add --shard auto');
  const { findLauncher, findShard } = await import('@selfsup/distributed');
  if (shard === undefined) {
    const { name, worldSize } = findLauncher() ?? { name: '', worldSize: 1 };
    if (worldSize === 1) return { kind: 'all' };
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `this is one of ${worldSize} processes of ${name}, which would all do the same work and write the same file; add --shard auto to share it`,
    );
  }
  return { kind: 'part', shard: findShard(shard, { count: shards }) };
}

/** The folder of the parts of what is written to a place. */
export const partsFolder = (place: string): string => `${place.replace(/[\\/]+$/, '')}.parts`;

/** How lines for people call a part. */
export const nameOfPart = ({ index, count, from }: Shard): string =>
  `Part ${index} (${count === 1 ? 'the only one' : `0 to ${count - 1}`}${from === undefined ? '' : `, from ${from}`})`;
