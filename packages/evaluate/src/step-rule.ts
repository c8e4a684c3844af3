import type { CollapseKind } from './collapse-causes.ts';

/** How a collapse monitor judges one metric of a task's steps. */
export interface StepRule {
  /** The metric's name; steps without it, or where it is not finite, are not judged. */
  readonly metric: string;
  /** The alarm that it raises. */
  readonly kind: CollapseKind;
  /** The side of the limit on which something is wrong. */
  readonly side: 'below' | 'above';
  /** The limit, given the greatest value so far. */
  readonly limit: (greatest: number) => number;
}

/** What the rules of the metrics of this library's tasks depend on. */
export interface StepRuleOptions {
  /** Columns of the embeddings, if known. */
  readonly embeddingDim: number | undefined;
  /** The least deviation per dimension, as a share of 1/√dim. */
  readonly minStdShare: number;
  /** The target network's momentum. */
  readonly momentum: number;
  /** The greatest mean age of keys, as a multiple of 1/(1 − momentum). */
  readonly maxQueueAgeShare: number;
}

/** Nats that a target must say about its image, or more where it said more before. */
const [LEAST_NATS, SHARE_OF_NATS] = [0.05, 0.1];

/** The least entropy of the use of prototypes, of 1 when all are used alike. */
const LEAST_USE = 0.2;

/** The rules of the metrics of this library's tasks. */
export function stepRules({ embeddingDim, minStdShare, momentum, maxQueueAgeShare }: StepRuleOptions): StepRule[] {
  const healthyStd = embeddingDim === undefined ? undefined : 1 / Math.sqrt(embeddingDim);
  return [
    { metric: 'zStd', kind: 'complete', side: 'below', limit: (greatest) => minStdShare * (healthyStd ?? greatest) },
    { metric: 'queueAge', kind: 'stale', side: 'above', limit: () => maxQueueAgeShare / (1 - momentum) },
    {
      metric: 'targetInformation',
      kind: 'uninformative',
      side: 'below',
      limit: (greatest) => Math.max(LEAST_NATS, SHARE_OF_NATS * greatest),
    },
    { metric: 'prototypeEntropy', kind: 'unbalanced', side: 'below', limit: () => LEAST_USE },
  ];
}
