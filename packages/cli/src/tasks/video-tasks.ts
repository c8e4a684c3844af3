import { projectionHead } from '@selfsup/encoders';
import { frameOrder, frameOrders } from '@selfsup/pretext-tasks/frame-order';
import { unfoldFrames } from '../training/clips.ts';
import type { TaskEntry } from './task-entry.ts';
import { cropSource, type TaskInput } from './task-views.ts';

/** `frames`: one view of each clip, the same of all its frames. */
export const clips: TaskInput = {
  description: 'one view',
  numGlobal: [1, 1],
  local: false,
  clips: true,
  toBatch: ({ global }, clipLength = 1) => ({ frames: unfoldFrames(global[0]!, clipLength) }),
};

/** Tasks on clips of videos. */
export const videoTasks = {
  'frame-order': {
    input: clips,
    views: cropSource([0.5, 1]),
    projectionHead: false,
    create({ backbone, clipLength: numFrames }) {
      const { outputDim } = backbone;
      const orders = frameOrders({ numFrames }).length;
      const head = projectionHead({ inputDim: numFrames * outputDim, hiddenDim: outputDim, outputDim: orders });
      return frameOrder({ backbone, head, numFrames });
    },
  },
} as const satisfies Readonly<Record<string, TaskEntry>>;
