import { SelfsupError } from '@selfsup/core';
import { Option, type Command } from 'commander';
import { parseNumber } from './parse-value.ts';

/** Flags of a command that several ranks can run together. */
export interface RankFlags {
  readonly ranks?: number;
  readonly distributed?: 'auto' | 'mpi' | 'threads' | 'off';
  readonly compressGradients?: 'none' | 'bf16' | 'fp16';
  readonly rankTimeout?: number;
  readonly maxRestarts?: number;
}

/** The names of {@link RankFlags}. */
export const rankFlagNames = ['ranks', 'distributed', 'compressGradients', 'rankTimeout', 'maxRestarts'] as const;

/** Adds {@link RankFlags}. */
export function addRankFlags(command: Command): Command {
  return command
    .optionsGroup('Several ranks:')
    .addOption(
      new Option(
        '--ranks <n>',
        'share each batch among so many processes or threads of this machine; under mpirun and srun theirs count, without this flag',
      ).argParser(parseNumber),
    )
    .addOption(
      new Option(
        '--distributed <engine>',
        'how ranks talk: mpi, threads, off, or auto: as the process was started; --ranks alone starts threads',
      ).choices(['auto', 'mpi', 'threads', 'off']),
    )
    .addOption(
      new Option(
        '--compress-gradients <type>',
        'how gradients are written while they travel: bf16 and fp16 halve the traffic and round them (default: none)',
      ).choices(['none', 'bf16', 'fp16']),
    )
    .addOption(
      new Option('--rank-timeout <seconds>', 'how long ranks wait for one another before the job ends (default: 1800)').argParser(
        parseNumber,
      ),
    )
    .addOption(
      new Option('--max-restarts <n>', 'with --ranks: how often the job is started again from its checkpoint after it failed').argParser(
        parseNumber,
      ),
    );
}

/**
 * Checks the numbers of {@link RankFlags}.
 *
 * @throws SelfsupError `SELFSUP_OPTION`
 */
export function checkRankFlags({ ranks, distributed, rankTimeout, maxRestarts }: RankFlags): void {
  const whole = (name: string, value: number | undefined, min: number) => {
    if (value !== undefined && (!Number.isSafeInteger(value) || value < min))
      throw new SelfsupError('SELFSUP_OPTION', `${name} must be an integer >= ${min}, got ${value}`);
  };
  whole('--ranks', ranks, 1);
  whole('--max-restarts', maxRestarts, 0);
  if (rankTimeout !== undefined && !(rankTimeout > 0))
    throw new SelfsupError('SELFSUP_OPTION', `--rank-timeout must be a number of seconds > 0, got ${rankTimeout}`);
  if (distributed === 'off' && ranks !== undefined && ranks > 1)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      `--distributed off runs a single process, and --ranks asks for ${ranks}; leave one of them out`,
    );
  if (maxRestarts !== undefined && ranks === undefined)
    throw new SelfsupError(
      'SELFSUP_OPTION',
      '--max-restarts needs --ranks: a job that mpirun or srun started ends as a whole, so start it again by its script, with --resume',
    );
}
