import { isSelfsupError, printable, SelfsupError } from '@selfsup/core';
import { hubHint } from './hub-name.ts';

/** What a request to a hub is about, for its errors. Internal. */
export interface HubRequestContext {
  /** `https://huggingface.co`. */
  readonly endpoint: string;
  readonly repository: string;
  readonly revision: string;
  /** Whether a token goes along. */
  readonly hasToken: boolean;
  /** Whether the cache has this revision. */
  readonly isCached: () => Promise<boolean>;
}

const codeOf = (error: unknown): string => {
  const { cause, code } = error as { cause?: { code?: unknown }; code?: unknown };
  return typeof cause?.code === 'string' ? cause.code : typeof code === 'string' ? code : 'no answer';
};

function wordsFor(response: Response, { endpoint, repository, revision, hasToken }: HubRequestContext): string {
  const { status } = response;
  const code = response.headers.get('X-Error-Code');
  const page = `${endpoint}/${repository}`;
  const token = hasToken ? 'the token in HF_TOKEN does not allow it' : `with a token from ${endpoint}/settings/tokens in HF_TOKEN`;
  if (code === 'GatedRepo' || status === 403)
    return `hf:${repository} is gated or private, and you have no access: accept its conditions at ${page}, then try again ${hasToken ? `(${token} yet)` : token}`;
  if (status === 401)
    return `hf:${repository} does not exist, or is private or gated: check the name at ${page}; if it is there, ask for access on that page and try again ${hasToken ? `(${token})` : token}${hubHint(repository)}`;
  if (code === 'RevisionNotFound') return `hf:${repository} has no revision ${printable(revision)}; see ${page}/commits/main`;
  if (status === 404) return `hf:${repository} does not exist${hubHint(repository)}; look for it at ${endpoint}/models`;
  if (status === 429) return `${endpoint} has had too many requests from here; wait a few minutes, or set HF_TOKEN`;
  return `${endpoint} answered with status ${status}; try again later`;
}

/**
 * A `fetch` for the library of the hub whose errors are in words, and which gives the token to no one else. Internal.
 *
 * @throws SelfsupError `SELFSUP_DATA` where there is no network, no such name, or no access
 */
export function hubFetch(context: HubRequestContext): typeof fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const headers = new Headers(init?.headers);
    if (url.origin !== new URL(context.endpoint).origin) headers.delete('Authorization');
    let response: Response;
    try {
      response = await fetch(url, { ...init, headers });
    } catch (error) {
      const cached = await context.isCached();
      throw new SelfsupError(
        'SELFSUP_DATA',
        `${context.endpoint} cannot be reached (${codeOf(error)}); check the network${cached ? `, or set HF_HUB_OFFLINE=1 to use hf:${context.repository} from the cache` : ' and HF_ENDPOINT'}`,
        { cause: error },
      );
    }
    const isMissingFile = response.status === 404 && response.headers.get('X-Error-Code') === 'EntryNotFound';
    if (response.ok || isMissingFile) return response;
    await response.body?.cancel();
    throw new SelfsupError('SELFSUP_DATA', wordsFor(response, context));
  };
}

/** An error of the library of the hub, in words. Internal. */
export function inWords(error: unknown, what: string): SelfsupError {
  if (isSelfsupError(error)) return error;
  const why = error instanceof Error ? printable(error.message, { maxLength: 200 }) : 'unknown reason';
  return new SelfsupError('SELFSUP_DATA', `${what}: ${why}`, { cause: error });
}
