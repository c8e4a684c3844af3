/** The look of the report: follows light and dark, from a phone's width up. */
export const style = `
:root { color-scheme: light dark; --paper: #fbfaf7; --card: #fff; --ink: #1d2126; --soft: #646c76; --line: #e4e2dc; --accent: #0b66c3; --warm: #c2410c; --calm: #64748b;
  --c0: #0b66c3; --c1: #d9480f; --c2: #2b8a3e; --c3: #c2255c; --c4: #7048e8; --c5: #15aabf; --c6: #7f4f24; --c7: #f2b705; --c8: #495057; --c9: #94d82d; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171b; --card: #1c2026; --ink: #e9ecef; --soft: #9aa4af; --line: #2d333b; --accent: #62b0ff; --warm: #ff9a5c; --calm: #94a3b8;
  --c0: #62b0ff; --c1: #ff9a5c; --c2: #69db7c; --c3: #ff8cb3; --c4: #b197fc; --c5: #4fd1e0; --c6: #c98b5b; --c7: #ffd43b; --c8: #ced4da; --c9: #c0eb75; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 20px 64px; }
h1 { font-size: 1.9rem; line-height: 1.2; letter-spacing: -.02em; margin: 0 0 6px; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 44px 0 4px; letter-spacing: -.01em; }
h3 { font-size: .95rem; margin: 0 0 6px; font-weight: 600; }
p { margin: 0 0 14px; max-width: 68ch; }
.soft { color: var(--soft); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(145px, 1fr)); gap: 12px; margin: 26px 0 0; }
.card, figure { background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
.card { padding: 14px 16px; }
.card b { display: block; font-size: 1.45rem; line-height: 1.25; white-space: nowrap; letter-spacing: -.02em; font-variant-numeric: tabular-nums; font-weight: 650; }
.card.main b { color: var(--accent); }
.card span { color: var(--soft); font-size: .86rem; }
.alarm { margin: 22px 0 0; padding: 4px 18px 2px; border: 1px solid var(--warm); border-left-width: 6px; border-radius: 12px; background: var(--card); }
.alarm h2 { margin: 10px 0 6px; color: var(--warm); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); gap: 14px; margin-top: 12px; }
.charts > figure:only-child { max-width: 560px; }
figure { margin: 0; padding: 14px 14px 8px; }
svg { display: block; width: 100%; height: auto; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 14px; font-size: .84rem; color: var(--soft); margin: 0 0 4px; }
.legend i { display: inline-block; width: 14px; height: 3px; border-radius: 2px; vertical-align: middle; margin-right: 6px; background: var(--at); }
.legend i.dash { background: repeating-linear-gradient(90deg, var(--at) 0 4px, transparent 4px 7px); }
.map { display: grid; grid-template-columns: minmax(0, 1fr) 190px; gap: 14px; margin-top: 12px; align-items: start; }
.map figure { padding: 8px; position: relative; }
.map ul { list-style: none; margin: 0; padding: 0; display: grid; gap: 2px; }
.map button { font: inherit; font-size: .92rem; color: inherit; background: none; border: 0; border-radius: 8px; padding: 4px 8px; width: 100%; text-align: left; cursor: pointer; }
.map button:hover, .map button[aria-pressed=true] { background: var(--line); }
.map button i { display: inline-block; width: 11px; height: 11px; border-radius: 50%; background: var(--at); margin-right: 9px; }
.map svg path[ecmeta_data_index] { transition: fill-opacity .12s; }
.map .dim path[ecmeta_data_index]:not(.on) { fill-opacity: .07; }
#peek { position: absolute; pointer-events: none; z-index: 2; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 6px; box-shadow: 0 6px 24px #0003; font-size: .82rem; text-align: center; }
#peek[hidden] { display: none; }
.tile { width: 96px; height: 96px; image-rendering: pixelated; background-repeat: no-repeat; border-radius: 6px; }
.rows { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 500px), 1fr)); gap: 12px 24px; margin-top: 12px; overflow-x: auto; }
.row { display: flex; gap: 6px; align-items: flex-start; min-width: max-content; }
.row figure { border: 0; background: none; padding: 0; width: 76px; border-radius: 0; }
.row figure:first-child { margin-right: 12px; }
.row img { width: 76px; height: 76px; display: block; border-radius: 8px; image-rendering: pixelated; border: 2px solid transparent; }
.row figure:first-child img { border-color: var(--ink); }
.row .same img { border-color: var(--c2); }
.row .other img { border-color: var(--c1); }
.row figcaption { font-size: .74rem; line-height: 1.25; color: var(--soft); margin-top: 3px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.filled { padding-bottom: 14px; }
.filled > p { line-height: 1.65; overflow-wrap: anywhere; }
.filled mark { background: color-mix(in srgb, var(--accent) 16%, transparent); color: inherit; border-radius: 5px; padding: 1px 5px; font-weight: 600; }
.places { display: grid; grid-template-columns: repeat(auto-fit, minmax(125px, 1fr)); gap: 10px 16px; }
.places h3 span { color: var(--soft); font-weight: 400; margin-left: 4px; }
.places p { font-size: .86rem; margin: 8px 0 0; }
.places ol { list-style: none; margin: 0; padding: 0; display: grid; gap: 3px; font-size: .9rem; }
.places li { position: relative; display: flex; justify-content: space-between; gap: 8px; padding: 2px 8px; border-radius: 6px; overflow: hidden; }
.places li i { position: absolute; inset: 0 auto 0 0; background: var(--line); border-radius: 6px; }
.places li span, .places li b { position: relative; }
.places li b { font-weight: 400; color: var(--soft); font-variant-numeric: tabular-nums; white-space: nowrap; }
.places .right span { color: var(--c2); font-weight: 650; }
.tables { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr)); gap: 0 32px; }
table { border-collapse: collapse; width: 100%; margin-top: 8px; font-size: .93rem; }
th, td { text-align: left; padding: 6px 4px; border-bottom: 1px solid var(--line); vertical-align: top; font-weight: 400; }
th { color: var(--soft); padding-right: 16px; }
td { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
code { font-size: .88em; overflow-wrap: anywhere; }
@media (max-width: 640px) {
  main { padding: 24px 14px 48px; } h1 { font-size: 1.5rem; } .cards { grid-template-columns: 1fr 1fr; } .card b { font-size: 1.3rem; }
  .map { grid-template-columns: 1fr; } .map ul { grid-template-columns: 1fr 1fr; } .row { gap: 4px; } .row figure, .row img { width: 54px; } .row img { height: 54px; } .row figure:first-child { margin-right: 6px; }
}
`;
