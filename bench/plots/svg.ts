/** Draws plots as SVG that can be read in light and dark mode, on a phone, and without colours. */

import type { Range } from './tables.ts'

export interface Plot {
  readonly title: string
  /** For those who do not see it. */
  readonly description: string
  /** The names of the series, at most three. */
  readonly series: readonly string[]
  readonly rows: readonly PlotRow[]
  /** The numbers at the axis. The first and the last one are its ends. */
  readonly ticks: readonly number[]
  readonly scale: 'logarithmic' | 'linear'
  /** What the sides of 1 mean, or what the axis counts. */
  readonly axis: string
}

export interface PlotRow {
  readonly label: string
  /** One value for each series. */
  readonly values: readonly Range[]
}

const width = 480
const margin = 24
const rowHeight = 42
const top = 44

/** The marks of the series: colours that differ in lightness, and shapes. */
const marks = [
  {
    colour: 'var(--diagram-accent)',
    shape: (x: number, y: number) => `M${x - 5} ${y}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0`,
  },
  {
    colour: 'var(--diagram-second)',
    shape: (x: number, y: number) => `M${x - 4.5} ${y - 4.5}h9v9h-9z`,
  },
  { colour: 'var(--diagram-third)', shape: (x: number, y: number) => `M${x} ${y - 6}l6 10h-12z` },
] as const

export function draw(plot: Plot): string {
  const height = top + plot.rows.length * rowHeight + 48
  const bottom = height - 40
  return `<svg xmlns="http://www.w3.org/2000/svg" class="diagram" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc" font-family="system-ui, sans-serif" font-size="13">
<title id="title">${escaped(plot.title)}</title>
<desc id="desc">${escaped(plot.description)}</desc>
${style}
${legend(plot)}
${plot.ticks.map(tick => gridLine(plot, tick, bottom)).join('\n')}
${plot.rows.map((row, index) => drawRow(plot, row, top + index * rowHeight)).join('\n')}
<text x="${width / 2}" y="${height - 6}" text-anchor="middle" fill="var(--diagram-muted)">${escaped(plot.axis)}</text>
</svg>
`
}

/** The colours. The site replaces them by those of its own dark mode: see docs/.vitepress/theme/style.css. */
export const style = `<style>
.diagram { --diagram-halo: #ffffff; --diagram-ink: #1f2328; --diagram-muted: #59636e; --diagram-line: #d1d9e0; --diagram-fill: #f0f4f3; --diagram-accent: #2f6b5e; --diagram-second: #b4530a; --diagram-third: #5a4fcf }
@media (prefers-color-scheme: dark) {
.diagram { --diagram-halo: #0d1117; --diagram-ink: #e6edf3; --diagram-muted: #9198a1; --diagram-line: #3d444d; --diagram-fill: #21302d; --diagram-accent: #7cc4b2; --diagram-second: #f0a35e; --diagram-third: #b3a8ff }
}
</style>`

function legend({ series }: Plot): string {
  if (series.length < 2) return ''
  return series
    .map((name, index) => {
      const x = margin + index * 150
      return `${mark(index, x + 6, 16)}<text x="${x + 18}" y="20" fill="var(--diagram-ink)">${escaped(name)}</text>`
    })
    .join('\n')
}

function gridLine(plot: Plot, tick: number, bottom: number): string {
  const x = position(plot, tick)
  const isOne = plot.scale === 'logarithmic' && tick === 1
  const stroke = isOne ? 'var(--diagram-ink)' : 'var(--diagram-line)'
  const label = plot.scale === 'logarithmic' ? `${tick}×` : tick.toLocaleString('en')
  return `<path d="M${x} ${top - 8}V${bottom}" stroke="${stroke}"/><text x="${x}" y="${bottom + 16}" text-anchor="middle" fill="var(--diagram-muted)">${label}</text>`
}

function drawRow(plot: Plot, { label, values }: PlotRow, y: number): string {
  const text = `<text x="${margin}" y="${y + 8}" fill="var(--diagram-ink)" stroke="var(--diagram-halo)" stroke-width="4" paint-order="stroke">${escaped(label)}</text>`
  return [text, ...values.map((value, index) => drawValue(plot, value, index, y + 22))].join('\n')
}

function drawValue(plot: Plot, { value, low, high }: Range, index: number, y: number): string {
  const x = position(plot, value)
  const { colour } = marks[index] as (typeof marks)[number]
  if (plot.scale === 'linear') {
    const start = position(plot, 0)
    const bar = `<path d="M${start} ${y}H${x}" stroke="${colour}" stroke-width="8"/>`
    return `${value > 0 ? bar : ''}<text x="${x + 8}" y="${y + 5}" fill="var(--diagram-ink)">${value.toLocaleString('en')}</text>`
  }
  const line = `<path d="M${position(plot, low)} ${y}H${position(plot, high)}" stroke="${colour}" stroke-width="2"/>`
  return `${low < high ? line : ''}${mark(index, x, y)}`
}

function mark(index: number, x: number, y: number): string {
  const { colour, shape } = marks[index] as (typeof marks)[number]
  return `<path d="${shape(x, y)}" fill="${colour}"/>`
}

/** The x of a number, rounded. Numbers beyond the axis are drawn at its ends. */
function position({ ticks, scale }: Plot, value: number): number {
  const at = (number: number): number => (scale === 'logarithmic' ? Math.log(number) : number)
  const [low, high] = [ticks[0] as number, ticks.at(-1) as number]
  const share = (at(Math.min(Math.max(value, low), high)) - at(low)) / (at(high) - at(low))
  return Math.round((margin + share * (width - 2 * margin)) * 10) / 10
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
