import { camelCase, pascalCase, titleCase } from './names.ts';

/** The source of a new task: a network and its slowly moving copy, which shows every phase of the contract. */
export const taskSource = (name: string): string => {
  const [camel, pascal] = [camelCase(name), pascalCase(name)];
  return `import type * as tf from '@tensorflow/tfjs-core';
import { valueAt, type PretextTask, type ScalarOrSchedule } from '@selfsup/core';
import { embeddingStd, negativeCosineSimilarity } from '@selfsup/losses';
import { applyOptions } from './apply-options.ts';
import { checkMomenta } from './check-options.ts';
import { checkViewPair, type ViewPairBatch } from './check-view-pair.ts';
import { joinNetworks } from './join-networks.ts';
import { createMomentumNetworks } from './momentum-networks.ts';
import { project, type NetworkFactories, type ProjectedViews } from './projection-networks.ts';

/** Options of {@link ${camel}}. */
export interface ${pascal}Options extends NetworkFactories {
  /** The weight of the target network's old weights, in [0, 1], or a schedule over updates done; default 0.99. */
  momentum?: ScalarOrSchedule;
}

/** What {@link ${camel}} computes before the loss: the target network's projections \`[n, projectionDim]\` of both views. */
export type ${pascal}Targets = Readonly<Record<'targetProjections', readonly tf.Tensor2D[]>>;

/**
 * ${titleCase(name)}, as the generator wrote it: the projection of each view comes close to what a slowly moving copy makes of the other view. Replace the
 * objective by your own; the phases stay. A task whose samples do not meet in the loss needs no \`embed\`: its \`loss\` then gets the batch.
 *
 * @param options see {@link ${pascal}Options}
 * @returns the task with the encoders \`backbone\` and \`target\`; the loss is the sum over both directions of 2 − 2·cos; the metric \`zStd\` is the mean deviation per
 * dimension of the unit projections: about 1/√dim when healthy, 0 when collapsed
 * @throws SelfsupError \`SELFSUP_OPTION\` on a constant momentum outside [0, 1]; from \`targets\` and \`embed\` \`SELFSUP_BATCH\` without two views, \`SELFSUP_SHAPE\` on
 * views of different shapes
 */
export function ${camel}(options: ${pascal}Options): PretextTask<ViewPairBatch, ${pascal}Targets, ProjectedViews> {
  const { momentum = 0.99 } = options;
  checkMomenta('${name}', { momentum });
  return {
    api: 1,
    name: '${name}',
    create({ rng }) {
      const { online, target, copies, update } = createMomentumNetworks(options, rng);
      return {
        encoders: { backbone: online.backbone, target: target.backbone },
        ...joinNetworks({ ...online, ...copies }),
        targets({ views }, context) {
          const pair = checkViewPair('${name}', views);
          return { targetProjections: pair.map((images, i) => project(target, images, applyOptions(context, \`target of view \${i}\`))) };
        },
        embed({ views }, _, context) {
          const pair = checkViewPair('${name}', views);
          return { projections: pair.map((images, i) => project(online, images, applyOptions(context, \`view \${i}\`))) };
        },
        loss({ projections }, { targetProjections }) {
          const [first, second] = [targetProjections[0]!, targetProjections[1]!];
          return {
            loss: negativeCosineSimilarity(projections, [second, first], { convention: 'byol' }),
            metrics: { zStd: embeddingStd(projections[0]!) },
          };
        },
        afterStep(_, { step }) {
          update(valueAt(momentum, step));
        },
      };
    },
  };
}
`;
};

