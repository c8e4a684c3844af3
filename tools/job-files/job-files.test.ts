import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv';
import { validate as validateDockerfile } from 'dockerfile-utils';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import schemas from './schemas/kubernetes.json' with { type: 'json' };

const examples = (name: string) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
const filesIn = (folder: string, end: RegExp) => readdirSync(examples(folder)).filter((name) => end.test(name)).map((name) => examples(`${folder}/${name}`)); // prettier-ignore

interface Manifest {
  readonly kind: keyof typeof schemas.kinds;
  readonly spec: Record<string, unknown>;
}
const manifestsIn = (path: string): Manifest[] =>
  parseAllDocuments(readFileSync(path, 'utf8')).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Manifest;
  });

const ajv = new Ajv({ allErrors: true });
function problemsOf(manifest: Manifest): string[] {
  const kind = (schemas.kinds as Record<string, object | undefined>)[manifest.kind];
  if (kind === undefined) return [`no schema of the kind ${manifest.kind}`];
  const check = ajv.compile({ ...kind, definitions: schemas.definitions });
  void check(manifest);
  return (check.errors ?? []).map(({ dataPath, message, params }) => `${dataPath} ${message!} ${JSON.stringify(params)}`);
}

/** Every object within a value that has a field. */
function* having(value: unknown, field: string): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  if (field in value) yield value as Record<string, unknown>;
  for (const inner of Object.values(value)) yield* having(inner, field);
}
const paths = filesIn('kubernetes', /\.yaml$/);

describe('examples/kubernetes', () => {
  it.each(paths)('%s is as the schema of its kind has it', (path) => {
    const manifests = manifestsIn(path);
    expect(manifests.length).toBeGreaterThan(0);
    for (const manifest of manifests) expect(problemsOf(manifest)).toEqual([]);
  });

  it('the schemas refuse what is misspelled, missing, or of another type', () => {
    const text = readFileSync(examples('kubernetes/embed.yaml'), 'utf8');
    const refused = (from: string, to: string) => {
      expect(text).toContain(from);
      const [manifest] = parseAllDocuments(text.replace(from, to)).map((document) => document.toJS() as Manifest);
      return problemsOf(manifest!).join('\n');
    };
    expect(refused('completionMode', 'completionMod')).toContain('completionMod');
    expect(refused('completions: 16', 'completions: many')).toContain('.spec.completions should be integer');
    expect(refused('name: SELFSUP_SHARDS', 'nam: SELFSUP_SHARDS')).toContain('"missingProperty":"name"');
    expect(refused('claimName', 'claim')).toContain('"missingProperty":"claimName"');
    expect(refused('batch/v1', 'batch/v1beta1')).toContain('.apiVersion');
    const [train] = manifestsIn(examples('kubernetes/train.yaml'));
    expect(problemsOf({ ...train!, spec: { ...train!.spec, mpiImplementation: 'LAM' } }).join()).toContain('mpiImplementation');
  });

  it('an Indexed Job tells its pods how many parts there are', () => {
    const jobs = paths.flatMap(manifestsIn).flatMap((manifest) => [...having(manifest, 'completions')]);
    expect(jobs.length).toBeGreaterThanOrEqual(2);
    for (const job of jobs) {
      const values = [...having(job, 'env')].flatMap(({ env }) => env as { name: string; value: string }[]);
      expect(values).toEqual([{ name: 'SELFSUP_SHARDS', value: String(job['completions']) }]);
    }
  });

  it('mpirun starts as many ranks as there are slots', () => {
    const [{ spec }] = manifestsIn(examples('kubernetes/train.yaml')) as [Manifest];
    const { Worker } = spec['mpiReplicaSpecs'] as { Worker: { replicas: number } };
    expect(JSON.stringify(spec)).toContain(`-n ${Worker.replicas * Number(spec['slotsPerWorker'])} `);
  });

  it('the Dockerfile has no problem that a linter finds', () => {
    const text = readFileSync(examples('kubernetes/Dockerfile'), 'utf8');
    expect(validateDockerfile(text)).toEqual([]);
    expect(validateDockerfile(text.replace('WORKDIR /app', 'WORKDI /app'))).not.toEqual([]);
    const image = /^FROM node:(\d+)/m.exec(text);
    expect(Number(image?.[1])).toBeGreaterThanOrEqual(20);
  });
});

describe('examples/slurm', () => {
  const scripts = filesIn('slurm', /\.(sh|sbatch)$/);
  const commandOf = (name: string) => spawnSync(name, ['--version']).status === 0;

  it.each(scripts)('%s is a script of bash', (path) => {
    execFileSync('bash', ['-n', path]);
    expect(readFileSync(path, 'utf8')).toMatch(/^#!\/bin\/bash\n/);
  });

  it.runIf(commandOf('shellcheck'))('shellcheck finds nothing in them', () => {
    const { stdout, status } = spawnSync('shellcheck', scripts, { encoding: 'utf8' });
    expect([stdout, status]).toEqual(['', 0]);
  });
});
