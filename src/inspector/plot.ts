/**
 * Plots of the last hour as SVG. They have no text but titles, so that they can be stretched to any width.
 *
 * @module
 */

import { type Html, html } from '../lib/html.ts'
import { clock } from './format.ts'

/** What is plotted, one value a minute. */
export interface Series {
  readonly name: string
  /** The class of its colour. */
  readonly tone: string
  readonly values: readonly (number | undefined)[]
}

interface PlotOptions {
  readonly title: string
  readonly series: readonly Series[]
  /** When each minute began, in milliseconds. */
  readonly at: readonly number[]
  readonly format: (value: number) => string
}

const width = 600
const height = 100

/** Stacked bars, one for each minute. */
export function bars(options: PlotOptions): Html {
  const { series, at } = options
  const totals = at.map((_, index) => sum(series.map(({ values }) => values[index] ?? 0)))
  const top = niceTop(Math.max(...totals), 1)
  const step = width / at.length
  const columns = at.map((start, index) => {
    let bottom = height
    const parts = series.map(({ tone, values }) => {
      const size = ((values[index] ?? 0) / top) * height
      bottom -= size
      return size > 0
        ? html`<rect class="${tone}" x="${round(index * step + 1)}" y="${round(bottom)}" width="${round(step - 2)}" height="${round(size)}"></rect>`
        : undefined
    })
    return totals[index]
      ? html`<g><title>${tooltip(options, start, index)}</title>${parts}</g>`
      : undefined
  })
  return figure(options, top, columns)
}

/** Lines that are interrupted where there is no value. */
export function lines(options: PlotOptions): Html {
  const { series, at } = options
  const top = niceTop(
    Math.max(0, ...series.flatMap(({ values }) => values.map(value => value ?? 0))),
    1,
  )
  const step = width / at.length
  const paths = series.map(({ tone, values }) => {
    let isDrawing = false
    const path = values.map((value, index) => {
      if (value === undefined) {
        isDrawing = false
        return ''
      }
      const point = `${round((index + 0.5) * step)} ${round(height - (value / top) * height)}`
      const command = isDrawing ? `L${point}` : `M${point}`
      isDrawing = true
      // A single minute is a short line, because a point has no length.
      return values[index + 1] === undefined && values[index - 1] === undefined
        ? `${command}h2`
        : command
    })
    return html`<path class="${tone}" d="${path.join('')}"></path>`
  })
  const targets = at.map((start, index) =>
    series.some(({ values }) => values[index] !== undefined)
      ? html`<rect class="target" x="${round(index * step)}" y="0" width="${round(step)}" height="${height}"><title>${tooltip(options, start, index)}</title></rect>`
      : undefined,
  )
  return figure(options, top, [paths, targets])
}

function figure(
  { title, series, format }: PlotOptions,
  top: number,
  shapes: readonly (Html | undefined | readonly (Html | undefined)[])[],
): Html {
  const isEmpty = series.every(({ values }) => values.every(value => !value))
  return html`<figure class="plot">
  <figcaption><h3>${title}</h3><ul class="legend">${series.map(({ name, tone }) => html`<li><i class="${tone}"></i>${name}</li>`)}</ul></figcaption>
  <div class="canvas">
    <span class="top" aria-hidden="true">${isEmpty ? '' : format(top)}</span>
    <svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${title} in the last hour${isEmpty ? ': none' : ''}"><line class="grid" x1="0" y1="0" x2="${width}" y2="0"></line><line class="grid" x1="0" y1="${height / 2}" x2="${width}" y2="${height / 2}"></line><line class="axis" x1="0" y1="${height}" x2="${width}" y2="${height}"></line>${shapes}</svg>
    ${isEmpty ? html`<p class="none"><span>none in the last hour</span></p>` : undefined}
  </div>
  <div class="scale" aria-hidden="true"><span>60 min ago</span><span>30</span><span>now</span></div>
</figure>`
}

function tooltip({ series, format }: PlotOptions, start: number, index: number): string {
  const values = series.flatMap(({ name, values }) => {
    const value = values[index]
    return value ? [`${name} ${format(value)}`] : []
  })
  return `${clock(start).slice(0, 5)} UTC: ${values.join(', ')}`
}

/** The next of 1, 2, 5, 10, 20, … */
function niceTop(value: number, least: number): number {
  if (value <= least) return least
  const power = 10 ** Math.floor(Math.log10(value))
  return power * ([1, 2, 5, 10].find(step => step * power >= value) as number)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