/** The test of a new task beside its rows in the conformance kit: a closed form, the moving average, what is refused. */
export const taskTest = (name: string): string => {
  const camel = camelCase(name);
  return `import { createRng } from '@selfsup/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { backbone, context, descend, makeViews, projectionPerceptron, readValues } from '../fixtures/tiny-networks.ts';
import { ${camel} } from './${name}.ts';

const networks = { backbone, projectionHead: projectionPerceptron };
const creation = { rng: createRng(0), totalSteps: 10 };

describe('${name}', () => {
  it('has loss 0 on two equal views before the first update: the target starts as a copy', async () => {
    const run = ${camel}(networks).create(creation);
    const { views } = makeViews(1);
    const loss = tf.tidy(() => {
      const batch = { views: [views[0]!, views[0]!] };
      const targets = run.targets!(batch, context());
      return run.loss(run.embed(batch, targets, context()), targets, context()).loss;
    });
    expect((await loss.data())[0]).toBeCloseTo(0, 4);
    tf.dispose([views, loss]);
    run.dispose();
  });

  it('moves the target towards the online network by 1 − momentum', () => {
    const run = ${camel}({ ...networks, momentum: 0.75 }).create(creation);
    const batch = makeViews(2);
    const before = readValues(run);
    descend(run, batch, { context: context(), rate: 1 });
    const after = readValues(run);
    let moved = 0;
    for (const path of Object.keys(run.trainable))
      before[path]!.forEach((old, i) => {
        expect(after[\`target/\${path}\`]![i]).toBeCloseTo(0.75 * old + 0.25 * after[path]![i]!, 5);
        moved = Math.max(moved, Math.abs(after[path]![i]! - old));
      });
    expect(moved).toBeGreaterThan(1e-3);
    tf.dispose(batch.views);
    run.dispose();
  });

  it('refuses what does not fit', () => {
    expect(() => ${camel}({ ...networks, momentum: 2 })).toThrow('${name}: \`momentum\` must be in [0, 1], got 2');
    const run = ${camel}(networks).create(creation);
    expect(() => run.embed({ views: [] }, {} as never, context())).toThrow('a list of exactly 2 image tensors, got 0');
    run.dispose();
  });
});
`;
};

/** The rows of a new task in the conformance kit: without and with normalization by the batch. */
export const conformanceRows = (name: string): string => {
  const camel = camelCase(name);
  return `  row('${name}', ${camel}({ backbone: smoothEncoder, projectionHead: linearHead }), { batchAt: viewsAt }),
  row(
    '${name} on conv-net with batch normalization',
    ${camel}({ backbone: convNet({ channels, widths: [4] }), projectionHead: projectionHead({ inputDim: 4, hiddenDim: 5, outputDim: 6, batchNorm: true }) }),
    { batchAt: (step) => viewsAt(step, { rows: 6 }), skip: { ranks: 'batch normalization takes its statistics per rank' } },
  ),
`;
};

/** How a new task is trained when nobody says more. */
export const recipeSource = (name: string): string => {
  const camel = camelCase(name);
  return `import { ${camel} } from '@selfsup/pretext-tasks/${name}';
import { z } from 'zod';
import { defineImageTask } from '../image-task.ts';
import { recipeSource } from '../image-views.ts';
import { twoViews } from '../views-input.ts';
import { embeddingDimOf, headOf, headOptions } from './head-options.ts';
import { constantMomentum } from './shared-options.ts';

/** ${titleCase(name)}. */
export const ${camel}Task = defineImageTask({
  name: '${name}',
  title: '${titleCase(name)}',
  paper: 'https://arxiv.org/abs/2006.07733', // of BYOL, which the objective of the generator comes from: replace it
  summary: 'The encoder comes close, from one view, to what its slowly moving copy makes of the other.',
  advice: {
    take: 'Say here for which data, batches and times it is the right one.',
    leave: 'Say here when another task is better, and which.',
  },
  options: z.strictObject({
    momentum: constantMomentum(0.99),
    ...headOptions(2),
  }),
  input: twoViews,
  views: recipeSource('simclr'),
  create: (parts, options) =>
    ${camel}({
      backbone: parts.backbone,
      projectionHead: headOf(parts, options, { batchNorm: true }),
      momentum: options.momentum,
    }),
  collapse: embeddingDimOf,
});
`;
};
