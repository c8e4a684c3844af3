import { html, raw, type Html } from './html.ts';
import { style } from './style.ts';

/**
 * A page in one file, nothing from the network.
 *
 * @param content `title`, also its heading, and `body` below it
 * @returns HTML
 */
export function renderPage(content: { title: string; body: Html }): string {
  const { title, body } = content;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · selfsup</title>
        <link rel="icon" href="data:," />
        <style>
          ${raw(style)}
        </style>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html>`;
  return `${page.html}\n`;
}
