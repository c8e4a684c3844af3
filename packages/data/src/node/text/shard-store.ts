import { printable, SelfsupError } from '@selfsup/core';
import { join } from 'node:path';
import type { TokenStore } from '../../text/token-store.ts';
import { bytesPerToken, readShard, readShardTokens, type ShardEntry } from './corpus-shard.ts';

/** What {@link openShards} needs to know. */
export interface OpenShardsOptions {
  readonly vocabularySize: number;
  readonly hasSentences: boolean;
  readonly separated: boolean;
  /** Shards are kept in memory as far as they fit; tokens of the others are read from disk when they are asked for. */
  readonly memoryBytes: number;
}

/** Opens shards, which were compared with their index, as one store. */
export async function openShards(folder: string, shards: readonly ShardEntry[], options: OpenShardsOptions): Promise<TokenStore> {
  const width = bytesPerToken(options.vocabularySize);
  const sum = (count: (entry: ShardEntry) => number) => shards.reduce((total, entry) => total + count(entry), 0);
  const documentEnds = new Float64Array(sum(({ documents }) => documents));
  const sentenceEnds = new Float64Array(sum(({ sentences }) => sentences));
  const starts = new Float64Array(shards.length + 1);
  const inMemory: (ArrayLike<number> | undefined)[] = [];
  let [bytes, documents, sentences] = [0, 0, 0];
  for (const [i, entry] of shards.entries()) {
    const content = await readShard(folder, entry, width);
    if (!content)
      throw new SelfsupError(
        'SELFSUP_DATA',
        `openCorpus: ${printable(join(folder, entry.file))} changed while it was opened; run again, it is made anew`,
      );
    for (const end of content.documentEnds) documentEnds[documents++] = starts[i]! + end;
    for (const end of content.sentenceEnds) sentenceEnds[sentences++] = starts[i]! + end;
    starts[i + 1] = starts[i]! + entry.tokens;
    bytes += content.tokens.byteLength;
    inMemory.push(bytes <= options.memoryBytes ? content.tokens : undefined);
  }

  const shardAt = (position: number): number => {
    let [low, high] = [0, shards.length - 1]; // the last shard that starts at or before the position
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  };

  return {
    numTokens: starts[shards.length]!,
    documentEnds,
    sentenceEnds: options.hasSentences ? sentenceEnds : undefined,
    separated: options.separated,
    async read(start, length, { target, at }) {
      for (let done = 0; done < length;) {
        const shard = shardAt(start + done);
        const from = start + done - starts[shard]!;
        const count = Math.min(length - done, shards[shard]!.tokens - from);
        const known = inMemory[shard];
        const tokens = known ?? (await readShardTokens(join(folder, shards[shard]!.file), { start: from, length: count }, width));
        const offset = known ? from : 0;
        for (let i = 0; i < count; i++) target[at + done + i] = tokens[offset + i]!;
        done += count;
      }
    },
  };
}
