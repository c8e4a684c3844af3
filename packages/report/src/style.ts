/** The look of the report: follows light and dark, from a phone's width up. */
export const style = `
:root { color-scheme: light dark; --paper: #fbfaf7; --card: #fff; --ink: #1d2126; --soft: #5b636d; --line: #e4e2dc; --accent: #0b66c3; --warm: #c2410c; --calm: #64748b; --fine: #237a36;
  --c0: #0b66c3; --c1: #d9480f; --c2: #2b8a3e; --c3: #c2255c; --c4: #7048e8; --c5: #15aabf; --c6: #7f4f24; --c7: #f2b705; --c8: #495057; --c9: #94d82d; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171b; --card: #1c2026; --ink: #e9ecef; --soft: #a3adb8; --line: #2d333b; --accent: #62b0ff; --warm: #ff9a5c; --calm: #94a3b8; --fine: #69db7c;
  --c0: #62b0ff; --c1: #ff9a5c; --c2: #69db7c; --c3: #ff8cb3; --c4: #b197fc; --c5: #4fd1e0; --c6: #c98b5b; --c7: #ffd43b; --c8: #ced4da; --c9: #c0eb75; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 40px 20px 64px; }
h1 { font-size: 1.9rem; line-height: 1.2; letter-spacing: -.02em; margin: 0 0 6px; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 44px 0 4px; letter-spacing: -.01em; overflow-wrap: anywhere; }
h3 { font-size: .95rem; margin: 0 0 6px; font-weight: 600; overflow-wrap: anywhere; }
p { margin: 0 0 14px; max-width: 68ch; overflow-wrap: anywhere; }
ul { list-style: none; margin: 0; padding: 0; }
small { font-size: .84em; color: var(--soft); font-weight: 400; font-variant-numeric: tabular-nums; white-space: nowrap; }
.soft { color: var(--soft); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin: 26px 0 0; }
h2 + .cards { margin-top: 12px; }
.card, figure { background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
.card { padding: 14px 16px; display: flex; flex-direction: column-reverse; justify-content: flex-end; }
.card dd { margin: 0; font-size: 1.45rem; line-height: 1.25; letter-spacing: -.02em; font-variant-numeric: tabular-nums; font-weight: 650; overflow-wrap: anywhere; text-wrap: balance; }
.card.main dd { color: var(--accent); }
.card dt { color: var(--soft); font-size: .86rem; line-height: 1.35; margin-top: 2px; overflow-wrap: anywhere; }
.notice { --level: var(--accent); display: flex; gap: 14px; margin: 22px 0 0; padding: 14px 18px; border: 1px solid var(--level); border-left-width: 6px; border-radius: 12px; background: color-mix(in srgb, var(--level) 7%, var(--card)); }
.notice.good { --level: var(--fine); } .notice.warning { --level: var(--warm); }
.notice > div { min-width: 0; }
.notice .sign { flex: none; width: 28px; height: 28px; border-radius: 50%; background: var(--level); color: var(--card); font-weight: 750; line-height: 28px; text-align: center; }
.notice h2 { margin: 1px 0 2px; color: var(--level); }
.notice p { margin: 0 0 4px; } .notice > div > p:first-of-type { margin-top: 2px; } .notice p:last-child { margin-bottom: 0; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 330px), 1fr)); gap: 14px; margin-top: 12px; }
.charts > figure:only-child { max-width: 440px; }
figure { margin: 0; padding: 14px 14px 8px; min-width: 0; }
.charts > figure { display: flex; flex-direction: column; } .charts svg { margin-top: auto; } .axis { margin: 0 auto; font-size: .84rem; line-height: 1.3; color: var(--soft); text-align: center; } h3 small { white-space: normal; }
svg { display: block; width: 100%; height: auto; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 14px; font-size: .84rem; color: var(--soft); margin: 0 0 4px; }
.legend i { display: inline-block; width: 22px; height: 3px; border-radius: 2px; vertical-align: middle; margin-right: 6px; background: repeating-linear-gradient(90deg, var(--at) 0 var(--on, 22px), transparent var(--on, 22px) var(--off, 22px)); }
.plane { display: grid; grid-template-columns: minmax(0, 1fr); gap: 14px; margin-top: 12px; align-items: start; }
.plane:has(> ul) { grid-template-columns: minmax(0, 1fr) minmax(150px, 210px); }
.plane figure { padding: 8px; } .plane figcaption { font-size: .84rem; padding: 4px 6px 2px; }
.plane:not(:has(> ul)) > figure { max-width: 760px; }
.dots { position: relative; border-radius: 8px; }
.plane ul { display: grid; gap: 2px; max-height: 640px; overflow-y: auto; }
.plane button { font: inherit; font-size: .92rem; line-height: 1.3; color: inherit; background: none; border: 0; border-radius: 8px; padding: 5px 8px; width: 100%; text-align: left; cursor: pointer; display: flex; gap: 9px; align-items: baseline; }
.plane button > span { flex: 1; min-width: 0; overflow-wrap: anywhere; }
.plane button:hover, .plane button[aria-pressed=true] { background: var(--line); } .plane button[aria-pressed=true] { font-weight: 650; }
.plane button:focus-visible { outline-offset: -3px; }
.plane button i { flex: none; width: 11px; height: 11px; border-radius: 50%; background: var(--at); }
.dots path[ecmeta_data_index] { transition: fill-opacity .12s; }
.dots.dim path[ecmeta_data_index]:not(.on) { fill-opacity: .07; }
.dots path.at { stroke: var(--ink); stroke-width: 3px; vector-effect: non-scaling-stroke; fill-opacity: 1; }
.peek { position: absolute; pointer-events: none; z-index: 2; display: grid; justify-items: center; gap: 1px; max-width: 220px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 6px; box-shadow: 0 6px 24px #0004; font-size: .82rem; line-height: 1.3; text-align: center; overflow-wrap: anywhere; }
.peek[hidden] { display: none; }
.peek img { display: block; height: 96px; max-width: 206px; object-fit: contain; image-rendering: pixelated; border-radius: 6px; margin-bottom: 2px; }
.peek p { margin: 0; text-align: left; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 8; overflow: hidden; } .peek b { font-weight: 600; } .peek span { color: var(--soft); }
.rows { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 500px), 1fr)); gap: 16px 24px; margin-top: 12px; }
.rows.of-texts { grid-template-columns: minmax(0, 1fr); }
.row { display: flex; flex-wrap: wrap; gap: 8px 6px; align-items: flex-start; min-width: 0; }
.item { border: 0; background: none; padding: 0; border-radius: 0; width: min-content; min-width: 76px; max-width: 100%; }
.item.query { margin-right: 12px; }
.item img { height: 76px; min-width: 38px; max-width: min(240px, 80vw); object-fit: contain; display: block; border-radius: 8px; image-rendering: pixelated; border: 3px solid transparent; }
.item img.large { image-rendering: auto; }
.item blockquote, .gone { display: block; margin: 0; width: 150px; max-height: 9.5em; overflow: auto; padding: 7px 9px; border: 3px solid var(--line); border-radius: 8px; background: var(--card); font-size: .86rem; line-height: 1.35; overflow-wrap: anywhere; white-space: pre-line; }
.gone { width: 96px; color: var(--soft); font-size: .74rem; }
.query img, .query blockquote { border-color: var(--ink); }
.same img, .same blockquote { border-color: var(--c2); }
.other img, .other blockquote { border-color: var(--c1); border-style: dashed; }
.mark { font-weight: 750; margin-right: 4px; } .same .mark { color: var(--c2); } .other .mark { color: var(--c1); }
.item figcaption { font-size: .76rem; line-height: 1.3; color: var(--soft); margin-top: 3px; overflow-wrap: anywhere; hyphens: auto; }
.of-texts .row { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); } .of-texts .item, .of-texts blockquote { width: auto; } .of-texts .item.query { margin-right: 0; }
.texts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 14px; margin-top: 12px; }
.text { padding-bottom: 14px; }
.text > p { line-height: 1.65; white-space: pre-wrap; } .text > p:last-child { margin: 0; }
.text mark { background: color-mix(in srgb, var(--accent) 18%, transparent); color: inherit; border-radius: 5px; padding: 1px 3px; font-weight: 600; }
.places { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 12px 16px; }
.place { min-width: 0; } .place p { font-size: .86rem; margin: 8px 0 0; }
.places ol { list-style: none; margin: 0; padding: 0; display: grid; gap: 3px; font-size: .9rem; }
.places li { position: relative; display: flex; justify-content: space-between; align-items: baseline; gap: 8px; padding: 2px 8px; border-radius: 6px; overflow: hidden; }
.places li i { position: absolute; inset: 0 auto 0 0; background: var(--line); border-radius: 6px; }
.places li span, .places li small { position: relative; overflow-wrap: anywhere; } .places li .hidden { position: absolute; }
.places .right span { color: var(--fine); font-weight: 650; }
.tables { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr)); gap: 0 32px; }
.tables > section { min-width: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin-top: 8px; font-size: .93rem; }
th, td { text-align: left; padding: 6px 16px 6px 4px; border-bottom: 1px solid var(--line); vertical-align: top; font-weight: 400; }
th { color: var(--soft); } thead th { font-weight: 600; white-space: nowrap; }
tbody th { overflow-wrap: anywhere; } .tables tbody th { width: 42%; } .wide tbody th { min-width: 6em; }
td { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; } .short td { white-space: nowrap; }
.wide table { width: auto; min-width: min(100%, 460px); }
.rows.grid { display: flex; flex-wrap: wrap; gap: 16px 14px; } .grid .row { display: contents; } .of-texts.grid { display: grid; } .grid .item { width: 96px; } .grid .item img { height: auto; width: 90px; max-width: 100%; } .of-texts.grid .row { grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); } .of-texts.grid .item { width: auto; }
.matrix { width: auto; font-variant-numeric: tabular-nums; border-collapse: separate; border-spacing: 2px; }
.matrix th, .matrix td { border: 0; padding: 4px 6px; }
.matrix thead th { vertical-align: bottom; font-weight: 400; font-size: .84rem; } .matrix thead .side { color: var(--soft); font-size: .84rem; text-align: left; }
.matrix thead th span { display: inline-block; writing-mode: vertical-rl; transform: rotate(180deg); max-height: 9em; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
.matrix tbody th { font-size: .88rem; white-space: nowrap; max-width: 12em; overflow: hidden; text-overflow: ellipsis; color: var(--ink); }
.matrix td { text-align: center; min-width: 2.4em; border-radius: 5px; white-space: nowrap; background: color-mix(in srgb, var(--tone, var(--warm)) calc(var(--share) * 70%), var(--card)); }
.matrix td.right { --tone: var(--fine); } .matrix td.none { color: transparent; background: var(--card); }
@media (max-width: 640px) {
  main { padding: 24px 14px 48px; } h1 { font-size: 1.5rem; } .cards { grid-template-columns: 1fr 1fr; } .card dd { font-size: 1.3rem; }
  .plane:has(> ul) { grid-template-columns: minmax(0, 1fr); } .plane ul { grid-template-columns: 1fr 1fr; max-height: none; }
  .row { gap: 8px 4px; } .item { min-width: 54px; } .item img { height: 54px; min-width: 27px; } .item.query { margin-right: 6px; } .notice { padding: 12px 14px; gap: 10px; }
}
@media (prefers-reduced-motion: reduce) { .dots path[ecmeta_data_index] { transition: none; } }
@media print { body { background: #fff; } section { break-inside: avoid; } }
`;
