import { formatSeconds } from '@selfsup/pretrain';
import { throttle, type Output, type Streams } from './output.ts';

/** Seconds between two progress lines of one stage. */
const EVERY_SECONDS = 5;

/**
 * Reports as plain lines: results on standard output, progress and warnings on standard error. For pipes and log files.
 *
 * @param streams where to write
 * @returns see {@link Output}
 */
export function createPlainOutput(streams: Streams): Output {
  const warn = (text: string) => {
    streams.stderr.write(`${text}\n`);
  };
  return {
    json: false,
    event: () => undefined,
    line: (text) => {
      streams.stdout.write(`${text}\n`);
    },
    warn,
    stage(name, { total, unit }) {
      const started = performance.now();
      let first: number | undefined; // a resumed stage does not start at 0: speed counts from here
      const now = throttle(EVERY_SECONDS);
      return {
        update(done, details = {}) {
          first ??= done;
          const from = first;
          now(() => {
            const seconds = (performance.now() - started) / 1000;
            const left = done > from ? `, ${formatSeconds(((total - done) * seconds) / (done - from))} left` : '';
            const extra = Object.entries(details).map(([key, value]) => `, ${key} ${value}`);
            warn(`${name}: ${Math.floor((100 * done) / Math.max(1, total))} % (${done}/${total} ${unit}${extra.join('')}${left})`);
          });
        },
        end: () => undefined,
      };
    },
  };
}
