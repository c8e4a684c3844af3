import { defaultClientConditions, defineConfig } from 'vite';

// Threads of wasm need a page that is cross-origin isolated; the server that you publish it on must send these, too.
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default defineConfig({
  base: './',
  build: { target: 'es2022', chunkSizeWarningLimit: 2000 },
  server: { headers },
  preview: { headers },
  worker: {
    format: 'es', // selfsup loads its backends with `import()`
    rolldownOptions: { output: { minify: { compress: false, mangle: true, codegen: true } } }, // compressing breaks the threads of tfjs
  },
  optimizeDeps: { exclude: ['@selfsup/wasm-kernels'] }, // its binaries must stay beside its code
  resolve: { conditions: ['@selfsup/source', ...defaultClientConditions] }, // only in this repository: runs without a build
});
