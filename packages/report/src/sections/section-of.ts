import type { Section } from '@selfsup/pretrain';

/** The section of one kind. */
export type SectionOf<K extends Section['kind']> = Extract<Section, { readonly kind: K }>;
