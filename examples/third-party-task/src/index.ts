export { denoising, type DenoisingBatch, type DenoisingOptions } from './denoising.ts';
export { denoisingRecipe } from './denoising-recipe.ts';
export { plugin, plugin as default } from './plugin.ts';
