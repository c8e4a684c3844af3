// `backendChecks` in a page, as `npm run test:backends` makes them in Node.
import { selectBackend } from '@selfsup/backends';
import * as tf from '@tensorflow/tfjs-core';
import { runChecks } from '../backends-check/run-checks.ts';
import type { PlaceFindings } from '../backends-check/findings.ts';

/** What was found in this page. */
export type OperationsAnswer = Required<Pick<PlaceFindings, 'description' | 'checks' | 'curves' | 'seconds' | 'versions'>>;

/** The trainings in a page; on webgpu, where all of them take minutes on a simulated GPU and Node makes them, one. */
const trainings = (backend: string) => (backend === 'webgpu' ? { curves: ['conv-net SimCLR'] } : {});

/**
 * Checks every operation on one backend, once each, since on a simulated GPU each shape is a program to compile, and makes the short trainings.
 *
 * @param prefer the backend
 */
export async function checkOperations(prefer: string): Promise<OperationsAnswer> {
  const prepare = () => selectBackend({ prefer });
  const { description } = await prepare();
  const { checks, curves, seconds } = await runChecks({
    ...trainings(prefer),
    cases: 1,
    slack: prefer === 'webgpu' ? 5 : 1,
    onFailure: prepare,
  });
  return { description, checks, curves, seconds, versions: { 'tfjs-core': tf.version_core } };
}
