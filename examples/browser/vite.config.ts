import { defaultClientConditions, defineConfig } from 'vite';

export default defineConfig({
  base: './',
  build: { target: 'es2022', chunkSizeWarningLimit: 2000 },
  worker: { format: 'es' }, // selfsup loads its backends with `import()`
  optimizeDeps: { exclude: ['@selfsup/wasm-kernels'] }, // its binaries must stay beside its code
  resolve: { conditions: ['@selfsup/source', ...defaultClientConditions] }, // only in this repository: runs without a build
});
