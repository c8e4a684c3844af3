import { surveyBackends, type SurveyedBackend } from '@selfsup/backends';
import type { BackendFlags } from '../flags/common-flags.ts';
import type { Output } from '../output/output.ts';
import { gatherPlugins } from '../plugins/gather-plugins.ts';

/** The flags of `selfsup backends`. */
export interface BackendsFlags extends Pick<BackendFlags, 'threads' | 'wideVectors'> {
  readonly plugin?: readonly string[];
}

const short = (value: number) => value.toLocaleString('en-US', { maximumSignificantDigits: 2 });

/** How wide the column of names is at least. */
const NAMES = 12;

/** One backend in lines: what it is or what it lacks, what it computes, and why `auto` leaves it. */
function linesOf(
  { name, works, description, reason, speed }: SurveyedBackend,
  { width, isChosen }: { width: number; isChosen: boolean },
): string[] {
  const about = (reason ?? '').replace(/^(selectBackend|proveBackend): (\w+ cannot be used here: )?/, '');
  const state = !works ? `does not work here: ${about}` : (description ?? name);
  const lines = [`${isChosen ? '*' : ' '} ${name.padEnd(width)}${state}`];
  const indent = ' '.repeat(width + 2);
  if (speed)
    lines.push(`${indent}${short(speed.products)} GFLOP/s in products, ${short(speed.convolutions)} in convolutions with gradients`);
  if (works && reason !== undefined) lines.push(`${indent}only by its name (--backend ${name}): ${about}`);
  return lines;
}

/**
 * `selfsup backends`: what can compute here, how fast, and what is missing for the rest.
 *
 * @param flags see {@link BackendsFlags}
 * @param output where to report
 * @returns the exit code: 0, or 1 when nothing can train here
 */
export async function runBackends(flags: BackendsFlags, output: Output): Promise<number> {
  const { plugin = [], threads = 'auto', wideVectors = 'auto' } = flags;
  const { registry } = await gatherPlugins({ plugins: plugin }, process.cwd());
  const backends = registry.backends.all;
  const stage = output.stage('Trying backends', { total: backends.length, unit: 'backends' });
  let tried = 0;
  const found = await surveyBackends({
    ...{ backends, threads, wideVectors },
    onBackend: (name) => {
      stage.update(tried++, { now: name });
    },
  });
  stage.end();
  const chosen = found.find(({ byItself }) => byItself);
  const width = Math.max(NAMES, ...found.map(({ name }) => name.length + 2));
  for (const backend of found) for (const line of linesOf(backend, { width, isChosen: backend === chosen })) output.line(line);
  output.line('');
  output.line(chosen ? `* is what --backend auto takes here.` : 'Nothing can train here.');
  output.event('result', { command: 'backends', auto: chosen?.name, backends: found });
  return chosen ? 0 : 1;
}
