import { chromium } from 'playwright-core';
const executablePath = ['/usr/bin/chromium','/usr/bin/chromium-browser','/usr/bin/google-chrome', process.env.CHROMIUM_PATH ?? ''].find((p) => p && (await0(p)));
import { existsSync } from 'node:fs';
function await0(p: string) { return existsSync(p); }
const b = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
for (const name of process.argv.slice(2)) { const p = await b.newPage({ viewport: { width: 1000, height: 900 } }); const errors: string[] = []; p.on('console', m => m.type() === 'error' && errors.push(m.text())); await p.goto('file:///tmp/use-run/' + name + '.html'); await p.screenshot({ path: '/tmp/use-run/' + name + '.png' }); console.log(name, await p.evaluate(() => document.documentElement.scrollWidth), errors); await p.close(); }
await b.close();
