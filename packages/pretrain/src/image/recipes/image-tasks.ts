import type { AnyTaskRecipe } from '../../task-recipe.ts';
import { aimTask } from './aim.ts';
import { barlowTwinsTask } from './barlow-twins.ts';
import { beitTask } from './beit.ts';
import { byolTask } from './byol.ts';
import { colorizationTask } from './colorization.ts';
import { data2vecTask } from './data2vec.ts';
import { dclTask } from './dcl.ts';
import { dinoTask } from './dino.ts';
import { distillationTask } from './distillation.ts';
import { iJepaTask } from './i-jepa.ts';
import { inpaintingTask } from './inpainting.ts';
import { jigsawTask } from './jigsaw.ts';
import { maeTask } from './mae.ts';
import { maskFeatTask } from './maskfeat.ts';
import { mocoV3Task } from './moco-v3.ts';
import { mocoTask } from './moco.ts';
import { nnclrTask } from './nnclr.ts';
import { relativePatchTask } from './relative-patch.ts';
import { rotationTask } from './rotation.ts';
import { simMimTask } from './sim-mim.ts';
import { simSiamTask } from './sim-siam.ts';
import { simclrTask } from './simclr.ts';
import { swavTask } from './swav.ts';
import { vicregTask } from './vicreg.ts';

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
  swavTask,
  dinoTask,
  distillationTask,
  maeTask,
  simMimTask,
  iJepaTask,
  data2vecTask,
  maskFeatTask,
  beitTask,
  aimTask,
  rotationTask,
  colorizationTask,
  jigsawTask,
  relativePatchTask,
  inpaintingTask,
];
