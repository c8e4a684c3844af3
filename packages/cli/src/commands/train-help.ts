import type { PreparedRun } from '../plugins/prepare-run.ts';

const EXAMPLES = `
Examples:
  $ selfsup train --data shapes --epochs 5 --out runs/shapes
  $ selfsup train --task moco --data photos/ --image-size 64 --encoder resnet18 --epochs 100 --queue-size 1024
  $ selfsup train --task masked-language --data 'corpus/**/*.txt' --tokenizer vocab.txt --encoder bert-tiny --length 128
  $ selfsup train --task frame-order --data videos/ --frame-stride 1,3 --batch-size 16 --out runs/videos
  $ selfsup train --task ./my-task.ts --data photos/
  $ selfsup train --config selfsup.config.ts --epochs 20
  $ selfsup train --resume --out runs/shapes`;

/** Tasks or encoders with their titles, in columns. */
function columns(things: readonly { readonly name: string; readonly title: string }[]): string[] {
  const width = Math.max(...things.map(({ name }) => name.length)) + 2;
  return things.map(({ name, title }) => `  ${name.padEnd(width)}${title}`);
}

/**
 * What `selfsup train -h` says below its flags: the tasks by modality, the encoders, and how to see the options of a task.
 *
 * @param prepared what the command line brings along
 * @param hidden options of the task without a flag of their own
 */
export function trainHelp({ registry, recipe, modality, isNamed }: PreparedRun, hidden: readonly string[]): string {
  const { summary, paper, advice } = recipe;
  const about = isNamed
    ? [
        '',
        `${recipe.title}: ${summary ?? `a task on ${modality.title}`}${paper === undefined ? '' : ` (${paper})`}`,
        ...(advice ? [`Take it when: ${advice.take}`, `Leave it when: ${advice.leave}`] : []),
      ]
    : [
        '',
        `selfsup train --task moco -h lists the options of a task, with the defaults for it; those above are for ${recipe.name}, on ${modality.title}.`,
      ];
  const tasks = registry.modalities.all.flatMap(({ name, title }) => {
    const own = registry.tasks.all.filter((task) => task.modality === name);
    return own.length === 0 ? [] : ['', `Tasks on ${title}:`, ...columns(own)];
  });
  const encoders = registry.encoders.all.filter(
    ({ name, modalities }) => modalities.includes(modality.name) && (recipe.encoders?.includes(name) ?? true),
  );
  return [
    ...(isNamed && hidden.length > 0 ? ['', `By --task-option, since another flag has the name: ${hidden.join(', ')}`] : []),
    ...about,
    ...(isNamed ? [] : tasks),
    ...(encoders.length > 0 ? ['', `Encoders for ${recipe.name}:`, ...columns(encoders)] : []),
    EXAMPLES,
  ].join('\n');
}
