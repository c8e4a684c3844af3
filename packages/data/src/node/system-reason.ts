import { printable } from '@selfsup/core';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is nothing at that path',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EISDIR: 'it is a folder',
  ELOOP: 'its links go in a circle',
  ENAMETOOLONG: 'its name is too long',
  EEXIST: 'a file of that name is in the way',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  ENOSPC: 'the disk is full',
  EROFS: 'the disk is read-only',
  EIO: 'the disk reports a fault',
};

/** Why the system refused a file, in words; the first line of what any other error says. */
export function systemReason(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return (
    REASONS[String(code)] ?? printable((typeof message === 'string' ? message : String(error)).trim().split('\n')[0]!, { maxLength: 200 })
  );
}
