import type * as tf from '@tensorflow/tfjs-core';
import { createMomentumPair, joinVariables, type Module, type Rng, type VariableMap } from '@selfsup/core';
import { encodeCrops } from './encode-crops.ts';
import type { NetworkFactories } from './projection-networks.ts';

/** A student with its projection head, and the teacher that follows it. Internal. */
export interface TeacherNetworks {
  /** The student's backbone. */
  readonly backbone: Module<tf.Tensor4D, tf.Tensor2D>;
  /** The student's variables, under `backbone/` and `projectionHead/`. */
  readonly trainable: VariableMap;
  /** The student's statistics, and under `teacher/` all of the teacher. */
  readonly buffers: VariableMap;
  /** The student's logits of crops of several sizes, `[crops · n, outputDim]`. */
  encodeStudent(crops: readonly tf.Tensor4D[], options: { training: boolean; rng: Rng }): tf.Tensor2D;
  /** The teacher's. */
  encodeTeacher(crops: readonly tf.Tensor4D[], options: { training: boolean; rng: Rng }): tf.Tensor2D;
  /** teacher ← momentum · teacher + (1 − momentum) · student. */
  update(momentum: number): void;
  dispose(): void;
}

/** Builds both networks twice; the teacher starts as an exact copy, its head too. Internal. */
export function createTeacherNetworks(factories: NetworkFactories, rng: Rng): TeacherNetworks {
  const backbone = createMomentumPair(factories.backbone, rng.fold('backbone'));
  const projectionHead = createMomentumPair(factories.projectionHead, rng.fold('projectionHead'));
  const all = ({ trainable, buffers }: Pick<Module, 'trainable' | 'buffers'>) => ({ ...trainable, ...buffers });
  const student = { backbone: backbone.online, projectionHead: projectionHead.online };
  const teacher = { backbone: backbone.target, projectionHead: projectionHead.target };
  return {
    backbone: student.backbone,
    trainable: joinVariables({ backbone: student.backbone.trainable, projectionHead: student.projectionHead.trainable }),
    buffers: joinVariables({
      backbone: student.backbone.buffers,
      projectionHead: student.projectionHead.buffers,
      'teacher/backbone': all(teacher.backbone),
      'teacher/projectionHead': all(teacher.projectionHead),
    }),
    encodeStudent: (crops, options) => encodeCrops(student, crops, options),
    encodeTeacher: (crops, options) => encodeCrops(teacher, crops, options),
    update(momentum) {
      backbone.update(momentum);
      projectionHead.update(momentum);
    },
    dispose() {
      backbone.dispose();
      projectionHead.dispose();
    },
  };
}
