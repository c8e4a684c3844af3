export {
  defineEncoder,
  defineImageTask,
  defineModality,
  definePlugin,
  defineRun,
  defineTask,
  defineTextTask,
  defineVideoTask,
  type EncoderRecipe,
  type Modality,
  type OptimizerContext,
  type Plugin,
  type RunConfig,
  type SessionOptions,
  type TaskRecipe,
  type ViewsContext,
} from '@selfsup/pretrain';
export { INTERRUPTED } from './exit-codes.ts';
export { runCli } from './run-cli.ts';
export { trainFlags, type TrainFlags } from './flags/train-flags.ts';
