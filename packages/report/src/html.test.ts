import { expect, it } from 'vitest';
import { escapeHtml, jsonIsland, markup, raw } from './html.ts';

it('escapes what is put in, joins lists and drops what is not there', () => {
  expect(markup`<p title="${'"&\''}">${'<b>'}${raw('<i>')}${[1, undefined, false, markup`${'>'}`]}</p>`.html).toBe(
    '<p title="&quot;&amp;&#39;">&lt;b&gt;<i>1&gt;</p>',
  );
});

it('shows control characters as such, and leaves white space alone', () => {
  expect(escapeHtml('a\0b\x1b[31m\x7f \t\n')).toBe('a\ufffdb\ufffd[31m\ufffd \t\n');
});

it('writes data that cannot end its element', () => {
  const data = { text: '</script><!-- <script>' };
  const { html } = jsonIsland(data);
  expect(html.match(/</g)).toHaveLength(2); // those of its own tags
  expect(JSON.parse(html.replace(/^<[^>]*>|<[^>]*>$/g, ''))).toEqual(data);
});
