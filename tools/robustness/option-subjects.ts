import { join } from 'node:path';
import {
  builtinPlugins,
  createRegistry,
  describeOptions,
  parseOptions,
  planRun,
  type OptionSchema,
  type RunConfig,
} from '@selfsup/pretrain';
import { nodePlugins } from '@selfsup/pretrain/node';
import type { Chance } from './chance.ts';
import { mutateJson, mutateValue } from './mutate-json.ts';
import { faultOf, runCommand } from './run-command.ts';
import { assertRight, writeFolder, type Subject } from './subject.ts';

const circle: unknown[] = [];
circle.push(circle);
/** What JSON cannot hold, but a config in TypeScript can. */
const ODD: readonly unknown[] = [NaN, Infinity, -1, 10n, Symbol('odd'), () => 1, new Date(0), new Map([[1, 2]]), circle, Object.create(null), '\u001b[31mred']; // prettier-ignore

const asFlag = (name: string) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Values for the options of a schema, mutated. */
function drawOptions(schema: OptionSchema, chance: Chance): Record<string, unknown> {
  const options = describeOptions(schema);
  return Object.fromEntries(
    Array.from({ length: 1 + chance.whole(3) }, () => {
      if (options.length === 0 || chance.happens(0.1)) return [chance.pick(['__proto__', 'constructor', '\u001b[31m', 'temprature']), 1];
      const { name, default: usual = 1 } = chance.pick(options);
      return [name, chance.happens(0.3) ? chance.pick(ODD) : mutateValue(usual, chance)];
    }),
  );
}

/** Runs a command that cannot succeed: how it fails must be clear. */
async function assertRefused(args: readonly string[]): Promise<void> {
  const fault = faultOf(await runCommand(args));
  assertRight(fault === undefined, `${fault ?? ''} of ${JSON.stringify(args).slice(0, 2000)}`);
}

/**
 * Readers of options: schemas, configs, and the command line, which is told of data that do not exist, so that nothing is trained.
 *
 * @param folder where files are written
 */
export function optionSubjects(folder: string): Subject[] {
  const registry = createRegistry([...builtinPlugins, ...nodePlugins]);
  const { all: tasks } = registry.tasks;
  const place = join(folder, 'config');
  const nowhere = ['--data', join(place, 'none'), '--out', join(place, 'out')];
  const usual: RunConfig = {
    ...{ task: 'simclr', encoder: 'conv-net', epochs: 2, batchSize: 8, learningRate: 0.1, imageSize: 8, data: 'none' },
    ...{ taskOptions: { temperature: 0.2 }, encoderOptions: { widths: [4, 8] }, plugins: [], optimizer: 'sgd' },
  };
  return [
    {
      name: 'options schemas',
      read(chance) {
        const owner = chance.pick([...tasks, ...registry.encoders.all, ...registry.modalities.all]);
        const schema = owner.options as OptionSchema;
        JSON.stringify(parseOptions(schema, drawOptions(schema, chance), { who: owner.name })); // it goes into run.json
      },
    },
    {
      name: 'configs',
      read(chance) {
        const recipe = chance.pick(tasks);
        const modality = registry.modalities.get(recipe.modality);
        const drawn = {
          ...{ task: recipe.name, data: 'none', ...drawOptions(modality.options, chance) },
          ...{ taskOptions: drawOptions(recipe.options as OptionSchema, chance), [chance.pick(Object.keys(usual))]: chance.pick(ODD) },
        };
        const mutated = chance.happens(0.5) ? (mutateValue(usual, chance) as RunConfig | null) : (drawn as RunConfig);
        if (typeof mutated !== 'object' || mutated === null) return; // which the command refuses
        const { settings, options } = planRun(mutated, { registry });
        JSON.stringify([settings, options]);
      },
    },
    {
      name: 'config files',
      async read(chance) {
        const folderOfConfig = writeFolder(place, { 'selfsup.config.json': mutateJson(JSON.stringify(usual), chance) });
        await assertRefused(['train', '--config', join(folderOfConfig, 'selfsup.config.json'), ...nowhere]);
      },
    },
    {
      name: 'the command line',
      async read(chance) {
        const recipe = chance.pick(tasks);
        const schemas = [recipe.options as OptionSchema, registry.modalities.get(recipe.modality).options as OptionSchema];
        const common = ['epochs', 'batchSize', 'learningRate', 'seed', 'knnK', 'taskOption', 'encoderOption', 'backend', 'limit'];
        const names = [...schemas.flatMap((schema) => describeOptions(schema).map(({ name }) => name)), ...common];
        const flags = Array.from({ length: 1 + chance.whole(3) }, () => {
          const value = mutateJson(chance.pick(['1', '"x"', 'widths=[1,2]', 'temperature=0.1']), chance);
          return [asFlag(chance.pick(names)), value];
        });
        await assertRefused(['train', '--task', recipe.name, ...flags.flat(), ...nowhere]);
      },
    },
  ];
}
