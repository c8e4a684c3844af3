import type { AnyTaskRecipe } from '../../task-recipe.ts';
import { aimTask } from './aim.ts';
import { barlowTwinsTask } from './barlow-twins.ts';
import { beitTask } from './beit.ts';
import { byolTask } from './byol.ts';
import { capiTask } from './capi.ts';
import { colorizationTask } from './colorization.ts';
import { data2vecTask } from './data2vec.ts';
import { dclTask } from './dcl.ts';
import { deepClusterV2Task } from './deep-cluster-v2.ts';
import { dinoTask } from './dino.ts';
import { dinoV2Task } from './dino-v2.ts';
import { distillationTask } from './distillation.ts';
import { ibotTask } from './ibot.ts';
import { iJepaTask } from './i-jepa.ts';
import { inpaintingTask } from './inpainting.ts';
import { jigsawTask } from './jigsaw.ts';
import { maeTask } from './mae.ts';
import { maskFeatTask } from './maskfeat.ts';
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
import { supConTask } from './sup-con.ts';
import { swavTask } from './swav.ts';
import { vibcregTask } from './vibcreg.ts';
import { vqTokenizerTask } from './vq-tokenizer.ts';
import { wMseTask } from './w-mse.ts';
import { frosslTask } from './frossl.ts';
import { mmcrTask } from './mmcr.ts';
import { ticoTask } from './tico.ts';
import { lejepaTask } from './lejepa.ts';
import { visregTask } from './visreg.ts';
import { empSslTask } from './emp-ssl.ts';
import { fastSiamTask } from './fast-siam.ts';
import { vicregTask } from './vicreg.ts';
import { vicregLTask } from './vicreg-l.ts';
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
  fastSiamTask,
  nnByolTask,
  nnSiamTask,
  barlowTwinsTask,
  vicregTask,
  vicregLTask,
  vibcregTask,
  wMseTask,
  frosslTask,
  mmcrTask,
  ticoTask,
  lejepaTask,
  visregTask,
  empSslTask,
  swavTask,
  deepClusterV2Task,
  smogTask,
  dinoTask,
  ibotTask,
  dinoV2Task,
  msnTask,
  pmsnTask,
  distillationTask,
  maeTask,
  simMimTask,
  iJepaTask,
  capiTask,
  data2vecTask,
  maskFeatTask,
  beitTask,
  vqTokenizerTask,
  aimTask,
  rotationTask,
  colorizationTask,
  jigsawTask,
  relativePatchTask,
  inpaintingTask,
];
