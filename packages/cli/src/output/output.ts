import type { Progress } from '@selfsup/pretrain';

/** Facts of an event; undefined ones are left out. */
export type Fields = Readonly<Record<string, unknown>>;

/** Where a command reports: a person's terminal, a log file, or JSON lines. Lines are for people; warnings also come with JSON, on standard error. */
export interface Output extends Progress {
  /** True when standard output carries JSON lines. */
  readonly json: boolean;
  /** One JSON line; nothing for people. */
  event(type: string, fields: Fields): void;
}

/** The streams of the process, or stand-ins. */
export interface Streams {
  /** Standard output. */
  readonly stdout: { write(text: string): unknown };
  /** Standard error. */
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
}

/** Calls `act` at most once per `everySeconds`; says whether it did. */
export function throttle(everySeconds: number): (act: () => void) => boolean {
  let last = performance.now();
  return (act) => {
    const now = performance.now();
    if (now - last < everySeconds * 1000) return false;
    last = now;
    act();
    return true;
  };
}
