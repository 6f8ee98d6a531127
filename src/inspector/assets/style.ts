/**
 * The style of the pages.
 *
 * @module
 */

export const style = `/* Every colour has a light and a dark value. */
:root {
  color-scheme: light dark;
  --page: light-dark(#f6f7f7, #101416);
  --card: light-dark(#ffffff, #171c1f);
  --sunk: light-dark(#f1f3f3, #1f262a);
  --line: light-dark(#e0e4e5, #2a3338);
  --line-strong: light-dark(#c4cbce, #3d4950);
  --text: light-dark(#182024, #e6eaec);
  --muted: light-dark(#566269, #9aa7ae);
  --accent: light-dark(#0b6b5b, #5bc8af);
  --accent-soft: light-dark(#e1f1ed, #16332e);
  --on-accent: light-dark(#ffffff, #0b1f1b);
  --bad: light-dark(#b3261e, #ff8a80);
  --bad-soft: light-dark(#fcebea, #3a1d1b);
  --on-bad: light-dark(#ffffff, #2b0906);
  --warn: light-dark(#8a5300, #f0b866);
  --warn-soft: light-dark(#fdf1dd, #352713);
  --tone-a: light-dark(#13806d, #4cb9a1);
  --tone-b: light-dark(#7a8b94, #6f828c);
  --tone-c: light-dark(#cf7a1c, #e39a45);
  --sans: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "Liberation Mono", monospace;
}

*, ::before, ::after { box-sizing: border-box; }
* { margin: 0; }
[hidden] { display: none !important; }

html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }

body {
  min-height: 100vh;
  background: var(--page);
  color: var(--text);
  font: 0.9375rem / 1.5 var(--sans);
}

.sr {
  position: absolute;
  width: 1px;
  height: 1px;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}

.skip {
  position: absolute;
  top: 0.5rem;
  left: -100vw;
  z-index: 2;
  padding: 0.5rem 1rem;
  border-radius: 0.5rem;
  background: var(--accent);
  color: var(--on-accent);
}
.skip:focus { left: 0.5rem; }

:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
main:focus { outline: none; }

a { color: var(--accent); text-underline-offset: 0.2em; text-decoration-thickness: 1px; }
h1 { font-size: 1.5rem; line-height: 1.25; letter-spacing: -0.015em; font-weight: 650; overflow-wrap: anywhere; }
h2 { font-size: 1.0625rem; line-height: 1.3; font-weight: 650; overflow-wrap: anywhere; }
h3 { font-size: 0.8125rem; font-weight: 600; }
code, pre, .id, .method, .path { font-family: var(--mono); font-size: 0.8125rem; }
code { overflow-wrap: anywhere; }
small { display: block; color: var(--muted); font-size: 0.8125rem; font-weight: 400; }
.muted { color: var(--muted); }
ul, ol { padding: 0; list-style: none; }

/* The bar at the top */
.top-bar {
  position: sticky;
  top: 0;
  z-index: 1;
  display: flex;
  flex-wrap: wrap;
  align-items: center;
  gap: 0 1.5rem;
  min-height: 3.25rem;
  padding-inline: max(1rem, calc((100vw - 74rem) / 2));
  border-bottom: 1px solid var(--line);
  background: var(--card);
}
.brand {
  display: flex;
  align-items: center;
  gap: 0.625rem;
  color: var(--text);
  font-weight: 650;
  text-decoration: none;
}
.mark { width: 1.625rem; height: 1.625rem; }
.mark rect { fill: light-dark(#1f2b33, #2a353b); }
.mark path { fill: none; stroke: #d7dee2; stroke-width: 3; stroke-linecap: round; }
.mark circle { fill: #5bc8af; }
.top-bar nav ul { display: flex; gap: 0.25rem; }
.top-bar nav a {
  display: block;
  padding: 0.9375rem 0.625rem calc(0.9375rem - 2px);
  border-bottom: 2px solid transparent;
  color: var(--muted);
  text-decoration: none;
}
.top-bar nav a:hover { color: var(--text); }
.top-bar nav a[aria-current] { border-color: var(--accent); color: var(--text); font-weight: 600; }

.live {
  display: inline-flex;
  align-items: center;
  gap: 0.5rem;
  min-height: 0;
  margin-left: auto;
  padding: 0.1875rem 0.75rem;
  border: 1px solid var(--line);
  border-radius: 2rem;
  background: none;
  color: var(--muted);
  font: 500 0.8125rem / 1.5 var(--sans);
}
.live:hover { border-color: var(--line-strong); background: none; color: var(--text); }
.live i { width: 0.5rem; height: 0.5rem; border-radius: 50%; background: var(--line-strong); }
.live[aria-pressed="true"] i { background: var(--tone-a); animation: pulse 2.4s infinite; }
.live.lost i { background: var(--warn); animation: none; }
@keyframes pulse { 50% { opacity: 0.35; } }
@media (prefers-reduced-motion: reduce) { .live i { animation: none !important; } }

main {
  max-width: 76rem;
  margin-inline: auto;
  padding: 1.75rem max(1rem, min(3vw, 1rem)) 4rem;
}

.page-head { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.25rem 1rem; margin-bottom: 1.25rem; }
.crumbs { display: flex; flex-wrap: wrap; gap: 0.5rem; margin-bottom: 0.375rem; color: var(--muted); font-size: 0.875rem; overflow-wrap: anywhere; }

.notice {
  margin-bottom: 1.25rem;
  padding: 0.75rem 1rem;
  border: 1px solid light-dark(#b9ddd3, #24544a);
  border-radius: 0.625rem;
  background: var(--accent-soft);
}

.tabs { margin-bottom: 1.25rem; border-bottom: 1px solid var(--line); overflow-x: auto; }
.tabs ul { display: flex; gap: 0.25rem; }
.tabs a { display: block; padding: 0.5rem 0.75rem; border-bottom: 2px solid transparent; color: var(--muted); text-decoration: none; white-space: nowrap; }
.tabs a:hover { color: var(--text); }
.tabs a[aria-current] { border-color: var(--accent); color: var(--text); font-weight: 600; }

.card, .store {
  padding: 1.25rem;
  border: 1px solid var(--line);
  border-radius: 0.75rem;
  background: var(--card);
}
.card-head { display: flex; align-items: baseline; justify-content: space-between; gap: 1rem; }

/* Overview */
.store + .store { margin-top: 1.25rem; }
.store-head { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem; margin-bottom: 1rem; }
.more { margin-left: auto; }
.badge {
  padding: 0.0625rem 0.5rem;
  border: 1px solid var(--line);
  border-radius: 2rem;
  color: var(--muted);
  font-size: 0.75rem;
}
.tiles {
  display: grid;
  grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr));
  gap: 1px;
  overflow: hidden;
  border: 1px solid var(--line);
  border-radius: 0.625rem;
  background: var(--line);
}
.tile { padding: 0.75rem 0.875rem; background: var(--card); }
.tile dt { color: var(--muted); font-size: 0.8125rem; }
.tile dd b { font-size: 1.375rem; font-weight: 650; line-height: 1.3; letter-spacing: -0.01em; font-variant-numeric: tabular-nums; }
.tile dd small { font-size: 0.75rem; line-height: 1.35; }
.tile.warn b { color: var(--warn); }
.tile.bad b { color: var(--bad); }

.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); gap: 1.5rem; margin-top: 1.5rem; }
.plot { min-width: 0; }
.plot figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.25rem 1rem; margin-bottom: 0.5rem; }
.legend { display: flex; gap: 0.875rem; color: var(--muted); font-size: 0.75rem; line-height: 1.6; }
.legend i { display: inline-block; width: 0.5625rem; height: 0.5625rem; margin-right: 0.375rem; border-radius: 2px; }
.legend .tone-a { background: var(--tone-a); }
.legend .tone-b { background: var(--tone-b); }
.legend .tone-c { background: var(--tone-c); }
.canvas { position: relative; }
.canvas svg { display: block; width: 100%; height: 6.5rem; overflow: visible; }
.canvas .top { position: absolute; top: 0.125rem; right: 0; padding-inline: 0.25rem; color: var(--muted); font-size: 0.6875rem; font-variant-numeric: tabular-nums; }
.canvas .none { position: absolute; inset: 0; display: grid; place-items: center; color: var(--muted); font-size: 0.8125rem; }
.canvas .none span { padding-inline: 0.5rem; background: var(--card); }
.scale { display: flex; justify-content: space-between; margin-top: 0.25rem; color: var(--muted); font-size: 0.6875rem; }
svg .grid { stroke: var(--line); stroke-dasharray: 3 4; vector-effect: non-scaling-stroke; }
svg .axis { stroke: var(--line-strong); vector-effect: non-scaling-stroke; }
svg rect.tone-a { fill: var(--tone-a); }
svg rect.tone-b { fill: var(--tone-b); }
svg rect.tone-c { fill: var(--tone-c); }
svg rect.rail { fill: var(--sunk); }
svg rect.target { fill: transparent; }
svg rect.target:hover { fill: light-dark(#00000010, #ffffff14); }
svg g:hover rect { opacity: 0.75; }
svg path { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; vector-effect: non-scaling-stroke; }
svg path.tone-a { stroke: var(--tone-a); }
svg path.tone-b { stroke: var(--tone-b); }

.rejections { margin-top: 0; }
.rejections th code { margin-left: 0.375rem; color: var(--muted); font-weight: 400; }
.store .table-box { margin-top: 1.5rem; }
.share { width: 22%; min-width: 5rem; vertical-align: middle; }
.share svg { display: block; width: 100%; height: 0.5rem; }
.numbers, .fold { margin-top: 1.25rem; }
.numbers .table-box { margin-top: 0.75rem; }
.numbers > summary, .fold > summary { color: var(--muted); font-size: 0.875rem; }

/* Tables */
.table-box { overflow-x: auto; border: 1px solid var(--line); border-radius: 0.625rem; background: var(--card); }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { padding: 0.75rem 1rem 0.25rem; font-size: 0.8125rem; font-weight: 600; text-align: left; }
th, td { padding: 0.625rem 1rem; border-top: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { border-top: 0; color: var(--muted); font-size: 0.8125rem; font-weight: 500; white-space: nowrap; }
tbody th { font-weight: 500; }
.number { text-align: right; white-space: nowrap; }
.sessions tbody tr:hover { background: light-dark(#fafbfb, #1b2124); }
.sessions tbody th { max-width: 24rem; overflow-wrap: anywhere; }
.sessions th, .sessions td { vertical-align: middle; }
.sessions td { white-space: nowrap; }
.sessions .owner { display: inline-block; max-width: 14rem; overflow: hidden; text-overflow: ellipsis; vertical-align: bottom; }
.actions { text-align: right; }

.pager, .bar { display: flex; flex-wrap: wrap; align-items: center; gap: 0.75rem 1rem; margin-top: 1rem; }
.bar { justify-content: space-between; padding: 0.875rem 1rem; border: 1px solid var(--line); border-radius: 0.625rem; background: var(--card); }
.fold .bar { margin-top: 0.625rem; }

/* Forms and buttons */
input:not([type="hidden"]), select, textarea {
  width: 100%;
  min-height: 2.375rem;
  padding: 0.4375rem 0.75rem;
  border: 1px solid var(--line-strong);
  border-radius: 0.5rem;
  background: var(--card);
  color: inherit;
  font: inherit;
}
textarea { display: block; font-family: var(--mono); font-size: 0.8125rem; resize: vertical; }
::placeholder { color: var(--muted); opacity: 1; }
label { font-size: 0.875rem; font-weight: 550; }
button, .button {
  display: inline-flex;
  align-items: center;
  justify-content: center;
  min-height: 2.375rem;
  padding: 0.4375rem 0.9375rem;
  border: 1px solid var(--accent);
  border-radius: 0.5rem;
  background: var(--accent);
  color: var(--on-accent);
  font: 550 0.9375rem / 1.4 var(--sans);
  text-decoration: none;
  cursor: pointer;
}
button:hover, .button:hover { background: color-mix(in srgb, var(--accent), black 12%); }
.quiet { border-color: var(--line-strong); background: var(--card); color: var(--text); }
.quiet:hover { background: var(--sunk); }
.danger { border-color: var(--bad); background: var(--bad); color: var(--on-bad); }
.danger:hover { background: color-mix(in srgb, var(--bad), black 12%); }
a.danger { background: transparent; color: var(--bad); border-color: color-mix(in srgb, var(--bad), transparent 55%); }
a.danger:hover { background: var(--bad-soft); border-color: var(--bad); }
.small { min-height: 1.75rem; padding: 0.125rem 0.625rem; border-radius: 0.4375rem; font-size: 0.8125rem; }
button:disabled { opacity: 0.5; cursor: progress; }

.search { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem; margin-bottom: 1rem; }
.search input { flex: 1 1 14rem; max-width: 26rem; width: auto !important; }
.filters { display: flex; flex-wrap: wrap; align-items: end; gap: 0.75rem; margin-bottom: 1.25rem; }
.filters .field { flex: 1 1 9rem; }
.field label { display: block; margin-bottom: 0.25rem; }
.form { display: grid; gap: 1.125rem; max-width: 44rem; }
.form > button { justify-self: start; }
.form .muted { margin-top: 0.375rem; font-size: 0.8125rem; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
.confirm { max-width: 34rem; margin: clamp(1rem, 8vh, 5rem) auto 0; }
.buttons { display: flex; flex-wrap: wrap; gap: 0.625rem; }
.problem { margin-top: 0.375rem; color: var(--bad); font-size: 0.875rem; }

/* One session */
.columns { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 21rem); align-items: start; gap: 1.25rem; }
.side { display: grid; gap: 1.25rem; }
.side h2 { margin-bottom: 0.75rem; }
.stack { display: grid; gap: 0.5rem; }
.facts { display: grid; gap: 0.625rem; }
.facts > div { display: grid; grid-template-columns: 6rem minmax(0, 1fr); gap: 0.75rem; }
.facts dt { color: var(--muted); font-size: 0.875rem; }
.facts dd { overflow-wrap: anywhere; }
.facts .long { font-size: 0.8125rem; }
.hint { margin: 0.125rem 0 0.75rem; font-size: 0.8125rem; }
.tree ul { margin-left: 0.5625rem; padding-left: 0.875rem; border-left: 1px solid var(--line); }
.tree li { padding-block: 0.0625rem; }
summary { cursor: pointer; }
.tree summary { padding-block: 0.25rem; }
.leaf { display: flex; flex-wrap: wrap; align-items: center; gap: 0.125rem 0.625rem; min-height: 2rem; padding-left: 1.0625rem; border-radius: 0.375rem; }
.leaf:hover { background: var(--sunk); }
.leaf .small { margin-left: auto; }
.key { font: 550 0.8125rem / 1.5 var(--mono); overflow-wrap: anywhere; }
.type { color: var(--muted); font-size: 0.8125rem; }
.lock { padding: 0.0625rem 0.4375rem; border-radius: 0.3125rem; background: var(--warn-soft); color: var(--warn); font-size: 0.75rem; }
pre { margin: 0.125rem 0 0.375rem 1.0625rem; padding: 0.625rem 0.75rem; border-radius: 0.5rem; background: var(--sunk); line-height: 1.5; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 24rem; overflow-y: auto; }

/* Timeline */
.entry { padding: 0.75rem 1rem; border: 1px solid var(--line); background: var(--card); }
.entry + .entry { margin-top: -1px; }
.entry:first-child { border-radius: 0.625rem 0.625rem 0 0; }
.entry:last-child { border-radius: 0 0 0.625rem 0.625rem; }
.entry:only-child { border-radius: 0.625rem; }
.entry-head { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.125rem 0.75rem; }
.entry-head time { color: var(--muted); font-size: 0.8125rem; font-variant-numeric: tabular-nums; }
.line { overflow-wrap: anywhere; min-width: 0; }
.entry-head .owner { font-size: 0.8125rem; overflow-wrap: anywhere; }
.entry-head .id { margin-left: auto; color: var(--muted); font-size: 0.75rem; text-decoration: none; }
.entry-head .id:hover { text-decoration: underline; }
.decisions { display: grid; gap: 0.25rem; margin-top: 0.375rem; font-size: 0.875rem; }
.decisions li { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 0.625rem; }
.verdict { min-width: 6rem; padding: 0 0.5rem; border-radius: 0.3125rem; background: var(--sunk); color: var(--muted); font-size: 0.75rem; font-weight: 600; line-height: 1.6; text-align: center; }
.kind-change { background: var(--accent-soft); color: var(--accent); }
.kind-reject { background: var(--warn-soft); color: var(--warn); }
.kind-error { background: var(--bad-soft); color: var(--bad); }
.where { color: var(--muted); }
.detail { flex: 1; min-width: 8rem; overflow-wrap: anywhere; }
.ms { color: var(--muted); font-size: 0.75rem; font-variant-numeric: tabular-nums; }

/* Results, and pages with nothing */
.result { max-width: 44rem; margin-bottom: 1.25rem; border-left-width: 4px; }
.result.good { border-left-color: var(--tone-a); }
.result.bad { border-left-color: var(--tone-c); }
.result h2 code { margin-left: 0.375rem; color: var(--muted); font-weight: 400; }
.result .facts { margin-top: 1rem; padding-top: 1rem; border-top: 1px solid var(--line); }
.empty { padding: clamp(2rem, 8vh, 4.5rem) 1.5rem; border: 1px dashed var(--line-strong); border-radius: 0.75rem; text-align: center; }
.empty p { max-width: 34rem; margin: 0.5rem auto 0; color: var(--muted); }
.empty .button { margin-top: 0.75rem; color: var(--text); }

@media (max-width: 54rem) {
  .columns { grid-template-columns: minmax(0, 1fr); }
}

@media (max-width: 44rem) {
  .top-bar { position: static; padding-top: 0.625rem; gap: 0 1rem; }
  .top-bar nav { order: 3; width: calc(100% + 2rem); margin-inline: -1rem; padding-inline: 0.5rem; overflow-x: auto; }
  .top-bar nav ul { width: max-content; }
  .top-bar nav a { padding: 0.625rem 0.5rem calc(0.625rem - 2px); white-space: nowrap; }
  main { padding-top: 1.25rem; }
  .pair { grid-template-columns: minmax(0, 1fr); }
  .tiles { grid-template-columns: 1fr 1fr; }
  .card, .store { padding: 1rem; }
  .search label { width: 100%; }
  .rejections td.muted, .rejections thead th:last-child { display: none; }
  .bar .button { width: 100%; }

  /* Rows as cards. The roles in the HTML keep it a table for screen readers. */
  .table-box:has(.cards) { border: 0; background: none; overflow: visible; }
  .cards, .cards tbody { display: block; }
  .cards thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .cards tr { display: grid; gap: 0.25rem; margin-bottom: 0.75rem; padding: 0.875rem 1rem; border: 1px solid var(--line); border-radius: 0.625rem; background: var(--card); }
  .cards th, .cards td { display: block; padding: 0; border: 0; white-space: normal; }
  .cards tbody th { margin-bottom: 0.375rem; }
  .cards td[data-label] { display: grid; grid-template-columns: 6rem minmax(0, 1fr); gap: 0.75rem; }
  .cards td[data-label]::before { content: attr(data-label); color: var(--muted); font-size: 0.875rem; }
  .cards .actions { margin-top: 0.5rem; text-align: left; }
}

@media (forced-colors: active) {
  .verdict, .lock, .badge, .live i { border: 1px solid; }
}
`
