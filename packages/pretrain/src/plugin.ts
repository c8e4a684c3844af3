import type { BackendSetup } from '@selfsup/backends';
import type { EncoderRecipe } from './encoder-recipe.ts';
import type { AnyModality, DatasetOpener } from './modality.ts';
import type { AnyTaskRecipe } from './task-recipe.ts';

/** What a package adds to selfsup: everything that selfsup itself has comes in by the same way. */
export interface Plugin {
  /** The package's name, such as `selfsup-task-denoising`. */
  readonly name: string;
  /** Tasks that it brings. */
  readonly tasks?: readonly AnyTaskRecipe[];
  /** Kinds of data that it brings. */
  readonly modalities?: readonly AnyModality[];
  /** Encoders that it brings. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each encoder knows its own options
  readonly encoders?: readonly EncoderRecipe<any, any>[];
  /** What opens data that nobody else does. */
  readonly datasets?: readonly DatasetOpener[];
  /** Backends that it brings; `auto` tries them before those of selfsup. */
  readonly backends?: readonly BackendSetup[];
}

/** Gives a plugin its type; it returns what it is given. */
export function definePlugin(plugin: Plugin): Plugin {
  return plugin;
}
