/** The page's style, for both colour schemes. Colours are named after their use; all pairs meet WCAG AA. */
export const style: string = String.raw`
:root { color-scheme: light dark;
  --paper: light-dark(#f3f1ec, #14161b); --card: light-dark(#fffefb, #1d2027); --line: light-dark(#dfdad0, #343944);
  --ink: light-dark(#23211d, #eceae5); --dim: light-dark(#645f55, #a9a69e);
  --brand: light-dark(#3b3fc4, #a9b1ff); --on-brand: light-dark(#fff, #14161b); --soft: light-dark(#eceafb, #2b2e48);
  --bad: light-dark(#b3261e, #ffb4ab); --good: light-dark(#1b6b3a, #8fd6a5);
  --slip: light-dark(#fffaec, #ebe6da); --slip-ink: #2a2722; --slip-dim: #5f594e; --slip-good: #1a5f35; --slip-bad: #a3221a;
  --shade: light-dark(#4a3f2a30, #0009); --mono: "JetBrains Mono", ui-monospace, "Cascadia Mono", "SF Mono", Menlo, "DejaVu Sans Mono", monospace; }
[data-theme=light] { color-scheme: light; } [data-theme=dark] { color-scheme: dark; }

* { box-sizing: border-box; }
html { scroll-padding: 1rem 1rem 4rem; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 Inter, system-ui, "Segoe UI", Roboto, sans-serif;
  overflow-wrap: anywhere; }
.top, .all { max-width: 70rem; margin: auto; padding-inline: clamp(1rem, 3vw, 2rem); }
.top { display: flex; flex-wrap: wrap; gap: 1rem 2rem; align-items: center; justify-content: space-between; padding-block: 2rem; }
.top .dim { max-width: 34rem; margin-top: .35rem; }
.all { display: grid; gap: 1.25rem 2.5rem; align-items: start; padding-bottom: 5rem; }
main { display: grid; gap: 1.25rem; min-width: 0; }
@media (min-width: 58rem) {
  .all { grid-template-columns: minmax(0, 1fr) 20rem; }
  .cost { position: sticky; top: 1.25rem; }
  .slips { max-height: calc(100vh - 7rem); overflow: auto; scrollbar-width: thin;
    mask: linear-gradient(#000 calc(100% - 1.5rem), #0000); }
  .halves { grid-template-columns: 1fr 1fr; }
}

h1, h2, h3, p, ul, ol, dl, dd, fieldset { margin: 0; padding: 0; border: 0; }
ul, ol { list-style: none; }
h1 { font-size: clamp(1.6rem, 4vw, 2.1rem); line-height: 1.15; letter-spacing: -.025em; }
h2 { font-size: 1.1rem; letter-spacing: -.01em; }
h3, legend { font-size: .95rem; font-weight: 600; }
.dim { color: var(--dim); font-size: .9rem; }
code { font: .85rem var(--mono); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[hidden] { display: none !important; }
svg { width: 1.5rem; height: 1.5rem; fill: none; stroke: currentcolor; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }

.card { display: grid; gap: 1rem; padding: clamp(1.1rem, 3vw, 1.6rem); border: 1px solid var(--line); border-radius: 1rem; background: var(--card);
  box-shadow: 0 1px 2px var(--shade), 0 .6rem 1.6rem -1.2rem var(--shade); }
.row { display: flex; flex-wrap: wrap; gap: .75rem 1rem; align-items: center; }
.grow { flex: 1 1 9rem; min-width: 0; }
.badge { display: inline-block; padding: 0 .6rem; border-radius: 1rem; background: var(--soft); color: var(--brand);
  font-size: .8rem; font-weight: 600; white-space: nowrap; }
.ruled { padding-top: 1rem; border-top: 1px solid var(--line); }
.stack, .halves { display: grid; gap: .75rem; align-content: start; min-width: 0; }
.halves { gap: 1.5rem 2rem; }
.round { display: grid; flex: none; place-items: center; width: 2.75rem; height: 2.75rem; border-radius: 50%; background: var(--soft); color: var(--brand); }
.initial { background: var(--brand); color: var(--on-brand); font-size: 1.2rem; font-weight: 700; text-transform: uppercase; }
.name { font-size: 1.25rem; font-weight: 700; letter-spacing: -.01em; }

a { color: var(--brand); }
button, .button { display: inline-grid; place-items: center; min-height: 2.6rem; padding: .3rem 1.1rem; border: 1px solid transparent; border-radius: .6rem;
  background: var(--brand); color: var(--on-brand); font: inherit; font-weight: 600; text-decoration: none; cursor: pointer; }
button.quiet, .button.quiet { border-color: var(--line); background: none; color: var(--ink); }
button.bad { border-color: var(--line); background: none; color: var(--bad); }
button.small, .button.small { min-height: 2.1rem; padding: .1rem .8rem; font-size: .9rem; }
button:hover, .button:hover { background: color-mix(in oklab, var(--brand) 88%, var(--ink)); }
button.quiet:hover, .button.quiet:hover { border-color: var(--dim); background: var(--soft); }
button.bad:hover { border-color: var(--bad); background: none; }
:focus-visible { outline: 3px solid var(--brand); outline-offset: 2px; }
h1 { width: fit-content; border-radius: .3rem; }
[aria-busy=true] button { cursor: progress; }

label { display: flex; gap: .5rem; align-items: center; cursor: pointer; }
.field { display: grid; gap: .25rem; font-size: .9rem; font-weight: 600; }
::placeholder { color: var(--dim); opacity: 1; }
input { margin: 0; font: inherit; accent-color: var(--brand); }
[type=text] { width: 100%; min-height: 2.6rem; padding: .3rem .8rem; border: 1px solid var(--dim); border-radius: .6rem; background: var(--card); color: var(--ink);
  font-size: 1rem; font-weight: 400; }
[type=checkbox] { width: 1.15rem; height: 1.15rem; }
.ends { align-items: end; }

.themes { display: inline-flex; padding: .2rem; border-radius: .7rem; background: var(--card); border: 1px solid var(--line); }
.themes label { position: relative; padding: .25rem .8rem; border-radius: .5rem; font-size: .9rem; }
.themes input { position: absolute; inset: 0; width: 100%; height: 100%; opacity: 0; cursor: pointer; }
.themes label:has(:checked) { background: var(--soft); color: var(--brand); font-weight: 600; }
.themes label:has(:focus-visible) { outline: 3px solid var(--brand); outline-offset: 1px; }

.rows h3 { display: flex; flex-wrap: wrap; gap: 0 .6rem; }
.rows .grow { flex-basis: 0; }
.rows > li { display: flex; gap: .6rem .9rem; align-items: center; padding-block: .8rem; border-top: 1px solid var(--line); }
.rows > li:first-child { border-top: 0; padding-top: 0; } .rows > li:last-child { padding-bottom: 0; }
.chips { display: flex; flex-wrap: wrap; gap: .5rem; }
.stored { display: grid; gap: .35rem; padding: .9rem 1rem; border-radius: .7rem; background: var(--paper); font: .85rem/1.5 var(--mono); }
.stored div { display: grid; grid-template-columns: minmax(5.5rem, auto) minmax(0, 1fr); gap: 0 1rem; }
.stored dt { color: var(--dim); }
.sealed dd { color: var(--dim); word-break: break-all; }

.cost { display: grid; gap: .9rem; min-width: 0; }
.slips { display: grid; gap: 1rem; margin-inline: -.75rem; padding: .25rem .75rem 1.5rem; }
.slip { filter: drop-shadow(0 1px 1px var(--shade)) drop-shadow(0 .4rem .6rem var(--shade)); }
.paper { display: grid; gap: .55rem; padding: 1rem 1.1rem 1.5rem; border-radius: .35rem .35rem 0 0; background: var(--slip); color: var(--slip-ink);
  font: .85rem/1.45 var(--mono); mask: conic-gradient(from -45deg at bottom, #0000, #000 1deg 89deg, #0000 90deg) 50% / .8rem 100%; }
.paper h3 { font: 700 .95rem var(--mono); }
.line { display: flex; gap: .5rem; align-items: baseline; }
.line::before { content: ''; order: 1; flex: 1; min-width: 1rem; border-bottom: 2px dotted #b3ab9b; }
.line dd { order: 2; white-space: nowrap; }
.paper .what { color: var(--slip-dim); padding-left: 1ch; }
.total { margin-top: .45rem; padding-top: .45rem; border-top: 1px dashed #b3ab9b; font-weight: 700; }
.total::before { border: 0; }
.paper p { color: var(--slip-dim); }
.stamps { display: flex; flex-wrap: wrap; gap: .45rem; }
.stamps li { padding: 0 .5rem; border: 2px solid currentcolor; border-radius: .3rem; color: var(--slip-good); font-size: .75rem; font-weight: 700;
  letter-spacing: .06em; text-transform: uppercase; transform: rotate(-1.5deg); }
.stamps .warn { color: var(--slip-bad); }
.slip:nth-child(n+4) :is(.call, .what, p) { display: none; }

.last { display: block; padding: .6rem 1rem; color: var(--ink); font: .85rem var(--mono); text-align: center; text-decoration: none; }
#status { padding: .6rem 1.1rem; background: var(--ink); color: var(--paper); text-align: center; }
#status:empty { display: none; }
@media (max-width: 58rem) { footer { position: sticky; z-index: 1; bottom: 0; border-top: 1px solid var(--line); background: var(--card); } }
@media (min-width: 58rem) {
  .last { display: none; }
  #status { position: fixed; z-index: 1; inset: auto auto 1.25rem 50%; width: max-content; max-width: calc(100% - 2rem); border-radius: .7rem;
    box-shadow: 0 .5rem 1.5rem var(--shade); transform: translateX(-50%); }
}

@media (prefers-reduced-motion: no-preference) {
  button, .button, .themes label { transition: background-color .15s, border-color .15s; }
  .new .paper { animation: print .35s ease-out; }
  @keyframes print { from { clip-path: inset(0 0 100%); translate: 0 -.75rem; } to { clip-path: inset(0); translate: 0; } }
}
@media (forced-colors: active) { .themes label:has(:checked) { outline: 2px solid; } }
`;
