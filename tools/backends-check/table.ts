import { fileURLToPath } from 'node:url';
import { CHECKPOINT, STEPS } from './curves.ts';
import { mendedDefects } from './mended-defects.ts';
import type { CheckFinding, PlaceFindings } from './findings.ts';
import type { FailureFinding } from './forced-failures.ts';
import { largestDifference, TOLERANCE } from './judge.ts';
import { knownDefect } from './known-defects.ts';

const escape = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

/** A place as the head of a column: short, with a number that the list of places explains. */
const headOf = ({ place }: PlaceFindings) => place;

/** Words as they were printed; paths and addresses of this machine do not belong in a document. */
const code = (said: string) =>
  escape(said.replace(/https?:\/\/127\.0\.0\.1:\d+/g, 'http://…').replaceAll(fileURLToPath(new URL('../../', import.meta.url)), '…/'));

/** What came of the checks of an operation in one place. */
function cell(checks: readonly CheckFinding[], place: string): string {
  if (checks.length === 0) return '–';
  const wrong = checks.filter(({ problem }) => problem !== undefined);
  if (wrong.length === 0) return '✓';
  return wrong.map(({ operation, kind }) => `${kind}${knownDefect(place, operation, kind) ? ' (known)' : ' ✗'}`).join(', ');
}

function matrix(ran: readonly PlaceFindings[]): string {
  const operations = [...new Set(ran.flatMap(({ checks = [] }) => checks.map(({ operation }) => operation)))];
  const kinds = (operation: string) => [
    ...new Set(ran.flatMap(({ checks = [] }) => checks.filter((one) => one.operation === operation).map(({ kind }) => kind))),
  ];
  return table(
    ['operation', 'checked', ...ran.map(headOf)],
    operations.map((operation) => [
      operation.includes(',') ? operation : `\`${operation}\``,
      kinds(operation).join(', '),
      ...ran.map(({ checks = [], place }) => cell(checks.filter((one) => one.operation === operation), place)), // prettier-ignore
    ]),
  );
}

const shown = (loss: number | undefined) => (loss === undefined ? '–' : loss.toFixed(6));

function curves(ran: readonly PlaceFindings[]): string {
  const reference = ran.find(({ place }) => place === 'cpu')?.curves ?? {};
  const names = [...new Set(ran.flatMap(({ curves: all = {} }) => Object.keys(all)))];
  const rows = names.flatMap((name) =>
    ran.flatMap(({ place, curves: all = {} }) => {
      const losses = all[name];
      if (losses === undefined) return [];
      const error = reference[name] && largestDifference(losses, reference[name]);
      return [
        [
          name,
          place,
          shown(losses[0]),
          shown(losses[9]),
          shown(losses[24]),
          shown(losses.at(-1)),
          error === undefined ? '–' : error.toExponential(1),
        ],
      ];
    }),
  );
  return table(['training', 'place', 'step 1', 'step 10', 'step 25', `step ${STEPS}`, 'largest difference from cpu'], rows);
}

function continued(ran: readonly PlaceFindings[]): string {
  const reference = ran.find(({ place }) => place === 'cpu')?.curves ?? {};
  const pairs = ran.flatMap(({ place, continued: all = [] }) => {
    const froms = [...new Set(all.map(({ from }) => from))];
    return froms.map((from) => {
      const errors = all
        .filter((one) => one.from === from)
        .map(({ curve, losses }) => largestDifference(losses, reference[curve]?.slice(CHECKPOINT) ?? []));
      return [from, place, `${errors.length}`, Math.max(...errors).toExponential(1)];
    });
  });
  if (pairs.length === 0) return 'This was not tried in these runs.';
  return table(['written on', 'continued on', 'trainings', 'largest difference from cpu'], pairs);
}

/**
 * The page docs/backends.md.
 *
 * @param all what was found, in the order of the columns
 * @param failures what was said when failures were forced
 * @returns Markdown
 */
