import type { AnyTaskRecipe } from '../../task-recipe.ts';
import { barlowTwinsTask } from './barlow-twins.ts';
import { byolTask } from './byol.ts';
import { colorizationTask } from './colorization.ts';
import { dclTask } from './dcl.ts';
import { deepClusterV2Task } from './deep-cluster-v2.ts';
import { dinoTask } from './dino.ts';
import { dinoV2Task } from './dino-v2.ts';
import { distillationTask } from './distillation.ts';
import { ibotTask } from './ibot.ts';
import { jigsawTask } from './jigsaw.ts';
import { maeTask } from './mae.ts';
import { mocoV3Task } from './moco-v3.ts';
import { mocoTask } from './moco.ts';
import { msnTask } from './msn.ts';
import { nnclrTask } from './nnclr.ts';
import { pmsnTask } from './pmsn.ts';
import { relativePatchTask } from './relative-patch.ts';
import { rotationTask } from './rotation.ts';
import { simMimTask } from './sim-mim.ts';
import { simSiamTask } from './sim-siam.ts';
import { simclrTask } from './simclr.ts';
import { swavTask } from './swav.ts';
import { vicregTask } from './vicreg.ts';
import { vicregLTask } from './vicreg-l.ts';

/** The tasks on images that selfsup has: contrastive ones, other joint embeddings, masked images, the classical ones. */
export const imageTasks: readonly AnyTaskRecipe[] = [
  simclrTask,
  dclTask,
  mocoTask,
  mocoV3Task,
  nnclrTask,
  byolTask,
  simSiamTask,
  barlowTwinsTask,
  vicregTask,
  vicregLTask,
  swavTask,
  deepClusterV2Task,
  dinoTask,
  ibotTask,
  dinoV2Task,
  msnTask,
  pmsnTask,
  distillationTask,
  maeTask,
  simMimTask,
  rotationTask,
  colorizationTask,
  jigsawTask,
  relativePatchTask,
];
