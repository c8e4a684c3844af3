import type { AnyTaskRecipe } from '../../task-recipe.ts';
import { clipTask } from './clip.ts';
import { siglipTask } from './siglip.ts';

/** The tasks on images with texts that selfsup has. */
export const imageTextTasks: readonly AnyTaskRecipe[] = [clipTask, siglipTask];
