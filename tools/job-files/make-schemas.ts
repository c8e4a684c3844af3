// node tools/job-files/make-schemas.ts <jobsets.yaml> <mpijobs.yaml>: JSON schemas of the kinds in examples/kubernetes, out of the definitions that JobSet
// (config/components/crd/bases/jobset.x-k8s.io_jobsets.yaml, which holds those of batch/v1, too) and the MPI Operator (manifests/base/kubeflow.org_mpijobs.yaml)
// publish under Apache-2.0. Descriptions and server-side rules are left out, equal pieces are written once, and fields that are not named are refused.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';

type Node = Readonly<Record<string, unknown>>;
const [jobSetPath, mpiJobPath] = process.argv.slice(2);
if (jobSetPath === undefined || mpiJobPath === undefined) throw new Error('give the two files');

/** The schema of the served version of a custom resource. */
function rootOf(path: string, version: string): Node {
  const { spec } = parse(readFileSync(path, 'utf8')) as { spec: { versions: { name: string; schema: { openAPIV3Schema: Node } }[] } };
  return spec.versions.find(({ name }) => name === version)!.schema.openAPIV3Schema;
}

/** Follows names of properties. */
function at(node: Node, ...path: string[]): Node {
  return path.reduce(
    (of, name) =>
      name === '[]'
        ? (of['items'] as Node)
        : name === '{}'
          ? (of['additionalProperties'] as Node)
          : ((of['properties'] as Node)[name] as Node),
    node,
  );
}

const definitions = new Map<string, Node>();
const seen = new Map<string, number>();

function plain(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(plain);
  if (typeof node !== 'object' || node === null) return node;
  const given = node as Node;
  if (given['x-kubernetes-int-or-string'] === true) return { type: ['integer', 'string'] };
  const properties = given['properties'] as Node | undefined;
  return {
    ...Object.fromEntries(
      ['type', 'enum', 'required', 'minimum', 'maximum', 'minItems', 'minLength', 'maxLength', 'pattern'].flatMap((name) =>
        given[name] === undefined ? [] : [[name, given[name]]],
      ),
    ),
    ...(given['items'] !== undefined && { items: plain(given['items']) }),
    ...(typeof given['additionalProperties'] === 'object' && { additionalProperties: plain(given['additionalProperties']) }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, of]) => [name, plain(of)])),
      additionalProperties: false,
    }),
  };
}

const nameOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 8);
function count(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  const text = JSON.stringify(node);
  if (text.length > 120 && !Array.isArray(node)) {
    const times = (seen.get(text) ?? 0) + 1;
    seen.set(text, times);
    if (times > 1) return;
  }
  for (const value of Object.values(node)) count(value);
}
function hoist(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(hoist);
  if (typeof node !== 'object' || node === null) return node;
  const text = JSON.stringify(node);
  const inner = () => Object.fromEntries(Object.entries(node).map(([name, value]) => [name, hoist(value)]));
  if ((seen.get(text) ?? 0) < 2 || !('type' in node)) return inner();
  const name = nameOf(text);
  if (!definitions.has(name)) {
    definitions.set(name, {});
    definitions.set(name, inner());
  }
  return { $ref: `#/definitions/${name}` };
}

const metadata = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 63 },
    namespace: { type: 'string' },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    annotations: { type: 'object', additionalProperties: { type: 'string' } },
  },
  additionalProperties: false,
};
const kind = (apiVersion: string, name: string, spec: unknown) => ({
  type: 'object',
  required: ['apiVersion', 'kind', 'metadata', 'spec'],
  properties: { apiVersion: { enum: [apiVersion] }, kind: { enum: [name] }, metadata, spec },
  additionalProperties: false,
});

const jobSet = rootOf(jobSetPath, 'v1alpha2');
const mpiJob = rootOf(mpiJobPath, 'v2beta1');
const kinds = {
  JobSet: kind('jobset.x-k8s.io/v1alpha2', 'JobSet', plain(at(jobSet, 'spec'))),
  Job: kind('batch/v1', 'Job', plain(at(jobSet, 'spec', 'replicatedJobs', '[]', 'template', 'spec'))),
  MPIJob: kind('kubeflow.org/v2beta1', 'MPIJob', plain(at(mpiJob, 'spec'))),
};
// one template of pods for all: that of JobSet is the newer one
const template = plain(at(jobSet, 'spec', 'replicatedJobs', '[]', 'template', 'spec', 'template')) as Node;
const replicas = at(kinds.MPIJob, 'spec', 'mpiReplicaSpecs', '{}') as { properties: Record<string, unknown> };
replicas.properties['template'] = template;
// what is written within pods has metadata of its own, which definitions of custom resources do not describe
const withMetadata = (node: unknown): void => {
  if (typeof node !== 'object' || node === null) return;
  const { properties } = node as { properties?: Record<string, Node> };
  if (properties?.['metadata'] && properties['spec'] && properties['kind'] === undefined) {
    properties['metadata'] = { type: metadata.type, properties: metadata.properties, additionalProperties: false };
  }
  for (const value of Object.values(node)) withMetadata(value);
};
withMetadata(kinds);
count(kinds);
const all = { kinds: hoist(kinds), definitions: Object.fromEntries([...definitions].sort(([a], [b]) => (a < b ? -1 : 1))) };
writeFileSync(new URL('schemas/kubernetes.json', import.meta.url), `${JSON.stringify(all)}\n`);
