import { defineConfig } from 'vitest/config';

// central differences of every weight take their time
export default defineConfig({ test: { include: ['src/**/*.test.ts'], testTimeout: 60_000 } });
