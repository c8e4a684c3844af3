export { {{camelName}}, type {{pascalName}}Batch, type {{pascalName}}Options } from './{{name}}.ts';
export { {{camelName}}Recipe } from './{{name}}-recipe.ts';
export { plugin, default } from './plugin.ts';
