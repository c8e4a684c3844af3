// The same cases in every run, so that a change alone can make a test of properties fail; `npm run test:slow` draws others every day.
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['SELFSUP_PROPERTY_SEED'] ?? 1) });
