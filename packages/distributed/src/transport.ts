/** Memory that all ranks see. */
export interface SharedSlots {
  /** A slot for each rank, all of equal size; free between calls of the transport. */
  readonly slots: readonly Uint8Array[];
  /** As {@link Transport.barrier}, blocking. */
  readonly barrierSync: () => void;
}

/**
 * Moves bytes between ranks. Every rank makes the same calls in the same order, with buffers of the same sizes.
 *
 * @remarks The calls that end in `Sync` block the thread, and are what a gradient tape can use; the others let the event loop live.
 */
export interface Transport {
  /** What carries the bytes. */
  readonly kind: 'mpi' | 'threads';
  /** In words, such as `Open MPI 4.1.4, rank 0 of 4`. */
  readonly description: string;
  /** This rank's number, 0 … worldSize − 1. */
  readonly rank: number;
  /** How many there are, ≥ 1. */
  readonly worldSize: number;
  /** Where all ranks see one memory. */
  readonly shared?: SharedSlots;
  /** Sends part r of `sent` to rank r; part r of `received` comes from rank r. Both have `worldSize` parts of equal size. */
  allToAll(sent: Uint8Array, received: Uint8Array): Promise<void>;
  /** As {@link Transport.allToAll}, blocking. */
  allToAllSync(sent: Uint8Array, received: Uint8Array): void;
  /** Sends `sent` to every rank; part r of `received` comes from rank r. */
  allGather(sent: Uint8Array, received: Uint8Array): Promise<void>;
  /** As {@link Transport.allGather}, blocking. */
  allGatherSync(sent: Uint8Array, received: Uint8Array): void;
  /** Replaces the bytes by those of rank `root`. */
  broadcast(bytes: Uint8Array, root: number): Promise<void>;
  /** Returns once every rank has called it. */
  barrier(): Promise<void>;
  /** Leaves; every rank must call it. Nothing can be sent afterwards. */
  close(): Promise<void>;
  /** Ends the whole job at once, since this rank cannot go on. */
  abort(reason: Error): void;
}
