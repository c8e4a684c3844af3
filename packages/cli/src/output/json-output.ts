import { throttle, type Output, type Streams } from './output.ts';

/** Seconds between two progress lines of one stage. */
const EVERY_SECONDS = 1;

/**
 * Reports as one JSON object per line on standard output; warnings also go to standard error.
 *
 * @param streams where to write
 * @returns see {@link Output}
 */
export function createJsonOutput(streams: Streams): Output {
  const event: Output['event'] = (type, fields) => {
    streams.stdout.write(`${JSON.stringify({ type, ...fields })}\n`);
  };
  return {
    json: true,
    event,
    line: () => undefined,
    warn: (text) => {
      streams.stderr.write(`${text}\n`);
    },
    stage(name, { total, unit }) {
      const now = throttle(EVERY_SECONDS);
      const started = performance.now();
      const progress = (done: number, details: object) => {
        event('progress', {
          stage: name,
          done,
          total,
          unit,
          seconds: Number(((performance.now() - started) / 1000).toFixed(3)),
          ...details,
        });
      };
      let last = 0;
      let shown = -1;
      return {
        update(done, details = {}) {
          last = done;
          now(() => {
            shown = done;
            progress(done, details);
          });
        },
        end() {
          if (last > shown && shown >= 0) progress(last, {});
        },
      };
    },
  };
}
