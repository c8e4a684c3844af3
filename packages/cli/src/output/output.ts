/** Facts of an event; undefined ones are left out. */
export type Fields = Readonly<Record<string, unknown>>;

/** A piece of work with a known length. */
export interface Stage {
  /** Says how far it is, and what is worth showing beside it, such as the loss. */
  update(done: number, details?: Readonly<Record<string, string>>): void;
  /** Says that it is over. */
  end(): void;
}

/** What a stage does, such as `Training`, how much of it and of what. */
export interface StageOptions {
  /** How many units it takes. */
  total: number;
  /** What is counted, in the plural. */
  unit: string;
}

/** Where a command reports: a person's terminal, a log file, or JSON lines. */
export interface Output {
  /** True when standard output carries JSON lines. */
  readonly json: boolean;
  /** One JSON line; nothing for people. */
  event(type: string, fields: Fields): void;
  /** A line for people; nothing in JSON mode. */
  line(text: string): void;
  /** A line that people must see, also in JSON mode (on standard error). */
  warn(text: string): void;
  /** Starts to show a piece of work. */
  stage(name: string, options: StageOptions): Stage;
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

/** Seconds as `4.8 s`, `48 s`, `2 min 05 s` or `1 h 04 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (n: number) => String(n).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}
