import { embedSet, joinSets, type EmbeddedSet, type LoadedEncoder, type Registry } from '@selfsup/pretrain';
import { loadEncoder, openInputs } from '@selfsup/pretrain/node';

/** What is looked for, and where the encoder comes from. */
export interface QueriesRequest {
  /** Files and folders. */
  readonly query: readonly string[];
  readonly text?: readonly string[] | undefined;
  /** The run that the encoder is of. */
  readonly run: string;
  readonly signal?: AbortSignal | undefined;
}

/** The name of the encoder of texts that the run of an encoder keeps beside it; undefined where there is none. */
export const textEncoderName = ({ run }: Pick<LoadedEncoder, 'run'>): string | undefined =>
  Object.entries(run?.encoders ?? {}).find(([, { modality }]) => modality === 'text')?.[0];

/**
 * Embeds what is looked for: by the encoder itself; texts, where it takes none, by the encoder of texts that its run keeps beside it, into the same space.
 *
 * @param opened the encoder of what is searched
 * @param request see {@link QueriesRequest}
 * @returns the queries, files first
 */
export async function embedQueries(
  { encoder, registry }: { encoder: LoadedEncoder; registry: Registry },
  { query: paths, text: texts = [], run, signal }: QueriesRequest,
): Promise<EmbeddedSet> {
  const options = { ...(signal && { signal }) };
  const name = texts.length > 0 && encoder.modality.name !== 'text' ? textEncoderName(encoder) : undefined;
  if (name === undefined) return embedSet(encoder, openInputs(encoder, { paths, texts }), options);
  const beside = await loadEncoder(run, { registry, encoder: name });
  try {
    const said = await embedSet(beside, openInputs(beside, { paths: [], texts }), options);
    return paths.length === 0 ? said : joinSets(await embedSet(encoder, openInputs(encoder, { paths }), options), said);
  } finally {
    beside.dispose();
  }
}
