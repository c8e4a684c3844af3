import { SelfsupError, type Batch, type Targets } from '@selfsup/core';
import { conformanceChecks } from './conformance-checks.ts';
import type { ConformanceOptions } from './conformance-options.ts';

/**
 * Makes all checks of the conformance kit on a task; see `conformanceChecks` for one test each.
 *
 * @param options see {@link ConformanceOptions}
 * @returns once all checks have passed
 * @throws SelfsupError `SELFSUP_PLUGIN_API` that names each check that failed, with its reason; `SELFSUP_OPTION` on an option out of its range
 * @example
 * ```ts
 * import { testPretextTask } from '@selfsup/testing';
 * await testPretextTask({ task, batchAt: (step) => ({ images: imagesOf(step) }) });
 * ```
 */
export async function testPretextTask<B extends Batch, T extends Targets>(options: ConformanceOptions<B, T>): Promise<void> {
  const checks = conformanceChecks(options);
  const failures: { name: string; error: unknown }[] = [];
  for (const { name, run } of checks) {
    try {
      await run();
    } catch (error) {
      failures.push({ name, error });
    }
  }
  if (failures.length === 0) return;
  const lines = failures.map(({ name, error }) => `- ${name}: ${error instanceof Error ? error.message : String(error)}`);
  throw new SelfsupError(
    'SELFSUP_PLUGIN_API',
    `testPretextTask: ${options.task.name} fails ${failures.length} of ${checks.length} checks\n${lines.join('\n')}`,
    { cause: failures[0]!.error },
  );
}
