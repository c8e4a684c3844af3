import { describe, expect, it, vi } from 'vitest';
import { isSelfsupError, SelfsupError } from './error.ts';

describe('SelfsupError', () => {
  it('carries code, message, name and cause', () => {
    const cause = new TypeError('inner');
    const error = new SelfsupError('SELFSUP_DATA', 'read: broken', { cause });
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.code, error.message, error.cause]).toEqual(['SelfsupError', 'SELFSUP_DATA', 'read: broken', cause]);
    expect('cause' in new SelfsupError('SELFSUP_DATA', 'no cause')).toBe(false);
  });

  it('shows no brand among its own enumerable properties', () => {
    expect(Object.keys(new SelfsupError('SELFSUP_SHAPE', 'x')).sort()).toEqual(['code', 'name']);
  });

  it('is recognized across two installed copies', async () => {
    vi.resetModules();
    const copy = await import('./error.ts');
    expect(copy.SelfsupError).not.toBe(SelfsupError);
    const foreign = new copy.SelfsupError('SELFSUP_SHAPE', 'from the other copy');
    expect(foreign instanceof SelfsupError).toBe(false);
    expect(isSelfsupError(foreign)).toBe(true);
    expect(copy.isSelfsupError(new SelfsupError('SELFSUP_SHAPE', 'from this copy'))).toBe(true);
  });

  it.each([[null], [undefined], ['SELFSUP_SHAPE'], [new Error('plain')], [{ code: 'SELFSUP_SHAPE' }]])('is not %s', (value) => {
    expect(isSelfsupError(value)).toBe(false);
  });
});
