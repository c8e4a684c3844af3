import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

// a lint of the whole tree shares one program (tools/scripts/lint-tree.mjs); one of a package or file, and an editor, loads what it needs
const program = process.env.SELFSUP_LINT_TREE ? { project: './tsconfig.check.json' } : { projectService: true };

export default defineConfig(
  globalIgnores([
    '**/dist/**',
    '**/assets/**',
    '**/coverage/**',
    '**/runs/**',
    '.nx/**',
    'docs-out/**',
    'packages/create-selfsup-task/template/**',
  ]),
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { ...program, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      // arguments are checked at run time too, for callers without types, and tfjs's declarations promise more than it keeps
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-unnecessary-type-conversion': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      'max-params': ['error', 4],
    },
  },
  {
    // the webgpu backend cannot be read without waiting
    files: ['packages/*/src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'MemberExpression[property.name=/^(dataSync|arraySync|bufferSync)$/]',
          message: 'The webgpu backend cannot be read without waiting: use `await tensor.data()`, or values that the host has already.',
        },
      ],
    },
  },
  {
    // AssemblyScript: its types are the compiler's business, and kernels take as many numbers as they need
    files: ['**/assembly/**/*.ts'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: {
      'max-params': 'off',
      '@typescript-eslint/no-inferrable-types': 'off', // i32, f32 and usize are not number
      '@typescript-eslint/no-unused-vars': 'error',
      'prefer-const': 'error',
      'no-undef': 'off',
      'no-loss-of-precision': 'off', // a literal is rounded to the type that it is given to
    },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        performance: 'readonly',
        Buffer: 'readonly',
        URL: 'readonly',
        fetch: 'readonly',
        setTimeout: 'readonly',
        WebAssembly: 'readonly',
      },
    },
  },
);
