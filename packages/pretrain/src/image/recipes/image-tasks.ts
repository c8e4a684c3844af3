import type { AnyTaskRecipe } from '../../task-recipe.ts';
import { barlowTwinsTask } from './barlow-twins.ts';
import { byolTask } from './byol.ts';
import { colorizationTask } from './colorization.ts';
import { dclTask } from './dcl.ts';
import { dinoTask } from './dino.ts';
import { distillationTask } from './distillation.ts';
import { jigsawTask } from './jigsaw.ts';
import { maeTask } from './mae.ts';
import { mocoV3Task } from './moco-v3.ts';
import { mocoTask } from './moco.ts';
import { nnclrTask } from './nnclr.ts';
import { relativePatchTask } from './relative-patch.ts';
import { rotationTask } from './rotation.ts';
import { simMimTask } from './sim-mim.ts';
import { simSiamTask } from './sim-siam.ts';
import { simclrTask } from './simclr.ts';
import { supConTask } from './sup-con.ts';
import { swavTask } from './swav.ts';
import { vicregTask } from './vicreg.ts';
import { resslTask } from './ressl.ts';
import { nnByolTask } from './nn-byol.ts';
import { nnSiamTask } from './nn-siam.ts';
import { all4OneTask } from './all4one.ts';
import { denseClTask } from './dense-cl.ts';
import { smogTask } from './smog.ts';
import { pirlTask } from './pirl.ts';

/** The tasks on images that selfsup has: contrastive ones, other joint embeddings, masked images, the classical ones. */
export const imageTasks: readonly AnyTaskRecipe[] = [
  simclrTask,
  dclTask,
  supConTask,
  pirlTask,
  mocoTask,
  denseClTask,
  mocoV3Task,
  nnclrTask,
  all4OneTask,
  resslTask,
  byolTask,
  simSiamTask,
  nnByolTask,
  nnSiamTask,
  barlowTwinsTask,
  vicregTask,
  swavTask,
  smogTask,
  dinoTask,
  distillationTask,
  maeTask,
  simMimTask,
  rotationTask,
  colorizationTask,
  jigsawTask,
  relativePatchTask,
];
