import type { Command } from 'commander';
import type { Streams } from './output/output.ts';

/** What a command line shares with the program that runs it. */
export interface CommandContext {
  readonly streams: Streams;
  /** The exit code; 0 unless a command sets it. */
  code: number;
  /** The exit code after an error; default 1. */
  failure?: number | undefined;
  /** The program, once it is made: its commands have the flags that a mistyped one may stand for. */
  program?: Command;
  /** The command that runs, once it does: its flags name the options in messages. */
  command?: Command;
  /** Flags that options of other names stand for, such as `taskOptions.queueSize`. */
  flagNames?: ReadonlyMap<string, string>;
  /** Says whose flag it is that the command does not have. */
  ownerOf?: (flag: string) => string | undefined;
}
