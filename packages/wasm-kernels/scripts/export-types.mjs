// src/kernel-exports.ts from the declarations that the AssemblyScript compiler writes.
import { formatted } from './formatted.mjs';

const HEADER = `// Written by scripts/build-assets.mjs from what the compiler exports.

/**
 * The functions of the compiled kernels; pointers are byte offsets in the backend's memory, 0 for an optional operand that is absent; flags are 0 or 1. The
 * geometry of convolutions and pooling is set before.
 */
export interface KernelExports {
`;

/** @param declarations text of the compiler's .d.ts */
export async function exportTypes(declarations) {
  const found = [...declarations.matchAll(/\/\*\*\n\s+\* assembly\/([\w-]+)\/\w+[\s\S]*?\*\/\s+export function (\w+)\((.*)\): (\w+);/g)];
  let file = '';
  let body = '';
  for (const [, from, name, parameters, result] of found) {
    if (from !== file) body += `\n  // assembly/${from}.ts\n`;
    file = from;
    body += `  ${name}(${parameters.replaceAll(': boolean', ': number')}): ${result};\n`;
  }
  return formatted(`${HEADER}${body.trimStart()}}\n`);
}