export function writePage(all: readonly PlaceFindings[], failures: readonly FailureFinding[]): string {
  const ran = all.filter(({ skipped }) => skipped === undefined);
  const notRun = all.filter(({ skipped }) => skipped !== undefined);
  const known = ran.flatMap(({ place, checks = [] }) =>
    checks.flatMap(({ operation, kind, problem }) => {
      const defect = problem !== undefined ? knownDefect(place, operation, kind) : undefined;
      return defect ? [`- **${place}**, \`${operation}\`, ${kind}: ${defect.why}`] : [];
    }),
  );
  const unknown = ran.flatMap(({ place, checks = [] }) =>
    checks.flatMap(({ operation, kind, problem }) =>
      problem !== undefined && !knownDefect(place, operation, kind)
        ? [`- **${place}**, \`${operation}\`, ${kind}: ${escape(problem)}`]
        : [],
    ),
  );
  return `# What each backend computes

<!-- Written by \`npm run test:backends\` and \`npm run test:browser\` from what ran; do not edit. -->

\`npm run test:backends\` makes the checks of \`backendChecks\` in \`@selfsup/testing\` on every backend of this machine, each in a process of its own, and
\`npm run test:browser\` makes them in Chromium. Every operation that selfsup uses is compared with plain JavaScript in float64, its gradients with central
differences: random shapes, both signs, NaN and infinity where the definition says what comes out, empty tensors where they are allowed, memory full of NaN
beforehand. ✓: all that is listed under *checked* is right.

\`\`\`ts
import { selectBackend } from '@selfsup/backends';
import { backendChecks } from '@selfsup/testing';

await selectBackend({ prefer: 'webgpu' }); // or a backend of your own
for (const { name, run } of backendChecks()) await run().catch((error) => console.log(name, error.message));
\`\`\`

## Where it ran

${table(
  ['place', 'platform', 'day', 'backend', 'versions', 'checks', 'right'],
  ran.map(({ place, platform, date, description = '', versions = {}, checks = [] }) => [
    place,
    platform,
    date,
    escape(description),
    Object.entries(versions).map(([name, version]) => `${name.replace('@tensorflow/', '')} ${version}`).join(', '), // prettier-ignore
    `${checks.length}`,
    `${checks.filter(({ problem }) => problem === undefined).length}`,
  ]),
)}

${notRun.length === 0 ? 'Nothing was skipped.' : `Skipped:\n\n${notRun.map(({ place, platform, skipped }) => `- **${place}** (${platform}): ${escape(skipped!)}`).join('\n')}`}

## Operations

${matrix(ran)}
${unknown.length > 0 ? `\nWrong (✗):\n\n${unknown.join('\n')}\n` : ''}${known.length > 0 ? `\nKnown and left so:\n\n${known.join('\n')}\n` : ''}
## The same training everywhere

${STEPS} steps from one seed, with augmentations and dropout; the losses must be within ${TOLERANCE} of those on cpu. On one backend
the same steps give the same bits, twice in a process and again in another: the last rows of the table above. In pages of webgpu only the first is made.

${curves(ran)}

A checkpoint of one backend continues on another, here after ${CHECKPOINT} of the ${STEPS} steps:

${continued(ran)}

## What is said when something fails

Each of these was forced for real, in a process or page of its own; folders are left out. ⟶: a run that was disturbed in its middle and resumed.

${table(
  ['forced', 'in', 'what is said'],
  failures.map(({ what, platform, said, skipped }) => [
    what,
    platform,
    skipped === undefined ? code(said!) : `skipped: ${escape(skipped)}`,
  ]),
)}

## Defects of the backends, and how they are mended

What TensorFlow.js 4.22.0 computes wrongly by itself and right after \`selectBackend\`:

${table(
  ['backend', 'defect', 'mended by'],
  mendedDefects.map(({ backend, defect, mend }) => [backend, escape(defect), escape(mend)]),
)}
`;
}
