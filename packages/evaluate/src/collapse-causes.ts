/**
 * `'complete'`: all outputs are nearly one point; `'dimensional'`: they fill few dimensions; `'unaligned'`: views of one image are not recognized; `'stale'`: the
 * queue holds keys of a network that is no more; `'uninformative'`: a teacher's targets are alike for all images, whether uniform or one output; `'unbalanced'`: few
 * prototypes are used.
 */
export type CollapseKind = 'complete' | 'dimensional' | 'unaligned' | 'stale' | 'uninformative' | 'unbalanced';

/** What usually lies behind an alarm of a kind, and what helps, each without a full stop. */
export type CollapseCauses = { readonly [K in CollapseKind]?: { readonly likelyCause: string; readonly advice: string } };

/** What lies behind an alarm and what helps, each without a full stop. Internal. */
export const collapseCauses: Readonly<Record<CollapseKind, Readonly<Record<'seen' | 'likelyCause' | 'advice', string>>>> = {
  complete: {
    seen: 'all inputs give nearly one output',
    likelyCause:
      'the learning rate is too high, or what keeps outputs apart is missing or too weak: negatives, a variance term, centering, or a predictor beside a stop-gradient',
    advice:
      'lower the learning rate or lengthen its warm-up, normalize batches in the heads, and raise the target momentum where there is a target network',
  },
  dimensional: {
    seen: 'the features fill few dimensions',
    likelyCause:
      'the redundancy or covariance term is too weak, the temperature is too high, the projection head is missing, or the features are too few for their dimension',
    advice:
      'lower the temperature or raise the weight of the covariance term, give the projection head another layer, and train on larger batches',
  },
  unaligned: {
    seen: 'views of one image lie as far apart as views of different images',
    likelyCause: 'rows of the views do not belong together, the augmentation is too strong, or nothing has been learned yet',
    advice: 'look at the views (`selfsup augment`), weaken crops and colors, and see whether the loss falls at all',
  },
  stale: {
    seen: 'the queue holds keys of a network that is no more',
    likelyCause: 'the queue is too long for the batch, or the target momentum is too low for the queue',
    advice: 'shorten the queue, enlarge the batch, or raise the momentum',
  },
  uninformative: {
    seen: 'targets say nothing about their images',
    likelyCause:
      'centering is off and one output wins, or sharpening is and targets become uniform: the teacher temperature is too near to the student one',
    advice: 'switch centering on, lower the teacher temperature or warm it up more slowly, and raise the teacher momentum',
  },
  unbalanced: {
    seen: 'predictions use few of the prototypes',
    likelyCause: 'the codes are not equipartitioned, the prototypes move before the features do, or the learning rate is too high',
    advice: 'more Sinkhorn iterations or a smaller epsilon, freeze the prototypes for longer, and lower the learning rate',
  },
};
