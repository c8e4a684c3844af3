import { SingleBar } from 'cli-progress';
import { formatSeconds } from '@selfsup/pretrain';
import type { Output, Streams } from './output.ts';

/** Milliseconds for which a stage stays invisible: short ones never flicker. */
const QUIET_MS = 300;

/**
 * Reports to a person at a terminal: a progress bar on standard error that disappears when the work is done, results on standard output.
 *
 * @param streams where to write; standard error must be a terminal
 * @returns see {@link Output}
 */
export function createTerminalOutput(streams: Streams & { stderr: NodeJS.WritableStream }): Output {
  let bar: SingleBar | undefined;
  const aside = (write: () => void) => {
    bar?.stop();
    bar = undefined;
    write();
  };
  const warn = (text: string) => {
    aside(() => streams.stderr.write(`${text}\n`));
  };
  return {
    json: false,
    event: () => undefined,
    line: (text) => {
      aside(() => streams.stdout.write(`${text}\n`));
    },
    warn,
    stage(name, { total, unit }) {
      const started = performance.now();
      let first: number | undefined;
      let own: SingleBar | undefined;
      const open = (done: number) => {
        bar?.stop();
        own = new SingleBar({
          format: `${name} {bar} {percentage} %  {value}/{total} ${unit}{extra}{left}`,
          barCompleteChar: '█',
          barIncompleteChar: '░',
          barsize: 24,
          hideCursor: true,
          clearOnComplete: true,
          stream: streams.stderr,
          emptyOnZero: true,
        });
        own.start(total, done, { extra: '', left: '' });
        bar = own;
      };
      return {
        update(done, details = {}) {
          first ??= done;
          const elapsed = performance.now() - started;
          if (elapsed < QUIET_MS) return;
          if (!own || bar !== own) open(done);
          const seconds = elapsed / 1000;
          const left = done > first && done < total ? `  ${formatSeconds(((total - done) * seconds) / (done - first))} left` : '';
          const extra = Object.entries(details).map(([key, value]) => `  ${key} ${value}`);
          own?.update(done, { extra: extra.join(''), left });
        },
        end() {
          if (bar === own) bar = undefined;
          own?.stop();
        },
      };
    },
  };
}
