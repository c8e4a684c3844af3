import { definePlugin } from '@selfsup/pretrain';
import { {{camelName}}Recipe } from './{{name}}-recipe.ts';

/** What this package adds to selfsup: `selfsup train --task {{package}}`, or `--task ./src/plugin.ts` from its sources. */
export const plugin = definePlugin({ name: '{{package}}', tasks: [{{camelName}}Recipe] });
export { plugin as default };
