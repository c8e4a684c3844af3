// What is asked of a backend wherever it runs; no Node in here: a page calls it, too.
import { backendChecks, type BackendCheckOptions } from '@selfsup/testing';
import { CHECKPOINT, continueCurve, curveNames, trainCurve, type Curve } from './curves.ts';
import type { CheckFinding, PlaceFindings } from './findings.ts';

/** Options of {@link runChecks}. */
export interface RunChecksOptions extends BackendCheckOptions {
  /** Called before each check and each training. */
  readonly onStart?: (what: string) => void;
  /** Called after each check that failed: some backends refuse all work after an error, and have to be prepared again. */
  readonly onFailure?: () => Promise<unknown>;
  /** Called with the checkpoint of each training. */
  readonly onCheckpoint?: (curve: string, bytes: Uint8Array) => void;
  /** Which trainings; default all. */
  readonly curves?: readonly string[];
}

/** The training of which half is made twice. */
const REPEATED = 'conv-net SimCLR';

/** Makes the steps after the checkpoint again: the same bits must come out on the same backend. */
async function repeat(name: string, { losses, checkpoint }: Curve): Promise<CheckFinding> {
  const again = await continueCurve(name, checkpoint);
  const at = again.findIndex((loss, i) => loss !== losses[CHECKPOINT + i]);
  const found = { operation: 'a training, the same bits twice', kind: 'values' as const };
  if (at < 0) return found;
  return { ...found, problem: `the loss of step ${CHECKPOINT + at + 1} is ${losses[CHECKPOINT + at]} and ${again[at]}` };
}

/** One line of an error. */
const inShort = (error: unknown): string => {
  const { message = String(error) } = error as Partial<Error>;
  return message.replace(/^backendChecks: /, '').split('\n')[0]!.slice(0, 300); // prettier-ignore
};

/**
 * Makes all checks on the current backend and trains the short trainings.
 *
 * @param options see {@link RunChecksOptions}
 * @returns what was found
 */
export async function runChecks(options: RunChecksOptions = {}): Promise<Required<Pick<PlaceFindings, 'checks' | 'curves' | 'seconds'>>> {
  const { onStart, onFailure, onCheckpoint, curves: wanted = curveNames, ...rest } = options;
  const start = performance.now();
  const checks: CheckFinding[] = [];
  for (const { operation, kind, name, run } of backendChecks(rest)) {
    onStart?.(name);
    const problem = await run().then(
      () => undefined,
      (error: unknown) => inShort(error),
    );
    checks.push({ operation, kind, ...(problem !== undefined && { problem }) });
    if (problem !== undefined) await onFailure?.();
  }
  const curves: Record<string, readonly number[]> = {};
  for (const name of wanted) {
    onStart?.(name);
    try {
      const { losses, checkpoint } = await trainCurve(name);
      curves[name] = losses;
      onCheckpoint?.(name, checkpoint);
      if (name === REPEATED) checks.push(await repeat(name, { losses, checkpoint }));
    } catch (error) {
      checks.push({ operation: name, kind: 'values', problem: inShort(error) });
      await onFailure?.();
    }
  }
  return { checks, curves, seconds: (performance.now() - start) / 1000 };
}
