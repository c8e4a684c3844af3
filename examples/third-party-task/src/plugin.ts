import { definePlugin } from '@selfsup/pretrain';
import { denoisingRecipe } from './denoising-recipe.ts';

/** What this package adds to selfsup: `selfsup train --task selfsup-task-denoising`. */
export const plugin = definePlugin({ name: 'selfsup-task-denoising', tasks: [denoisingRecipe] });
