import { markup, type Html } from '../html.ts';

/** The title of a section and what is to be said first. */
export const heading = ({ title, text }: { readonly title?: string; readonly text?: string }): Html =>
  markup`${Boolean(title) && markup`<h2>${title}</h2>`}${Boolean(text) && markup`<p class="soft">${text}</p>`}`;
