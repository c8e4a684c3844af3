import type { ScalarOrSchedule } from '@selfsup/core';
import { checkCounts, checkMomenta, checkPositive } from './check-options.ts';
import type { NetworkFactories } from './projection-networks.ts';

/** Options of `dino`; `projectionHead` is `dinoHead` of `@selfsup/encoders`. */
export interface DinoOptions extends NetworkFactories {
  /** Columns of the projection head's output; default 65,536. */
  outputDim?: number;
  /** The student's logits are divided by it; > 0, default 0.1. */
  studentTemperature?: number;
  /** The teacher's logits are divided by it; > 0, default 0.04. The authors' warm-up: `linearWarmup({ from: 0.04, to: 0.07, steps })` over 30 epochs. */
  teacherTemperature?: ScalarOrSchedule;
  /** The weight of the teacher's old weights, in [0, 1]; default a cosine from 0.996 to 1 over the run. */
  momentum?: ScalarOrSchedule;
  /** Whether the center is subtracted from the teacher's logits; default true. False is the paper's ablation, which collapses. */
  centering?: boolean;
  /** The weight of the old center, in [0, 1]; default 0.9. */
  centerMomentum?: number;
  /** During so many first steps the variables under `lastLayer/` are frozen; default 0. The authors freeze them for one epoch. */
  freezeLastLayerSteps?: number;
}

/** The options with their defaults. Internal. */
export function checkDinoOptions(options: DinoOptions): Required<Omit<DinoOptions, keyof NetworkFactories | 'momentum'>> {
  const { outputDim = 65536, studentTemperature = 0.1, teacherTemperature = 0.04 } = options;
  const { centering = true, centerMomentum = 0.9, freezeLastLayerSteps = 0, momentum } = options;
  checkCounts('dino', { outputDim });
  checkCounts('dino', { freezeLastLayerSteps }, 0);
  checkPositive('dino', { studentTemperature, teacherTemperature });
  checkMomenta('dino', { momentum, centerMomentum });
  return { outputDim, studentTemperature, teacherTemperature, centering, centerMomentum, freezeLastLayerSteps };
}
